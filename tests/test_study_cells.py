"""Cells of studies, a name and changed settings, and the studies' own params.yaml."""

from typing import Any

import _stage  # noqa: F401  (puts the library on the path)

import pytest
import yaml
from conftest import ROOT, failure

from aae.config import RunConfig
from aae.measure.summary import varying_settings
from aae.params import parse_params, parse_study, split_changes
from study import require_only

COMMITTED = (ROOT / "params.yaml").read_text(encoding="utf-8")


def test_changes_are_read_as_yaml_reads_values() -> None:
    cell = "gaussian-gaussian-0,train.epochs=7,model.sigma=0.1,data.images=all,data.validation=true"
    changes = {"train.epochs": 7, "model.sigma": 0.1, "data.images": "all", "data.validation": True}
    assert split_changes(cell) == ("gaussian-gaussian-0", changes)
    assert split_changes("gaussian-none-7") == ("gaussian-none-7", {})


def test_a_studys_cell_is_the_ablations_but_for_its_changes() -> None:
    params = parse_params(COMMITTED)
    content = params.cell("gaussian-gaussian-3").model_dump()
    content["train"]["epochs"], content["objective"], content["model"]["sigma"] = 7, "variational", 0.5
    cell = params.cell("gaussian-gaussian-3,train.epochs=7,objective=variational,model.sigma=0.5")
    assert cell == RunConfig.model_validate(content)


@pytest.mark.parametrize(
    "change",
    ["", "train.epochs", "train.epochs=", "=7", "seed=3", "encoder=gaussian", "trian.epochs=7", "train=7",
     "train.epochs=7,train.epochs=8", "train.learning_rate=1e-3", "train.epochs= 7", "train.epochs=7\n"],
)  # fmt: skip
def test_what_is_no_change_of_a_setting_is_refused(change: str) -> None:
    cell = f"deterministic-gaussian-0,{change}"
    line = failure(lambda: parse_params(COMMITTED).cell(cell))
    assert "is no change of a setting; allowed: KEY=VALUE, such as train.epochs=20, with objective," in line
    assert failure(lambda: parse_study(yaml.safe_dump({"prediction": "p", "cells": [cell]}))).startswith(
        "params.yaml: cells.0: "
    )


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("train.epoch=7", "train.epoch: unknown key; did you mean 'epochs'?"),
        ("train.epochs=0", "train.epochs: 0 is not allowed"),
        ("model.sigma=0.1", "model.sigma: 0.1 is the standard deviation of the gaussian encoder"),
        ("objective=variational", "objective: variational needs encoder: gaussian"),
    ],
)
def test_a_change_to_what_is_not_allowed_is_refused(change: str, complaint: str) -> None:
    cell = f"deterministic-gaussian-0,{change}"
    line = failure(lambda: parse_params(COMMITTED).cell(cell))
    assert line.startswith(f"{cell!r} is no cell; {complaint}")


@pytest.mark.parametrize(
    ("study", "line"),
    [
        ({"cells": ["deterministic-gaussian-0"]}, "params.yaml: prediction: missing"),
        ({"prediction": "", "cells": ["deterministic-gaussian-0"]}, "params.yaml: prediction: "),
        ({"prediction": "p", "cells": []}, "params.yaml: cells: at least one is needed"),
        ({"prediction": "p", "cells": 2 * ["gaussian-none-0"]}, "params.yaml: cells: "),
        ({"prediction": "p", "cells": ["gaussian-nil-0"]}, "params.yaml: cells.0: 'gaussian-nil-0' is not"),
        ({"prediction": "p", "cells": ["gaussian-none-0"], "cell": 1}, "params.yaml: cell: unknown key; did"),
    ],
)
def test_a_wrong_study_is_refused(study: dict[str, Any], line: str) -> None:
    assert failure(lambda: parse_study(yaml.safe_dump(study))).startswith(line)


def configs(*cells: str) -> list[RunConfig]:
    params = parse_params(COMMITTED)
    return [params.cell(cell) for cell in cells]


def test_the_settings_in_which_runs_differ_are_found_in_every_section() -> None:
    runs = configs(
        "gaussian-gaussian-0", "gaussian-gaussian-1,train.epochs=3", "gaussian-none-0,data.images=9"
    )
    assert varying_settings(runs) == {"seed", "prior", "train.epochs", "data.images"}
    assert varying_settings(runs[:1]) == set()


def test_cells_that_a_study_cannot_tell_apart_are_no_further_seeds() -> None:
    varied = ("encoder", "model.sigma")
    require_only(varied, configs("deterministic-gaussian-0", "gaussian-gaussian-1,model.sigma=0.1"))
    longer = configs("gaussian-gaussian-0", "gaussian-gaussian-0,train.epochs=20")
    assert failure(lambda: require_only(varied, longer)) == (
        "params.yaml: cells: this study varies encoder, model.sigma and seed, and its cells differ in "
        "train.epochs as well"
    )
    twice = configs("gaussian-gaussian-0,model.sigma=0.1", "gaussian-gaussian-0,model.sigma=0.10")
    assert failure(lambda: require_only(varied, twice)).endswith("two cells are one and the same run")
