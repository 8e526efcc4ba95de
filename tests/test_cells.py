"""The ablation's cells: what they are called, which runs they are, and who is told of a wrong one."""

import copy
import json
import sys
from pathlib import Path
from typing import Any, get_args

import _stage

import pytest
import yaml
from conftest import ROOT, failure
from hypothesis import given, settings
from hypothesis import strategies as st

import configure
import validate
from _params import read_ablation
from aae.config import EncoderName, PriorName, RunConfig
from aae.errors import UserError
from aae.io import artifacts
from aae.params import Params, parse_ablation, parse_params, split_cell

CONTENT: dict[str, Any] = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
ENCODERS, PRIORS = get_args(EncoderName), get_args(PriorName)
WHAT_IS_ALLOWED = (
    "allowed: ENCODER-PRIOR-SEED, such as gaussian-none-0, of the encoders deterministic, gaussian, "
    "universal, the priors gaussian, uniform, mixture, swiss_roll, none and a seed below 2^32"
)
NO_CELLS = [
    "gausian-none-0",  # No such encoder.
    "gaussian-nil-0",  # No such prior.
    "gaussian-none",
    "gaussian-none-",
    "gaussian-0",
    "gaussian-none-x",
    "gaussian-none--1",
    "gaussian-none-1.0",
    "gaussian-none-00",  # Another name of seed 0 would be another folder with the same run.
    "gaussian-none-01",
    "gaussian-none-4294967296",
    "gaussian-none-99999999999",
    "gaussian-none-1٣",  # A digit, and to int() a number.
    "gaussian-none-0-1",
    "gaussian none 0",
    "Gaussian-none-0",
    " gaussian-none-0",
    "gaussian-none-0\n",
    "../gaussian-none-0",
    "",
]


def changed(ablation: dict[str, Any] | None = None, **changes: Any) -> str:
    """The committed params.yaml with some values changed, such as model={"sigma": 0.5}."""
    content = copy.deepcopy(CONTENT)
    for key, value in {"ablation": ablation or {}, **changes}.items():
        content[key] = content[key] | value if isinstance(value, dict) else value
    return yaml.safe_dump(content)


def cells_of(params: Params) -> list[RunConfig]:
    return [params.cell(name) for name in params.ablation.cells]


# Names.


@given(st.sampled_from(ENCODERS), st.sampled_from(PRIORS), st.integers(0, 2**32 - 1))
def test_a_name_is_of_one_encoder_prior_and_seed(encoder: str, prior: str, seed: int) -> None:
    assert split_cell(f"{encoder}-{prior}-{seed}") == (encoder, prior, seed)


@settings(max_examples=300)
@given(st.text(max_size=12) | st.from_regex(r"\A[a-z_]{4,13}-[a-z_]{4,10}-[0-9]{1,11}\Z"))
def test_what_is_taken_for_a_name_says_all_of_it_and_nothing_more(name: str) -> None:
    try:
        parts = split_cell(name)
    except ValueError:
        return
    assert "-".join(map(str, parts)) == name


@pytest.mark.parametrize("name", NO_CELLS)
def test_what_is_no_name_is_refused_with_what_is_allowed(name: str) -> None:
    with pytest.raises(ValueError, match="ENCODER-PRIOR-SEED") as caught:
        split_cell(name)
    assert str(caught.value) == WHAT_IS_ALLOWED
    assert failure(lambda: parse_params(changed()).cell(name)) == f"{name!r} is no cell; {WHAT_IS_ALLOWED}"
    line = failure(lambda: parse_params(changed({"cells": ["universal-none-7", name]})))
    shown = " ".join(repr(name).split())
    assert line == f"params.yaml: ablation.cells.1: {shown} is not allowed; {WHAT_IS_ALLOWED}"


# The section `ablation`.


@pytest.mark.parametrize(
    ("ablation", "line"),
    [
        (
            {"cells": ["gaussian-none-0", "universal-none-0", "gaussian-none-0"]},
            "cells: ['gaussian-none-0', 'universal-none-0', 'gaussian-none-0'] is not allowed; "
            "each cell may stand only once",
        ),
        ({"cells": []}, "cells: at least one is needed"),
        ({"cells": "gaussian-none-0"}, "cells: 'gaussian-none-0' is not allowed; .* valid list"),
        ({"cells": None}, "cells: None is not allowed; .* valid list"),
        ({"cells": ["gaussian-none-0", 3]}, "cells.1: 3 is not allowed; .* valid string"),
        ({"seed": [0]}, "seed: unknown key; known here: cells, margins"),
        ({"margins": {"kl": 0.1}}, "margins.sliced_w2: missing"),
        ({"margins": 0.1}, "margins: expected keys and values, found 0.1"),
        (
            {"margins": {"kl": 0.1, "sliced_w2": 0.0}},
            "margins.sliced_w2: 0.0 is not allowed; .* greater than 0",
        ),
        ({"margins": {"kl": -0.1, "sliced_w2": 0.1}}, "margins.kl: -0.1 is not allowed; .* greater than 0"),
        ({"margins": {"kl": 1001, "sliced_w2": 0.1}}, "margins.kl: 1001 is not allowed; .* equal to 1000"),
        (
            {"margins": {"kl": 0.1, "sliced_w": 0.1}},
            "margins.sliced_w: unknown key; did you mean 'sliced_w2'? known here: kl, sliced_w2 (and 1 more)",
        ),
    ],
)
@pytest.mark.parametrize("study", [False, True])
def test_a_wrong_section_gets_one_line(ablation: dict[str, Any], line: str, study: bool) -> None:
    text = changed(ablation)
    told = failure(lambda: parse_ablation(text) if study else parse_params(text))
    start, *end = line.split(".*")
    assert told.startswith(f"params.yaml: ablation.{start}")
    assert told.endswith(end[0] if end else line)


def test_a_study_has_the_section_alone_or_beside_others_of_its_own() -> None:
    section = yaml.safe_load(changed({"cells": ["universal-uniform-7"]}))["ablation"]
    for others in ({}, {"train": "as its own stages like it"}, CONTENT):
        found = parse_ablation(yaml.safe_dump({**others, "ablation": section}))
        assert found.model_dump() == section
    assert failure(lambda: parse_ablation("train: {epochs: 1}")) == "params.yaml: ablation: missing"


def test_the_section_read_is_that_of_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "params.yaml is missing" in failure(read_ablation)
    Path("params.yaml").write_text(changed({"cells": ["universal-uniform-7"]}))
    assert read_ablation().cells == ["universal-uniform-7"]


# The runs.


def test_a_cell_has_its_encoder_prior_and_seed_and_the_shared_settings() -> None:
    params = parse_params(changed({"cells": ["universal-none-7", "gaussian-swiss_roll-3"]}))
    cells = cells_of(params)
    found = [(cell.encoder, cell.prior, cell.seed) for cell in cells]
    assert found == [("universal", "none", 7), ("gaussian", "swiss_roll", 3)]
    for cell in cells:
        assert (cell.model, cell.train, cell.data) == (params.model, params.train, params.data)


@pytest.mark.parametrize(
    "changes",
    [{"encoder": "gaussian", "objective": "variational"}, {"prior": "mixture", "labels": 10_000}],
)
def test_the_cells_are_adversarial_and_without_labels_whatever_the_base_run_is(
    changes: dict[str, Any],
) -> None:
    cells = cells_of(parse_params(changed(**changes)))
    assert {(cell.objective, cell.labels) for cell in cells} == {("adversarial", 0)}
    # So that a change of the base run leaves the ablation's results alone.
    assert cells == cells_of(parse_params(changed()))


def test_a_fixed_sigma_is_that_of_the_gaussian_cells_alone() -> None:
    params = parse_params(changed(encoder="gaussian", model={"sigma": 0.5}))
    sigmas = {encoder: params.cell(f"{encoder}-gaussian-0").model.sigma for encoder in ENCODERS}
    assert sigmas == {"deterministic": "learned", "gaussian": 0.5, "universal": "learned"}
    for name in ("deterministic-none-2", "universal-none-2"):
        assert params.cell(name) == parse_params(changed()).cell(name)


def test_a_cell_with_the_base_runs_settings_is_the_base_run() -> None:
    for changes in ({}, {"encoder": "gaussian", "model": {"sigma": 0.5}}, {"prior": "none"}, {"seed": 7}):
        params = parse_params(changed(**changes))
        assert params.cell(f"{params.encoder}-{params.prior}-{params.seed}") == params.base()


# The stages that know of them.


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder whose params.yaml the stages read."""
    monkeypatch.setattr(_stage, "ROOT", tmp_path)
    return tmp_path


def test_validate_refuses_a_cell_whose_prior_does_not_go_with_another_setting(tree: Path) -> None:
    for cell, line in (
        ("deterministic-none-0", None),
        ("universal-mixture-1", "params.yaml: model.code_dim: prior mixture needs 2, not 8"),
        ("universal-nil-1", WHAT_IS_ALLOWED),
    ):
        cells = {"cells": ["deterministic-gaussian-0", cell]}
        (tree / "params.yaml").write_text(changed(cells, model={"code_dim": 8}))
        if line is None:
            validate.main()
        else:
            assert failure(validate.main).endswith(line)
        # A refusal leaves the file that DVC has just deleted, with the bytes that it had.
        assert json.loads((tree / "data/validated.json").read_text()) == {"params.yaml": "valid"}


def test_configure_writes_the_settings_of_a_cell_or_of_the_base_run(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "params.yaml").write_text(
        changed(prior="mixture", train={"device": "cpu", "precision": "float32"})
    )
    params = parse_params((tree / "params.yaml").read_text())
    for arguments, config in (([], params.base()), (["gaussian-none-7"], params.cell("gaussian-none-7"))):
        monkeypatch.setattr(sys, "argv", ["configure.py", str(tree / "run"), *arguments])
        configure.main()
        assert artifacts.load_config(tree / "run/config.json") == config
    for arguments in (["gaussian", "none", "7"], ["gaussian-none"]):
        monkeypatch.setattr(sys, "argv", ["configure.py", str(tree / "other"), *arguments])
        with pytest.raises(
            UserError, match=r"^usage: configure\.py FOLDER|.* is no cell; allowed: ENCODER-PRIOR-SEED"
        ):
            configure.main()
    assert not (tree / "other").exists()
