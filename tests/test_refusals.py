"""A wrong value anywhere in params.yaml is refused in one line, and leaves every file as it was."""

from pathlib import Path

import pytest
import yaml
from clones import Clone, make_clone, ran


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory, sample_folder: Path) -> Clone:
    """A clone with results of every kind."""
    clone = make_clone(tmp_path_factory.mktemp("refusals"), sample_folder)
    clone.dvc("repro")
    clone.commit()
    return clone


@pytest.fixture(autouse=True)
def valid(clone: Clone) -> None:
    """The committed params.yaml before each test."""
    clone.call("git", "checkout", "--quiet", "--force", "HEAD")


WRONG = {
    "seed": "-1",
    "encoder": "gausian",
    "prior": "gausian",
    "objective": "none",
    "labels": "-1",
    "model.code_dim": "1",
    "train.epochs": "0",
    "data.images": "none",
    "plot_2A.dpi": "5",
    "grid_2E.side": "1000",
    "ablation.cells": "[deterministic-gaussian-0,gaussian-gaussian-0,gaussian-gaussian-0]",
    "ablation.margins.kl": "0.0",
}


@pytest.mark.parametrize("key", WRONG)
def test_a_wrong_value_is_refused_before_any_file_is_touched(clone: Clone, key: str) -> None:
    def files() -> dict[Path, bytes]:
        folders = [clone.folder / name for name in ("data", "metrics", "plots")]
        return {path: path.read_bytes() for each in folders for path in each.rglob("*") if path.is_file()}

    before = files()
    output = clone.dvc("exp", "run", "-S", f"{key}={WRONG[key]}", status=255)
    assert ran(output) == {"validate"}
    line = next(line for line in output.splitlines() if line.startswith("validate: "))
    assert line.startswith(f"validate: params.yaml: {key.split('[')[0]}")
    assert "Traceback" not in output
    assert files() == before


def test_the_sections_that_can_be_wrong_are_all_of_them(clone: Clone) -> None:
    sections = {key.partition(".")[0] for key in WRONG}
    assert sections == set(yaml.safe_load((clone.folder / "params.yaml").read_text()))


def test_a_misspelt_prior_gets_the_right_one_in_one_line(clone: Clone) -> None:
    output = clone.dvc("exp", "run", "-S", "prior=gausian", status=255)
    line = next(line for line in output.splitlines() if line.startswith("validate: "))
    assert line == (
        "validate: params.yaml: prior: 'gausian' is not allowed; did you mean 'gaussian'? "
        "allowed: gaussian, uniform, mixture, swiss_roll, none"
    )
