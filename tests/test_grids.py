"""Grids of runs: variants x seeds, and what people are told of one that makes no sense."""

from typing import Any

import pytest
import yaml
from conftest import ROOT, failure

from aae.settings.params import Run, parse_params, parse_study

TEXT = (ROOT / "params.yaml").read_text(encoding="utf-8")
PARAMS = parse_params(TEXT)


def study(**changes: Any) -> str:
    """The text of a study's params.yaml."""
    content = {"prediction": "It goes.", "seeds": [0, 1], "variants": {"a": {"encoder": "deterministic"}}}
    return yaml.safe_dump(content | changes, sort_keys=False)


def runs(**changes: Any) -> list[Run]:
    return PARAMS.runs(parse_study(study(**changes)))


def test_a_grid_is_its_variants_times_its_seeds_in_order() -> None:
    found = runs(variants={"still": {}, "noisy": {"encoder": "gaussian", "model.sigma": 0.1}})
    assert [(run.variant, run.config.seed) for run in found] == [
        ("still", 0), ("still", 1), ("noisy", 0), ("noisy", 1),
    ]  # fmt: skip
    assert [run.config.encoder for run in found] == 2 * ["deterministic"] + 2 * ["gaussian"]
    assert found[2].config.model.sigma == 0.1
    assert found[0].config.model.sigma == "learned"


def test_a_variant_that_names_its_seed_is_one_run() -> None:
    found = runs(variants={"a": {}, "b": {"prior": "none", "seed": 7}})
    assert [(run.variant, run.config.seed) for run in found] == [("a", 0), ("a", 1), ("b", 7)]


def test_the_recipe_holds_for_all_runs_and_the_base_runs_choices_for_none() -> None:
    other = PARAMS.model_copy(update={"prior": "mixture", "encoder": "universal", "seed": 9, "labels": 3})
    grid = parse_study(study(variants={"a": {"train.epochs": 3}}))
    assert other.runs(grid) == PARAMS.runs(grid)
    (first, _) = PARAMS.runs(grid)
    assert first.config.train == PARAMS.train.model_copy(update={"epochs": 3})
    assert first.config.data == PARAMS.data


def test_a_sigma_in_the_recipe_concerns_the_gaussian_encoder_alone() -> None:
    noisy = PARAMS.model_copy(update={"model": PARAMS.model.model_copy(update={"sigma": 0.2})})
    grid = parse_study(study(variants={"a": {}, "b": {"encoder": "gaussian"}, "c": {"encoder": "universal"}}))
    assert [run.config.model.sigma for run in noisy.runs(grid)[::2]] == ["learned", 0.2, "learned"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"train.epochz": 3}, ["variants.a", "'train.epochz'", "train.epochs"]),
        ({"plot_2A.dpi": 3}, ["variants.a", "'plot_2A.dpi'", "allowed: "]),
        ({"model": 3}, ["variants.a", "model: expected keys"]),
        ({"prior": "gausian"}, ["variants.a", "prior: 'gausian'", "did you mean 'gaussian'?"]),
        ({"train.epochs": 0}, ["variants.a", "train.epochs: 0"]),
        ({"train.epochs": True}, ["variants.a", "train.epochs: True"]),
        ({"seed": -1}, ["variants.a", "seed: -1"]),
        ({"model.sigma": 0.1}, ["variants.a", "model.sigma: 0.1 is the standard deviation of the gaussian"]),
        ({"objective": "variational"}, ["variants.a", "needs encoder: gaussian"]),
    ],
)
def test_a_wrong_change_is_told_with_its_variant_and_what_is_allowed(
    changes: dict[str, Any], words: list[str]
) -> None:
    line = failure(lambda: runs(variants={"a": changes}))
    assert line.startswith("params.yaml: ")
    assert all(word in line for word in words), line


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seeds": []}, "seeds: at least one"),
        ({"seeds": [0, 0]}, "seeds: [0, 0]"),
        ({"seeds": [2**32]}, "seeds.0: 4294967296"),
        ({"variants": {}}, "variants: at least one"),
        ({"variants": {"a/b": {}}}, "'a/b' cannot name a variant"),
        ({"measures": ["likelihood"]}, "allowed: log_likelihood"),
        ({"keep": ["b"]}, "keep: 'b' is no variant; allowed: a"),
        ({"prediction": " "}, "prediction: missing"),
        ({"cells": ["a"]}, "cells: unknown key"),
        ({"margins": {"kl": 0.02}}, "margins.sliced_w2: missing"),
    ],
)
def test_a_grid_that_makes_no_sense_is_refused_in_one_line(changes: dict[str, Any], words: str) -> None:
    line = failure(lambda: parse_study(study(**changes)))
    assert line.startswith("params.yaml: ")
    assert words in line


def test_one_run_under_two_names_is_refused() -> None:
    line = failure(lambda: runs(variants={"a": {}, "b": {"prior": "gaussian"}}))
    assert "b, seed 0 is the same run as a, seed 0" in line


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("studies/*/params.yaml")), ids=lambda path: path.parent.name
)
def test_every_committed_study_has_a_prediction_and_runs(path: Any) -> None:
    settings = parse_study(path.read_text(encoding="utf-8"))
    assert PARAMS.runs(settings)
