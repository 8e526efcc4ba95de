"""Cells of studies that have names of their own."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, failure

from aae.cells import cells_of, parse_named
from aae.params import parse_params

CELL = "gaussian-none-0"


def text(**content: Any) -> str:
    return yaml.safe_dump({"prediction": "p", **content})


def test_cells_are_settings_by_the_names_of_their_folders() -> None:
    cells = {"ours_0": f"{CELL},train.epochs=20", "2B": "deterministic-mixture-0"}
    study = parse_named(text(cells=cells))
    assert (study.prediction, study.cells) == ("p", cells)
    assert cells_of(text(cells=cells)) == cells


def test_the_cells_of_other_studies_and_of_an_ablation_name_themselves() -> None:
    assert cells_of(text(cells=[CELL])) == {CELL: CELL}
    ablation = {"ablation": {"cells": [CELL], "margins": {"kl": 0.02, "sliced_w2": 0.01}}}
    assert cells_of(yaml.safe_dump(ablation)) == {CELL: CELL}


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (
            text(cells={"a": "gaussian-nil-0"}),
            "params.yaml: cells: 'gaussian-nil-0' is not allowed; allowed: EN",
        ),
        (
            text(cells={"a": f"{CELL},seed=1"}),
            "params.yaml: cells: 'gaussian-none-0,seed=1' is not allowed; 's",
        ),
        (text(cells={}), "params.yaml: cells: at least one is needed"),
        (text(cell={"a": CELL}), "params.yaml: cell: unknown key; did you mean 'cells'?"),
        ("- a", "params.yaml: expected keys and values, found ['a']"),
        ("cells: [", "params.yaml is not valid YAML: "),
        ("cells: 2020-13-45", "params.yaml is not valid YAML: "),
    ],
)
def test_what_is_wrong_is_said_in_one_line(content: str, line: str) -> None:
    assert failure(lambda: parse_named(content)).startswith(line)


def test_names_that_are_no_folders_and_runs_that_stand_twice_are_refused() -> None:
    line = failure(lambda: parse_named(text(cells={"a-b": CELL})))
    assert line.endswith(
        "not allowed; 'a-b' cannot name a folder; allowed: letters, digits and _, 100 at most"
    )
    line = failure(lambda: parse_named(text(cells={"a": CELL, "b": CELL})))
    assert line.endswith("is not allowed; each run may stand only once")


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("studies/*/params.yaml")), ids=lambda path: path.parent.name
)
def test_the_committed_studies_name_cells_that_there_are(path: Path) -> None:
    params = parse_params((ROOT / "params.yaml").read_text(encoding="utf-8"))
    cells = cells_of(path.read_text(encoding="utf-8"))
    assert len({params.cell(cell).model_dump_json() for cell in cells.values()}) == len(cells)
