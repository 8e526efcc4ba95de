"""Files that dvc was killed in the middle of writing are removed, whole ones are not."""

import shutil
from pathlib import Path

import pytest
from conftest import ROOT

from aae.params import parse_params
from mend import mend, remove_other_cells

WHOLE = (ROOT / "dvc.lock").read_bytes()


def test_whole_files_and_none_at_all_are_left_alone(tmp_path: Path) -> None:
    assert mend(tmp_path) == []
    (tmp_path / "dvc.lock").write_bytes(WHOLE)
    (tmp_path / ".dvc/tmp").mkdir(parents=True)
    (tmp_path / ".dvc/tmp/rwlock").write_text("{}")
    assert mend(tmp_path) == []
    assert (tmp_path / "dvc.lock").read_bytes() == WHOLE
    assert (tmp_path / ".dvc/tmp/rwlock").read_text() == "{}"


def test_an_rwlock_that_was_cut_off_is_removed(tmp_path: Path) -> None:
    rwlock = tmp_path / ".dvc/tmp/rwlock"
    rwlock.parent.mkdir(parents=True)
    for left in ("", '{"data/mnist": {"read": [{"pid": 3'):
        rwlock.write_text(left)
        assert mend(tmp_path) == [".dvc/tmp/rwlock"]
        assert not rwlock.exists()


CUTS = {
    "before anything": 0,
    "in a key": WHOLE.find(b"- path:") + 4,
    "in a later key": WHOLE.rfind(b"- path:") + 4,
    "after a stage's name": WHOLE.find(b"    cmd:"),
    "after a later stage's name": WHOLE.rfind(b"    cmd:"),
}


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_a_lock_that_was_cut_off_is_removed(tmp_path: Path, cut: int) -> None:
    lock = tmp_path / "dvc.lock"
    lock.write_bytes(WHOLE[:cut])
    assert mend(tmp_path) == ["dvc.lock"]
    assert not lock.exists()


def test_cells_of_another_grid_are_removed_and_those_of_this_one_are_not(tmp_path: Path) -> None:
    shutil.copy(ROOT / "params.yaml", tmp_path)
    own = {"deterministic-gaussian-0", "deterministic-none-0"}
    assert own < set(parse_params((ROOT / "params.yaml").read_text(encoding="utf-8")).ablation.cells)
    cells = tmp_path / "data/ablation"
    for name in (*own, "universal-none-7", "gaussian-other-0"):
        (cells / name).mkdir(parents=True)
    (cells / "notes.txt").write_text("A file is no cell.")
    assert remove_other_cells(tmp_path) == [
        "data/ablation/gaussian-other-0",
        "data/ablation/universal-none-7",
    ]
    assert {path.name for path in cells.iterdir()} == own | {"notes.txt"}


@pytest.mark.parametrize("study", ["encoders", "noise"])
def test_cells_of_another_grid_of_a_study_are_removed_as_well(study: str, tmp_path: Path) -> None:
    (tmp_path / "studies" / study).mkdir(parents=True)
    shutil.copy(ROOT / f"studies/{study}/params.yaml", tmp_path / "studies" / study)
    for name in ("gaussian-gaussian-0", "gaussian-gaussian-0,train.epochs=3"):
        (tmp_path / "data" / study / name).mkdir(parents=True)
    assert remove_other_cells(tmp_path) == [f"data/{study}/gaussian-gaussian-0,train.epochs=3"]
    (tmp_path / "studies" / study / "params.yaml").write_text("cells: []")
    assert remove_other_cells(tmp_path) == []


def test_a_study_s_lock_that_was_cut_off_is_removed(tmp_path: Path) -> None:
    lock = tmp_path / "studies/toy/dvc.lock"
    lock.parent.mkdir(parents=True)
    lock.write_bytes(WHOLE)
    assert mend(tmp_path) == []
    lock.write_bytes(WHOLE[: CUTS["in a key"]])
    assert mend(tmp_path) == ["studies/toy/dvc.lock"]


def test_no_cell_is_removed_while_params_yaml_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("seed: nought")
    (tmp_path / "data/ablation/universal-none-7").mkdir(parents=True)
    assert remove_other_cells(tmp_path) == []
    assert (tmp_path / "data/ablation/universal-none-7").is_dir()
