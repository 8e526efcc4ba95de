"""What tools/ makes: the comparison with dvc.lock, the page of plots, the numbers of the pages."""

import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from conftest import ROOT

import plots_page
import priors
from aae.model.parts import PRIORS, prior_class
from readme import PAGES, fill
from verify import CELL, TOLERANCES, outputs, remove, worst_changes


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


def test_a_change_is_the_worst_over_the_cells_that_have_a_prior() -> None:
    rows = [
        ("gaussian", "gaussian", 0, 0.05),
        ("gaussian", "gaussian", 1, 0.04),
        ("gaussian", "none", 0, 5.0),
    ]
    before = pd.DataFrame(rows, columns=[*CELL, "sliced_w2"]).assign(
        kl=0.1, reconstruction_error=0.0, neighbour_accuracy=0.8
    )
    after = before.assign(sliced_w2=[0.05, 0.06, 9.0])
    changes = worst_changes(before, after).set_index("number")["change"]
    assert changes["sliced_w2"] == pytest.approx(0.02)
    assert changes["neighbour_accuracy"] == 0
    assert set(changes.index) == set(TOLERANCES)


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
