"""The ablation's tables: names, rows, and mean and standard deviation over seeds."""

from typing import Any

import pytest
import yaml
from conftest import ROOT

from aae.ablation import cell_name, cell_row, summarise
from aae.params import parse_params

PARAMS = parse_params((ROOT / "params.yaml").read_text(encoding="utf-8"))
METRICS = {
    "reconstruction_error": 0.035,
    "neighbour_accuracy": 0.8,
    "codes": {"sliced_w2": 0.04, "fit_ratio": 2.2, "sliced_w2_whitened": 0.03},
    "means": {"sliced_w2": 0.05, "fit_ratio": 2.7, "sliced_w2_whitened": 0.04},
}


def row(encoder: str, prior: str, seed: int, **numbers: float) -> dict[str, Any]:
    return {"encoder": encoder, "prior": prior, "seed": seed, **numbers}


def test_cells_are_named_as_dvcs_matrix_names_them() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    template = stages["ablation-train"]["wdir"].removeprefix("data/ablation/")
    for config in PARAMS.cells():
        name = template
        for axis in stages["ablation-train"]["matrix"]:
            name = name.replace(f"${{item.{axis}}}", str(getattr(config, axis)))
        assert cell_name(config) == name
    assert cell_name(PARAMS.cells()[0]) == "deterministic-gaussian-0"


def test_no_two_cells_of_the_grid_share_a_name() -> None:
    names = [cell_name(config) for config in PARAMS.cells()]
    assert len(set(names)) == len(names)


def test_a_row_names_its_cell_and_keeps_codes_means_and_training_codes_apart() -> None:
    config = PARAMS.cells()[0].model_copy(update={"encoder": "universal", "prior": "none", "seed": 7})
    assert cell_row(config, METRICS, 0.045) == {
        "encoder": "universal",
        "prior": "none",
        "seed": 7,
        "reconstruction_error": 0.035,
        "neighbour_accuracy": 0.8,
        "sliced_w2": 0.04,
        "fit_ratio": 2.2,
        "sliced_w2_whitened": 0.03,
        "sliced_w2_means": 0.05,
        "sliced_w2_train": 0.045,
    }


def test_the_summary_has_mean_and_standard_deviation_over_seeds_of_every_number() -> None:
    rows = [row("gaussian", "none", seed, a=value, b=1.5) for seed, value in [(0, 1.0), (5, 2.0), (9, 6.0)]]
    assert summarise(rows) == {
        "gaussian-none": {
            "seeds": 3,
            "a": {"mean": 3.0, "std": pytest.approx(7**0.5)},  # (4 + 1 + 9) / (3 - 1)
            "b": {"mean": 1.5, "std": 0.0},
        }
    }


def test_one_seed_has_no_standard_deviation() -> None:
    summary = summarise([row("gaussian", "none", 0, a=1.0)])
    assert summary == {"gaussian-none": {"seeds": 1, "a": {"mean": 1.0, "std": None}}}


def test_variants_stand_in_the_order_in_which_they_came_and_do_not_mix() -> None:
    rows = [
        row("universal", "none", 0, a=1.0),
        row("deterministic", "none", 0, a=10.0),
        row("deterministic", "gaussian", 0, a=100.0),
        row("universal", "none", 1, a=3.0),
    ]
    summary = summarise(rows)
    assert list(summary) == ["universal-none", "deterministic-none", "deterministic-gaussian"]
    assert [variant["a"]["mean"] for variant in summary.values()] == [2.0, 10.0, 100.0]


def test_the_order_of_seeds_does_not_matter() -> None:
    rows = [row("gaussian", "none", seed, a=float(seed**2)) for seed in range(4)]
    assert summarise(rows) == summarise(rows[::-1])
