"""The real dvc.yaml under the real dvc, in temporary clones, with a tiny training budget.

Each row of the table "you change / what reruns / what must not" is proven here by DVC itself.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml
from browser import DESK, launched, opened
from clones import Clone, make_clone, ran, restored

BASE = {"train", "encode-testset", "base-metrics", "plot-2A", "plot-fit", "sample-grid-2E", "report"}
CELLS = "cells/dvc.yaml:"
PANELS = 5  # Of the page of plots: plane, fit, losses, ablation.


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, sample_folder: Path) -> tuple[Clone, str]:
    """A clone after its first `dvc repro`, and what that printed."""
    clone = make_clone(tmp_path_factory.mktemp("pipeline"), sample_folder)
    output = clone.dvc("repro")
    clone.commit()
    return clone, output


@pytest.fixture
def clone(finished: tuple[Clone, str]) -> Clone:
    """The finished clone, put back to its first state by the end of each test."""
    repository, _ = finished
    repository.call("git", "checkout", "--quiet", "--force", "HEAD")
    repository.call("git", "clean", "--quiet", "--force", "-d")
    repository.dvc("checkout", "--quiet", "--force")
    return repository


# The first run.


def test_the_base_run_and_its_identical_cell_are_trained_and_evaluated_once(
    finished: tuple[Clone, str],
) -> None:
    for stage, twin in (("train", "train"), ("encode-testset", "evaluate")):
        pair = {stage, f"{CELLS}{twin}@deterministic-gaussian-0"}
        assert len(pair & ran(finished[1])) == len(pair & restored(finished[1])) == 1
        assert f"{CELLS}{twin}@gaussian-gaussian-0" in ran(finished[1])


def test_every_output_is_there_and_the_status_is_clean(clone: Clone) -> None:
    for name in ("metrics/testset.json", "metrics/details.json", "metrics/ablation.json", "plots/2A.png",
                 "plots/2A.pdf", "plots/2E.png", "plots/2E.pdf", "plots/report.html",
                 "plots/ablation_2A.png", "plots/ablation_2E.png",
                 "plots/ablation_fit.png", "plots/training.csv", "plots/where.png", "plots/when.png",
                 "metrics/contrasts.json", "metrics/variants.json", "metrics/answer.json",
                 "metrics/controls.json", "data/null_bands.json", "data/runs/base/codes.csv"):  # fmt: skip
        assert (clone.folder / name).stat().st_size > 0, name
    header = (clone.folder / "data/runs/base/codes.csv").read_text().splitlines()
    assert header[0] == "label,z1,z2,mean1,mean2"
    assert len(header) == 1 + 200
    assert "up to date" in clone.dvc("status")
    assert not ran(clone.dvc("repro"))


def test_a_second_clone_gets_the_same_bytes(
    finished: tuple[Clone, str], tmp_path: Path, sample_folder: Path
) -> None:
    clone, _ = finished
    second = make_clone(tmp_path, sample_folder)
    second.dvc("repro")
    # In the order in which the stages ran, and DVC may run independent ones in any.
    found, committed = (second.folder / "dvc.lock").read_text(), clone.call("git", "show", "HEAD:dvc.lock")
    assert yaml.safe_load(found) == yaml.safe_load(committed)
    for name in (
        "plots/2A.pdf",
        "plots/2E.pdf",
        "plots/where.png",
        "plots/report.html",
        "metrics/ablation.json",
    ):
        assert (second.folder / name).read_bytes() == (clone.folder / name).read_bytes(), name


# You change / what reruns / what must not.


@pytest.mark.parametrize(
    ("key", "value"), [("prior", "none"), ("prior", "uniform"), ("encoder", "universal"), ("seed", "7")]
)
def test_prior_encoder_and_seed_rerun_the_base_stages_only(clone: Clone, key: str, value: str) -> None:
    output = clone.dvc("exp", "run", "-S", f"{key}={value}")
    assert ran(output) == {"validate", "configure", *BASE}


def test_an_objective_reruns_the_base_stages_only(clone: Clone) -> None:
    output = clone.dvc("exp", "run", "-S", "objective=variational", "-S", "encoder=gaussian")
    assert ran(output) == {"validate", "configure", *BASE}
    curves = pd.read_csv(clone.folder / "plots/training.csv")
    assert curves["kl_divergence"].notna().all()
    assert curves["discriminator_loss"].isna().all()


def test_settings_that_some_cell_had_are_neither_trained_nor_evaluated_again(clone: Clone) -> None:
    output = clone.dvc("exp", "run", "-S", "encoder=gaussian")
    assert {"train", "encode-testset"} <= restored(output)
    assert ran(output) == {"validate", "configure", *BASE} - {"train", "encode-testset"}


def test_data_retrains_the_base_run_and_a_cell(clone: Clone) -> None:
    targets = ("train", f"{CELLS}train@gaussian-gaussian-0")
    output = clone.dvc("exp", "run", "-S", "data.images=500", *targets)
    configures = {"configure", f"{CELLS}configure@gaussian-gaussian-0"}
    assert ran(output) == {"validate", *configures, *targets}


@pytest.mark.parametrize(("key", "value"), [("train.epochs", "2"), ("model.hidden_units", "17")])
def test_train_and_model_rerun_every_training_but_no_download(clone: Clone, key: str, value: str) -> None:
    output = clone.dvc("exp", "run", "-S", f"{key}={value}")
    assert "download" not in ran(output)
    assert ran(output) >= BASE - {"train", "encode-testset"}
    assert {f"{CELLS}train@gaussian-gaussian-0", "ablation"} <= ran(output)
    assert len(restored(output)) == 2  # Of base run and its twin: one training run and one evaluation.


def test_a_new_value_in_the_grid_trains_and_evaluates_its_own_cells_only(clone: Clone) -> None:
    old = "deterministic-gaussian-0,gaussian-gaussian-0"
    output = clone.dvc("exp", "run", "-S", f"ablation.cells=[{old},universal-none-1]")
    stages = ("configure", "train", "evaluate")
    assert ran(output) == {f"{CELLS}{stage}@universal-none-1" for stage in stages} | {
        "validate",
        "ablation",
        "report",
    }

    smaller = clone.dvc("exp", "run", "-S", "ablation.cells=[universal-none-1]")
    assert ran(smaller) == {"validate", "ablation", "report"}
    assert "also holds deterministic-gaussian-0, gaussian-gaussian-0" in smaller
    rows = json.loads((clone.folder / "metrics/ablation.json").read_text())
    assert [(row["encoder"], row["prior"], row["seed"]) for row in rows] == [("universal", "none", 1)]
    assert json.loads((clone.folder / "metrics/contrasts.json").read_text()) == []  # Of one encoder.


@pytest.mark.parametrize(
    ("key", "value", "stage"),
    [
        ("plot_2A.point_size", "9.0", "plot-2A"),
        ("grid_2E.side", "5", "sample-grid-2E"),
    ],
)
def test_an_option_of_a_figure_redraws_that_figure_and_the_report_only(
    clone: Clone, key: str, value: str, stage: str
) -> None:
    assert ran(clone.dvc("exp", "run", "-S", f"{key}={value}")) == {"validate", stage, "report"}


# What users do, and their mistakes.


def test_a_repeated_experiment_executes_no_stage(clone: Clone, tmp_path: Path) -> None:
    clone.dvc("exp", "run", "-S", "prior=none")
    second = Clone(tmp_path / "second")
    clone.call("git", "clone", "--quiet", str(clone.folder), str(second.folder))
    second.dvc("config", "--local", "cache.dir", str(clone.folder / ".dvc/cache"))
    second.dvc("checkout", "--quiet", "--with-deps", "dvc.yaml")
    output = second.dvc("exp", "run", "-S", "prior=none")
    assert ran(output) == set()
    for name in ("metrics/testset.json", "plots/2A.png", "plots/training.csv"):
        assert (second.folder / name).read_bytes() == (clone.folder / name).read_bytes(), name


def test_the_table_of_experiments_is_narrow(clone: Clone) -> None:
    metrics = json.loads(clone.dvc("metrics", "show", "--json"))[""]["data"]
    shown = {name: file["data"] for name, file in metrics.items() if file.get("data")}
    assert set(shown) == {"metrics/testset.json"}
    numbers = shown["metrics/testset.json"]
    assert next(iter(numbers)) == "kl"
    assert 8 <= len(numbers) <= 12
    for value in numbers.values():
        assert float(f"{value:.4g}") == value


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "header promises"),
    ],
)
def test_a_damaged_file_of_mnist_ends_a_training_run_in_one_line(
    clone: Clone, damage: Callable[[Path], None], message: str
) -> None:
    path = clone.folder / "data/mnist/train-images-idx3-ubyte"
    copy = path.read_bytes()
    path.unlink()  # It may be a link into DVC's cache.
    path.write_bytes(copy)
    damage(path)
    run = clone.folder / "data/runs/base"
    done = subprocess.run(
        [sys.executable, "../../../stages/train.py"], cwd=run, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert message in done.stderr
    clone.dvc("checkout", "--force", "download")


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
