"""The real dvc.yaml under the real dvc, in temporary clones, with a tiny training budget.

Each row of the table "you change / what reruns / what must not" is proven here by DVC itself.
"""

from pathlib import Path

import pytest
from clones import Clone, make_clone, ran

BASE = {"train", "encode-testset", "base-metrics", "plot-2A", "plot-fit", "sample-grid-2E", "report"}
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


def test_every_output_is_there_and_the_status_is_clean(clone: Clone) -> None:
    for name in ("metrics/testset.json", "metrics/details.json", "metrics/ablation.json", "plots/2A.png",
                 "plots/2A.pdf", "plots/2E.png", "plots/2E.pdf", "plots/report.html",
                 "plots/ablation_2A.png", "plots/ablation_2E.png",
                 "plots/ablation_fit.png", "plots/training.csv", "plots/where.png", "plots/when.png",
                 "metrics/contrasts.json", "metrics/variants.json", "metrics/answer.json",
                 "metrics/controls.json", "data/testset/codes.csv", "data/ablation/runs.csv"):  # fmt: skip
        assert (clone.folder / name).stat().st_size > 0, name
    header = (clone.folder / "data/testset/codes.csv").read_text().splitlines()
    assert header[0] == "label,z1,z2,mean1,mean2"
    assert len(header) == 1 + 200
    assert "up to date" in clone.dvc("status")
    assert not ran(clone.dvc("repro"))


def test_base_run_ablation_and_study_train_what_they_share_once(clone: Clone) -> None:
    # The base run is a run of the ablation, and one of the study's; the others have an encoder or epochs of
    # their own.
    assert len(trained(clone)) == 3


# You change / what reruns / what must not.


@pytest.mark.parametrize(("key", "value"), [("prior", "none"), ("encoder", "universal"), ("seed", "7")])
def test_prior_encoder_and_seed_rerun_the_base_stages_only(clone: Clone, key: str, value: str) -> None:
    output = clone.dvc("exp", "run", "-S", f"{key}={value}")
    assert ran(output) == {"validate", *BASE}
