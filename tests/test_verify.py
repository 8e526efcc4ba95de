"""The comparison with dvc.lock knows every output by its place in the tree."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT

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
