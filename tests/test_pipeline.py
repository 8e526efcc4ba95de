"""The real dvc.yaml under the real dvc, in temporary clones, with a tiny training budget.

Each row of the table "you change / what reruns / what must not" is proven here by DVC itself.
"""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from browser import DESK, launched, opened
from clones import Clone, make_clone, ran

BASE = {
    "train", "encode-testset", "base-metrics", "plot-2A", "plot-fit", "sample-grid-2E", "weights", "report",
}  # fmt: skip
PANELS = 5  # Of the page of plots: plane, fit, losses, ablation.
RUN, CONCLUDE = "studies/dvc.yaml:run@limit", "studies/dvc.yaml:conclude@limit"
STUDY = """prediction: It goes.
seeds: [0]
variants:
  one: {train.epochs: 1}
  two: {train.epochs: 2}
keep: [two]
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, sample_folder: Path) -> Clone:
    """A clone after its first `dvc repro`, and a study of two runs."""
    clone = make_clone(tmp_path_factory.mktemp("pipeline"), sample_folder, ["limit"])
    (clone.folder / "studies/limit/params.yaml").write_text(STUDY)
    clone.dvc("repro")
    clone.dvc("repro", CONCLUDE)
    clone.dvc("repro", "report")  # Which shows what studies committed.
    clone.commit()
    return clone


@pytest.fixture
def clone(finished: Clone) -> Clone:
    """The finished clone, put back to its first state before each test; its store stays."""
    finished.call("git", "checkout", "--quiet", "--force", "HEAD")
    finished.call("git", "clean", "--quiet", "--force", "-d")
    finished.dvc("checkout", "--quiet", "--force")
    return finished


def trained(clone: Clone) -> set[str]:
    """The training runs in the store."""
    return {path.parents[1].name for path in clone.folder.glob(".runs/training/*/*/entry.json")}


# The first run.


def test_after_the_first_run_the_status_is_clean(clone: Clone) -> None:
    header = (clone.folder / "data/testset/codes.csv").read_text().splitlines()
    assert header[0] == "label,z1,z2,mean1,mean2"
    assert len(header) == 1 + 200
    assert "up to date" in clone.dvc("status")


def test_base_run_ablation_and_study_train_what_they_share_once(clone: Clone) -> None:
    # The base run is a run of the ablation, and one of the study's; the others have an encoder or epochs of
    # their own.
    assert len(trained(clone)) == 3


# You change / what reruns / what must not: what DVC finds changed, and what follows from it in DVC's graph.

EVERYTHING = BASE | {"ablation"}
TABLE = {
    "prior": ("none", BASE),
    "objective": ("variational", BASE),
    "encoder": ("universal", BASE),
    "labels": ("1", BASE),
    "seed": ("7", BASE),
    "model.hidden_units": ("17", EVERYTHING),
    "train.epochs": ("2", EVERYTHING),
    "data.images": ("500", EVERYTHING),
    "ablation.seeds": ("[0, 3]", {"ablation", "report"}),
    "plot_2A.point_size": ("9.0", {"plot-2A", "report"}),
    "grid_2E.side": ("5", {"sample-grid-2E", "report"}),
}


@pytest.fixture(scope="module")
def graph(finished: Clone) -> dict[str, set[str]]:
    """Stages that directly follow from each stage."""
    arrows = re.findall(r'"(.+)" -> "(.+)";', finished.dvc("dag", "--dot", "dvc.yaml"))
    return {stage: {after for before, after in arrows if before == stage} for stage, _ in arrows}


def following(stages: set[str], graph: dict[str, set[str]]) -> set[str]:
    """Stages, and all that follows from them."""
    after = set[str]().union(*(graph.get(stage, set()) for stage in stages))
    return stages if after <= stages else following(stages | after, graph)


@pytest.mark.parametrize("key", TABLE)
def test_a_changed_setting_reruns_what_it_touches(clone: Clone, graph: dict[str, set[str]], key: str) -> None:
    value, expected = TABLE[key]
    *_, last = key.split(".")
    text = (clone.folder / "params.yaml").read_text()
    changed, count = re.subn(rf"(?m)^( *{last}:) +\S+", rf"\1 {value} ", text, count=1)
    assert count == 1
    (clone.folder / "params.yaml").write_text(changed)
    found = set(json.loads(clone.dvc("status", "--json", "dvc.yaml")))
    # Its output says "valid" and nothing else: nothing follows from it.
    assert found >= {"validate"}
    assert following(found - {"validate"}, graph) == expected


def test_an_experiment_runs_these_stages_and_its_curves_are_those_of_its_objective(clone: Clone) -> None:
    output = clone.dvc("exp", "run", "-S", "objective=variational", "-S", "encoder=gaussian")
    assert ran(output) == {"validate", *BASE}
    curves = pd.read_csv(clone.folder / "plots/training.csv")
    assert curves["kl_divergence"].notna().all()
    assert curves["discriminator_loss"].isna().all()


def test_an_experiment_with_settings_that_some_run_had_trains_nothing_and_repeated_runs_no_stage(
    clone: Clone, tmp_path: Path
) -> None:
    before = trained(clone)
    assert "train" in ran(clone.dvc("exp", "run", "-S", "encoder=gaussian"))
    assert trained(clone) == before
    second = Clone(tmp_path / "second")
    clone.call("git", "clone", "--quiet", str(clone.folder), str(second.folder))
    second.dvc("config", "--local", "cache.dir", str(clone.folder / ".dvc/cache"))
    second.dvc("checkout", "--quiet", "--with-deps", "dvc.yaml")
    assert ran(second.dvc("exp", "run", "-S", "encoder=gaussian")) == set()
    for name in ("metrics/testset.json", "plots/2A.png", "plots/training.csv"):
        assert (second.folder / name).read_bytes() == (clone.folder / name).read_bytes(), name


def test_a_changed_comment_trains_nothing_and_a_changed_constant_does(clone: Clone) -> None:
    before = trained(clone)
    weights = (clone.folder / "data/training/weights.safetensors").read_bytes()
    constant = "COLLAPSED_STD = 1e-3"
    clone.edit("src/aae/model/trainer.py", (constant, f"# Another word.\n{constant}"))
    assert "train" in ran(clone.dvc("repro", "train"))
    assert trained(clone) == before
    assert (clone.folder / "data/training/weights.safetensors").read_bytes() == weights
    clone.edit("src/aae/model/trainer.py", (constant, "COLLAPSED_STD = 1.1e-3"))
    clone.dvc("repro", "train")
    assert len(trained(clone) - before) == 1


# A study.


def test_a_new_seed_of_a_study_trains_itself_alone(clone: Clone) -> None:
    before = trained(clone)
    clone.edit("studies/limit/params.yaml", ("seeds: [0]", "seeds: [0, 5]"))
    assert ran(clone.dvc("repro", RUN)) == {RUN}
    assert len(trained(clone) - before) == 2
    rows = pd.read_csv(clone.folder / "studies/limit/runs.csv")
    assert list(zip(rows["variant"], rows["seed"], strict=True)) == [
        ("one", 0), ("one", 5), ("two", 0), ("two", 5),
    ]  # fmt: skip


def test_a_studys_rows_are_its_memory(clone: Clone, tmp_path: Path) -> None:
    """A fresh clone without store and cache is up to date; rows that are wanted are kept as they are."""
    fresh = Clone(tmp_path / "fresh")
    clone.call("git", "clone", "--quiet", str(clone.folder), str(fresh.folder))
    shutil.copytree(clone.folder / "data/mnist", fresh.folder / "data/mnist")
    shutil.copy(clone.folder / "data/validated.json", fresh.folder / "data")
    assert "up to date" in fresh.dvc("status", RUN, CONCLUDE)
    names = ("runs.csv", "curves.csv", "pictures.safetensors")
    before = {name: (fresh.folder / "studies/limit" / name).read_bytes() for name in names}
    fresh.dvc("repro", "--force", "--single-item", RUN)
    assert trained(fresh) == set()
    assert {name: (fresh.folder / "studies/limit" / name).read_bytes() for name in names} == before


# What users do, and their mistakes.


@pytest.mark.parametrize("wrong", ["prior=gausian", "ablation.variants.gaussian.encoder=gausian"])
def test_a_wrong_value_is_refused_before_any_file_is_touched(clone: Clone, wrong: str) -> None:
    def files() -> dict[Path, bytes]:
        folders = [clone.folder / name for name in ("data", "metrics", "plots")]
        return {path: path.read_bytes() for each in folders for path in each.rglob("*") if path.is_file()}

    before = files()
    output = clone.dvc("exp", "run", "-S", wrong, status=255)
    assert ran(output) == {"validate"}
    line = next(line for line in output.splitlines() if line.startswith("validate: "))
    assert "'gausian' is not allowed" in line
    assert "Traceback" not in output
    assert files() == before


def test_the_table_of_experiments_is_narrow(clone: Clone) -> None:
    metrics = json.loads(clone.dvc("metrics", "show", "--json"))[""]["data"]
    (numbers,) = (file["data"] for file in metrics.values() if file.get("data"))
    assert next(iter(numbers)) == "kl"
    assert 8 <= len(numbers) <= 12
    header = clone.dvc("exp", "show", "--csv", "--drop", ".*/.*").splitlines()[0].split(",")
    assert {"prior", "ablation.variants.gaussian.encoder"} <= set(header)
    assert not any("variants.two" in name for name in header)
    assert len(header) <= 60


def test_a_queued_experiment_runs_the_code_of_its_own_copy(clone: Clone) -> None:
    clone.dvc("exp", "run", "--queue", "--name", "queued", "-S", "plot_2A.point_size=8.0")
    clone.edit(
        "src/aae/draw/plane.py", ("import numpy as np", "raise RuntimeError('the workspace was used')")
    )
    output = clone.dvc("exp", "run", "--run-all")
    assert ran(output) == {"validate", "plot-2A", "report"}
    reference = clone.call("git", "for-each-ref", "--format=%(refname)", "refs/exps/**/queued").strip()
    drawn, before = (
        clone.call("git", "rev-parse", f"{revision}:plots/2A.png") for revision in (reference, "HEAD")
    )
    assert drawn != before


def test_experiments_show_up_and_plots_can_be_compared(clone: Clone) -> None:
    clone.dvc("exp", "run", "--name", "no-prior", "-S", "prior=none")
    assert "no-prior" in clone.dvc("exp", "show", "--csv")
    clone.dvc("plots", "diff", "HEAD", "no-prior", "--out", "page")
    index = clone.folder / "page/index.html"
    for revision in ("HEAD", "no-prior"):
        assert re.search(rf'src="[^"]*{revision}[^"]*2A\.png"', index.read_text()), revision
    with launched() as browser, opened(browser, index) as shown:
        shown.page.locator("canvas").nth(PANELS - 1).wait_for()
        assert shown.page.locator("canvas").count() == PANELS
        assert shown.count_of_empty("canvas") == shown.count_of_empty("img") == 0
        assert shown.complaints == []
        places = shown.page.locator("#plots_2A_png img").evaluate_all(
            "all => all.map(e => [e.getBoundingClientRect().top, e.getBoundingClientRect().right])"
        )
        (top, _), (other_top, right) = places
        assert top == other_top  # Side by side.
        assert right <= DESK
        assert not shown.page.locator("#plots_ablation_2A_png").is_visible()
