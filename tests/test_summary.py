"""The ablation's tables: names, rows, mean and standard deviation over seeds, and verdicts."""

from typing import Any

import pytest
import yaml
from conftest import ROOT

from aae.measure.summary import cell_name, cell_row, summarise, verdicts
from aae.params import parse_params

PARAMS = parse_params((ROOT / "params.yaml").read_text(encoding="utf-8"))
EVALUATION: dict[str, Any] = {
    "reconstruction_error": 0.035,
    "neighbour_accuracy": 0.8,
    "codes": {
        "fit_ratio": 2.2,
        "sliced_w2_low": 0.03,
        "sliced_w2_high": 0.05,
        "raw": {"sliced_w2": 0.04, "mmd": 0.02},
        "whitened": {"sliced_w2": 0.03, "mmd": 0.01},
    },
    "means": {"sliced_w2": 0.05, "mmd": 0.025},
    "training": {"sliced_w2": 0.045, "mmd": 0.022, "shift": 0.015},
    "trained_with": {"device": "cpu"},
}
ROW = {
    "encoder": "universal",
    "prior": "none",
    "seed": 7,
    "reconstruction_error": 0.035,
    "neighbour_accuracy": 0.8,
    "sliced_w2": 0.04,
    "mmd": 0.02,
    "fit_ratio": 2.2,
    "sliced_w2_low": 0.03,
    "sliced_w2_high": 0.05,
    "sliced_w2_means": 0.05,
    "sliced_w2_train_to_test": 0.015,
    "sliced_w2_whitened": 0.03,
    "mmd_whitened": 0.01,
    "sliced_w2_train": 0.045,
    "mmd_train": 0.022,
}


def null(high: float) -> dict[str, dict[str, dict[str, float]]]:
    return {"raw": {"sliced_w2": {"mean": 0.018, "std": 0.003, "low": 0.014, "high": high}}}


NULLS = {"gaussian": null(0.024), "none": null(0.024), "mixture": null(0.05)}


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
    assert cell_row(config, EVALUATION) == ROW
    assert "shift" in EVALUATION["training"]  # The evaluation is left as it was.


def test_a_row_has_the_accuracy_of_components_where_the_prior_has_them() -> None:
    row = cell_row(PARAMS.cells()[0], EVALUATION | {"component_accuracy": 0.7})
    assert row["component_accuracy"] == 0.7
    assert list(row).index("component_accuracy") == list(row).index("neighbour_accuracy") + 1


def test_a_row_of_too_few_training_images_has_no_distance_from_training_to_test_codes() -> None:
    training = {"sliced_w2": 0.045, "mmd": 0.022}
    row = cell_row(PARAMS.cells()[0], EVALUATION | {"training": training})
    assert row["sliced_w2_train_to_test"] is None
    assert row["sliced_w2_train"] == 0.045


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


def test_a_measure_that_a_prior_does_not_have_is_left_out_of_its_summary() -> None:
    rows = [
        row("gaussian", "uniform", 0, a=1.0),
        row("gaussian", "gaussian", 0, a=2.0, kl=0.5),
        row("gaussian", "uniform", 1, a=3.0),
        row("gaussian", "gaussian", 1, a=2.0, kl=0.7),
    ]
    summary = summarise(rows)
    assert list(summary["gaussian-uniform"]) == ["seeds", "a"]
    assert summary["gaussian-gaussian"]["kl"] == {
        "mean": pytest.approx(0.6),
        "std": pytest.approx(0.1 * 2**0.5),
    }


# The verdict.


def fit_row(
    seed: int = 0, w2: float = 0.05, train: float = 0.05, accuracy: float = 0.51, accuracy_train: float = 0.51
) -> dict[str, Any]:
    return row(
        "gaussian", "gaussian", seed,
        sliced_w2=w2, sliced_w2_train=train, c2st_accuracy=accuracy, c2st_accuracy_train=accuracy_train,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ([fit_row(w2=0.02, train=0.02)], "exactly"),
        ([fit_row(w2=0.024, train=0.024)], "exactly"),
        ([fit_row(w2=0.02, train=0.025)], "closely"),
        ([fit_row(0, w2=0.02), fit_row(1, w2=0.025)], "closely"),  # Every seed has to be in the band.
        ([fit_row(w2=0.02, accuracy=0.56)], "roughly"),  # The classifier has a veto.
        ([fit_row(w2=0.02, accuracy_train=0.56)], "roughly"),
        ([fit_row(w2=0.05)], "closely"),
        ([fit_row(w2=0.1, accuracy=0.55)], "closely"),
        ([fit_row(0, w2=0.14), fit_row(1, w2=0.04)], "closely"),  # By the mean over seeds.
        ([fit_row(w2=0.05, accuracy=0.551)], "roughly"),
        ([fit_row(0, accuracy=0.58), fit_row(1, accuracy=0.5)], "closely"),
        ([fit_row(w2=0.05, train=0.11)], "roughly"),  # Training codes count as well.
        ([fit_row(w2=0.11)], "roughly"),
        ([fit_row(w2=0.3, accuracy=0.9)], "roughly"),
        ([fit_row(w2=0.31)], "not"),
        ([fit_row(w2=0.02, train=0.31, accuracy=0.6)], "not"),
        ([fit_row(w2=5, train=5, accuracy=0.95)], "not"),
    ],
)
def test_the_verdict_is_the_rules_word(rows: list[dict[str, Any]], word: str) -> None:
    assert verdicts(rows, NULLS) == {"gaussian-gaussian": word}


def test_every_variant_has_its_own_verdict() -> None:
    rows = [
        {**fit_row(seed, w2=w2), "encoder": encoder, "prior": prior}
        for encoder, prior, w2 in [("universal", "none", 5.0), ("gaussian", "gaussian", 0.05)]
        for seed in (0, 1)
    ]
    assert verdicts(rows, NULLS) == {"universal-none": "not", "gaussian-gaussian": "closely"}


def test_every_prior_is_judged_by_its_own_null_band() -> None:
    rows = [{**fit_row(w2=0.04, train=0.04), "prior": prior} for prior in ("gaussian", "mixture")]
    assert verdicts(rows, NULLS) == {"gaussian-gaussian": "closely", "gaussian-mixture": "exactly"}
