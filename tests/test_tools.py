"""Products of tools/: the comparison with dvc.lock, the page of plots, the numbers of the pages."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import ROOT
from scipy import stats

import plots_page
import priors
from aae.model.parts import PRIORS, prior_class
from aae.settings.params import parse_study
from readme import CLAIMS, PAGES, claims_file, fill
from tables import change_table
from verify import (
    NUMBERS,
    finish,
    judge,
    named_runs,
    outputs,
    prediction_interval,
    read_table,
    remove,
    seeds_of,
)


def test_every_committed_output_has_a_hash_and_its_path_from_the_root() -> None:
    found = outputs(ROOT)
    committed = {
        str(path.relative_to(ROOT))
        for folder in ("metrics", "plots")
        for path in (ROOT / folder).glob("[!.]*")
    }
    assert committed <= set(found)
    assert {"data/training", "data/testset", "data/ablation"} <= set(found)
    assert all(len(Path(path).parts) > 1 for path in found)


def test_no_output_that_git_brought_is_left_for_dvc_to_skip_its_stage(tmp_path: Path) -> None:
    for folder in ("metrics", "plots"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns(".*"))
    remove(tmp_path, outputs(ROOT))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_table_of_changes_has_a_row_a_change_and_marks_what_leaves_0_out() -> None:
    of = {"before": "18 epochs", "after": "56 epochs", "seeds": 8}
    rows = [
        of | {"measure": "kl", "difference": -0.01, "low": -0.02, "high": -0.001},
        of | {"measure": "training_error", "difference": 0.001, "low": -0.001, "high": 0.003},
    ]
    assert change_table(rows).splitlines()[2] == (
        "| 18 epochs → 56 epochs | 8 | **-0.010 (-0.020 to -0.001)** | +0.0010 (-0.0010 to +0.0030) |"
    )
    alone = [row | {"low": None, "high": None, "seeds": 1} for row in rows]
    assert "| 1 | -0.010 | +0.0010 |" in change_table(alone)


@pytest.mark.parametrize("n", [3, 8])
def test_the_interval_of_one_new_run_is_that_of_scipy(n: int) -> None:
    values = np.random.default_rng(n).normal(2.0, 0.3, n)
    scale = values.std(ddof=1) * np.sqrt(1 + 1 / n)
    expected = stats.t.interval(0.95, n - 1, loc=values.mean(), scale=scale)
    assert prediction_interval(values) == pytest.approx(expected)


def judged(seeds: int, change: float) -> tuple[list[str], int]:
    """A run whose KL divergence changed by so many standard deviations over seeds, beside so many seeds."""
    (run, *_) = named_runs(ROOT)
    values = np.linspace(0, 1, seeds) if seeds else np.empty(0)
    rows = pd.DataFrame(dict.fromkeys(NUMBERS, 1 + 0.01 * values))
    committed = dict.fromkeys(NUMBERS, 1.005)
    return judge([run], {run.variant: rows}, [committed], [committed | {"kl": 1.005 + change}])


def test_a_number_inside_passes_and_one_outside_fails() -> None:
    lines, outside = judged(8, 0.005)
    assert outside == 0
    finish(outside)
    assert len(lines) == 1 + len(NUMBERS)
    assert all(line.endswith("(8 seeds): ok") for line in lines[1:])
    lines, outside = judged(8, 0.02)
    assert outside == 1
    with pytest.raises(SystemExit, match="numbers outside the 95% interval of one new run: 1;"):
        finish(outside)
    (line,) = (line for line in lines if line.endswith("NOT OK"))
    assert line.startswith("deterministic, seed 0, kl ")
    assert "1.0050" in line
    assert "1.0250" in line


@pytest.mark.parametrize("seeds", [0, 1, 2])
def test_with_fewer_than_three_seeds_it_says_that_it_cannot_judge(seeds: int) -> None:
    lines, outside = judged(seeds, 5.0)
    assert outside == 0
    assert all(f"not judged: seeds in studies/: {seeds}, fewer than 3" in line for line in lines[1:])


def test_seeds_are_those_of_one_study_and_of_the_same_settings() -> None:
    by_variant = {run.variant: seeds_of(ROOT, run.config) for run in named_runs(ROOT)}
    kept = pd.read_csv(ROOT / "studies/encoders/runs.csv")
    for name, rows in by_variant.items():
        assert rows["environment"].nunique() == 1
        assert rows["seed"].is_unique
        assert len(rows) >= (kept["variant"] == name).sum()
    gaussian = by_variant["gaussian"]
    assert gaussian["kl"].tolist() == kept[kept["variant"] == "gaussian"]["kl"].tolist()
    longer = named_runs(ROOT)[0].config.model_copy(deep=True)
    train = longer.train.model_copy(update={"epochs": 999})
    assert seeds_of(ROOT, longer.model_copy(update={"train": train})).empty


def test_the_committed_run_lies_in_its_own_intervals() -> None:
    runs = named_runs(ROOT)
    table = read_table(ROOT)
    lines, outside = judge(runs, {run.variant: seeds_of(ROOT, run.config) for run in runs}, table, table)
    assert outside == 0
    assert len(lines) == 1 + len(runs) * len(NUMBERS)


# The page and the templates of dvc plots diff.


TEMPLATES = sorted((ROOT / ".dvc/plots").glob("*.json"))


def plots() -> dict[str, dict[str, Any]]:
    """The plots that dvc.yaml defines, and the one of a stage, by name."""
    pipeline = yaml.safe_load((ROOT / "dvc.yaml").read_text())
    found = {name: plot for each in pipeline["plots"] for name, plot in each.items()}
    of_a_stage = [out for out in pipeline["stages"]["base-metrics"]["plots"] if isinstance(out, dict)]
    return found | {
        path: {**plot, "y": {path: plot["y"]}} for out in of_a_stage for path, plot in out.items()
    }


def test_the_page_carries_the_vega_of_the_environment_and_asks_no_network_for_it() -> None:
    page = plots_page.PAGE.read_text(encoding="utf-8")
    assert page == plots_page.page()  # Else: python tools/plots_page.py
    assert "{plot_divs}" in page
    assert "{scripts}" not in page
    assert 'src="http' not in page
    assert f"html_template = {plots_page.PAGE.name}" in (ROOT / ".dvc/config").read_text()


@pytest.mark.parametrize("name", plots())
def test_a_plot_has_words_a_template_and_columns_that_are_there(name: str) -> None:
    plot = plots()[name]
    assert plot["title"]
    assert plot["template"] in {template.stem for template in TEMPLATES}
    for path, columns in plot["y"].items():
        if not (ROOT / path).exists():  # Codes are in DVC's cache alone.
            assert path == "data/testset/codes.csv"
            continue
        read = pd.read_json if path.endswith("json") else pd.read_csv
        table = read(ROOT / path)
        assert {plot["x"], *([columns] if isinstance(columns, str) else columns)} <= set(table.columns)


def test_every_template_is_used() -> None:
    assert {template.stem for template in TEMPLATES} == {plot["template"] for plot in plots().values()}


# The paper's claims.


def claims_json() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((ROOT / CLAIMS).read_text(encoding="utf-8"))
    return found


def rows_at(evidence: dict[str, Any]) -> list[dict[str, Any]]:
    rows = json.loads((ROOT / evidence["path"]).read_text(encoding="utf-8"))
    return [row for row in rows if evidence["where"].items() <= row.items()]


def test_the_claims_are_those_of_the_committed_runs() -> None:
    assert (ROOT / CLAIMS).read_text(encoding="utf-8") == claims_file(ROOT), "`make readme` writes them"


def test_every_number_of_a_claim_is_where_it_says() -> None:
    found = [each for claim in claims_json() for each in claim["evidence"]]
    assert len(found) > 10
    for each in found:
        (row,) = rows_at(each)
        assert row[each["key"]] == pytest.approx(each["value"], rel=1e-6), each


def test_the_interval_of_a_mean_is_the_one_beside_it() -> None:
    compared = 0
    for claim in claims_json():
        if claim["interval"] is None:
            continue
        first = claim["evidence"][0]
        (row,) = rows_at(first)
        middle = sum(claim["interval"]) / 2
        if middle == pytest.approx(first["value"], rel=1e-6):
            assert [row["low"], row["high"]] == pytest.approx(claim["interval"], rel=1e-4, abs=1e-9)
        else:  # Of a difference, or of the mean of ratios, which is nearly that of the means.
            other = claim["evidence"][1]
            is_difference = middle == pytest.approx(first["value"] - other["value"], abs=1e-6)
            assert is_difference or middle == pytest.approx(first["value"] / other["value"], rel=1e-3)
        compared += 1
    assert compared > 5


def test_every_claim_says_what_there_is_to_say() -> None:
    jobs = (ROOT / "studies/dvc.yaml").read_text(encoding="utf-8")
    page = (ROOT / "docs/paper.md").read_text(encoding="utf-8")
    for claim in claims_json():
        assert ("quote" in claim) != ("paraphrase" in claim)
        assert f"| {claim['statement']} |" in page
        assert f"**{claim['verdict']}**" in page
        assert (claim["command"] is None) == (claim["verdict"] == "not tested")
        if claim["command"]:
            command, _, study = claim["command"].rpartition("@")
            assert command == "dvc repro studies/dvc.yaml:conclude"
            assert re.search(rf"\b{study}\b", jobs)
        assert bool(claim["evidence"]) == (claim["measured"] is not None)


def test_the_prediction_of_a_claim_was_written_before_its_run() -> None:
    params = {
        path.parent.name: path.read_text(encoding="utf-8") for path in ROOT.glob("studies/*/params.yaml")
    }
    predicted = [claim for claim in claims_json() if claim["prediction"]]
    assert len(predicted) > 8
    for claim in predicted:
        whole = " ".join(parse_study(params[claim["command"].rpartition("@")[2]]).prediction.split())
        assert claim["prediction"] in whole
        if claim["command"].endswith("@claims"):
            assert claim["prediction"] != whole


# README.md and docs/.


MARKED = pytest.mark.parametrize("name", PAGES)
ALL = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


@MARKED
def test_the_numbers_are_those_of_the_committed_run(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "<!-- /" in text
    assert fill(text, ROOT) == text, "`make readme` writes the numbers"


def test_every_page_with_numbers_is_filled() -> None:
    marked = [str(page.relative_to(ROOT)) for page in ALL if "<!-- /" in page.read_text(encoding="utf-8")]
    assert sorted(marked) == sorted(PAGES)


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.name)
def test_every_file_that_it_links_to_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert missing == []


def test_every_parameter_is_explained() -> None:
    text = (ROOT / "docs/parameters.md").read_text(encoding="utf-8")
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    for key, value in params.items():
        for name in value if isinstance(value, dict) else [None]:
            assert f"`{key}.{name}`" in text or f"`{key}`" in text, (key, name)


@pytest.mark.parametrize("page", ALL, ids=lambda page: page.name)
def test_every_key_that_it_names_is_one(page: Path) -> None:
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    sections = "|".join(key for key, value in params.items() if isinstance(value, dict))
    text = page.read_text(encoding="utf-8").replace("ablation.json", "")
    named = re.findall(rf"\b({sections})\.(\w+)\b(?![/(])", text)
    assert [f"{section}.{key}" for section, key in named if key not in params[section]] == []


def test_the_picture_of_the_priors_shows_each_that_has_a_name() -> None:
    titles = [axes.get_title().split(":")[0] for axes in priors.figure().axes]
    assert titles == [
        name for name, kind in ((name, prior_class(name)) for name in PRIORS) if kind.constrains
    ]
