"""What a sweep knows of a grid: its stages, what they need, and how dvc writes a lock."""

import os
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, failure
from ruamel.yaml import YAML

from aae.sweep.__main__ import progress
from aae.sweep.grid import FAMILIES, INPUTS, NEEDED, find_grid, merge_entries

GRIDS = ["ablation", *sorted(path.parent.name for path in ROOT.glob("studies/*/dvc.yaml"))]


def stages(path: Path) -> dict[str, dict[str, Any]]:
    found = yaml.safe_load(path.read_text())["stages"]
    return {name: stage.get("do", stage) for name, stage in found.items()}


def paths(folder: Path, stage: dict[str, Any], key: str) -> set[str]:
    """Of a stage's dependencies or outputs, from the root."""
    return {
        os.path.relpath(
            folder / stage.get("wdir", ".") / (path if isinstance(path, str) else next(iter(path))), ROOT
        )
        for path in stage.get(key, [])
    }


@pytest.mark.parametrize("name", GRIDS)
def test_a_cell_s_stages_need_those_inputs_and_files_and_no_others(name: str) -> None:
    grid = find_grid(ROOT, name)
    folder = ROOT / grid.folder
    of_cell = [stages(folder / "dvc.yaml")[family] for family in FAMILIES]
    made = set().union(*(paths(folder, stage, "outs") for stage in of_cell))
    needed = set().union(*(paths(folder, stage, "deps") for stage in of_cell)) - made
    root = stages(ROOT / "dvc.yaml")
    inputs = [stage for stage in root if paths(ROOT, root[stage], "outs") & needed]
    assert sorted(inputs) == sorted(INPUTS)
    others = needed - set().union(*(paths(ROOT, root[stage], "outs") for stage in inputs))
    assert {path.split("/")[0] for path in others} <= set(NEEDED)


def test_a_grid_is_found_by_its_name_and_by_its_file() -> None:
    assert find_grid(ROOT, "studies/noise/dvc.yaml") == find_grid(ROOT, "noise")
    assert find_grid(ROOT, "noise").target == "studies/noise/dvc.yaml"
    assert find_grid(ROOT, "ablation").stages("a-b-0")[1] == "cells/dvc.yaml:train@a-b-0"
    assert failure(lambda: find_grid(ROOT, "noize")).startswith("'noize' is no grid; there are: ablation, ")


def test_merged_entries_are_written_as_dvc_writes_them() -> None:
    """The committed lock of the ablation, put together again from a part and the rest."""
    text = (ROOT / "cells/dvc.lock").read_text()
    entries = YAML(typ="safe").load(text)["stages"]
    assert merge_entries(text, dict(reversed(entries.items()))) == text
    assert merge_entries("", entries) == text
    first, *rest = entries
    part = StringIO()
    YAML().dump({"schema": "2.0", "stages": {first: entries[first]}}, part)
    assert merge_entries(part.getvalue(), {name: entries[name] for name in rest}) == text


def test_progress_says_how_many_and_how_long() -> None:
    assert progress(0, 0, 10, 3, 0.0) == "0 of 10 cells done, 3 running, 0 failed"
    assert progress(3, 1, 10, 3, 240.0) == "3 of 10 cells done, 3 running, 1 failed, about 6 min left"
    assert progress(9, 1, 10, 3, 600.0) == "9 of 10 cells done, 0 running, 1 failed"
