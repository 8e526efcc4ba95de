"""The ablation's tables: names, rows, and mean and standard deviation over seeds."""

from typing import Any

import numpy as np
import pytest
import yaml
from conftest import ROOT
from scipy import stats

from aae.ablation import CONTRAST, answer, cell_name, cell_row, contrasts, summarise, verdicts
from aae.params import parse_params

PARAMS = parse_params((ROOT / "params.yaml").read_text(encoding="utf-8"))
METRICS = {
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
}
NULL = {"raw": {"sliced_w2": {"mean": 0.018, "std": 0.003, "low": 0.014, "high": 0.024}}}


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
    training = {"sliced_w2": 0.045, "mmd": 0.022, "shift": 0.015}
    assert cell_row(config, METRICS, training) == {
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
    assert "shift" in training  # Its own numbers are left as they were.


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


# The verdict.


def fit_row(
    seed: int = 0, w2: float = 0.05, train: float = 0.05, told: float = 0.51, told_train: float = 0.51
) -> dict[str, Any]:
    return row(
        "gaussian", "gaussian", seed,
        sliced_w2=w2, sliced_w2_train=train, c2st_accuracy=told, c2st_accuracy_train=told_train,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ([fit_row(w2=0.02, train=0.02)], "exactly"),
        ([fit_row(w2=0.024, train=0.024)], "exactly"),
        ([fit_row(w2=0.02, train=0.025)], "closely"),
        ([fit_row(0, w2=0.02), fit_row(1, w2=0.025)], "closely"),  # Every seed has to be in the band.
        ([fit_row(w2=0.02, told=0.56)], "roughly"),  # The classifier's veto.
        ([fit_row(w2=0.02, told_train=0.56)], "roughly"),
        ([fit_row(w2=0.05)], "closely"),
        ([fit_row(w2=0.1, told=0.55)], "closely"),
        ([fit_row(0, w2=0.14), fit_row(1, w2=0.04)], "closely"),  # By the mean over seeds.
        ([fit_row(w2=0.05, told=0.551)], "roughly"),
        ([fit_row(0, told=0.58), fit_row(1, told=0.5)], "closely"),
        ([fit_row(w2=0.05, train=0.11)], "roughly"),  # Training codes count as well.
        ([fit_row(w2=0.11)], "roughly"),
        ([fit_row(w2=0.3, told=0.9)], "roughly"),
        ([fit_row(w2=0.31)], "not"),
        ([fit_row(w2=0.02, train=0.31, told=0.6)], "not"),
        ([fit_row(w2=5, train=5, told=0.95)], "not"),
    ],
)
def test_the_verdict_is_the_rules_word(rows: list[dict[str, Any]], word: str) -> None:
    assert verdicts(rows, NULL) == {"gaussian-gaussian": word}


def test_every_variant_has_its_own_verdict() -> None:
    rows = [
        {**fit_row(seed, w2=w2), "encoder": encoder, "prior": prior}
        for encoder, prior, w2 in [("universal", "none", 5.0), ("gaussian", "gaussian", 0.05)]
        for seed in (0, 1)
    ]
    assert verdicts(rows, NULL) == {"universal-none": "not", "gaussian-gaussian": "closely"}


# The contrasts.


def grid(values: dict[tuple[str, str], list[float]]) -> list[dict[str, Any]]:
    return [
        row(encoder, prior, seed, a=value, b=-value)
        for (encoder, prior), column in values.items()
        for seed, value in enumerate(column)
    ]


def test_a_contrast_is_the_paired_t_interval() -> None:
    one, other = np.array([0.05, 0.06, 0.055]), np.array([0.04, 0.057, 0.05])
    (found,) = contrasts(
        grid({("universal", "gaussian"): list(one), ("gaussian", "gaussian"): list(other)}), ["a"]
    )
    interval = stats.ttest_rel(one, other).confidence_interval(0.95)
    assert found == {
        "prior": "gaussian",
        "encoders": "universal - gaussian",
        "measure": "a",
        "difference": pytest.approx(0.006),
        "low": pytest.approx(interval.low),
        "high": pytest.approx(interval.high),
        "seed_std": pytest.approx((one.std(ddof=1) + other.std(ddof=1)) / 2),
    }


def test_every_two_encoders_of_a_prior_are_compared_by_every_measure_and_priors_do_not_mix() -> None:
    values = {
        (encoder, prior): [base, base + 1]
        for encoder, base in [("deterministic", 1.0), ("gaussian", 3.0), ("universal", 7.0)]
        for prior in ("gaussian", "none")
    }
    found = contrasts(grid(values), ["a", "b"])
    assert all(list(row) == CONTRAST for row in found)
    assert len(found) == 2 * 3 * 2
    differences = {(r["prior"], r["encoders"], r["measure"]): r["difference"] for r in found}
    for prior in ("gaussian", "none"):
        assert differences[prior, "deterministic - gaussian", "a"] == -2
        assert differences[prior, "deterministic - universal", "a"] == -6
        assert differences[prior, "gaussian - universal", "b"] == 4


def test_seeds_are_paired_by_number_whatever_the_order_of_rows() -> None:
    rows = grid({("universal", "gaussian"): [1.0, 5.0, 9.0], ("gaussian", "gaussian"): [0.5, 4.0, 9.5]})
    assert contrasts(rows[:3] + rows[:2:-1], ["a"]) == contrasts(rows, ["a"])


def test_one_seed_has_a_difference_but_no_interval() -> None:
    (found,) = contrasts(grid({("universal", "gaussian"): [3.0], ("gaussian", "gaussian"): [1.0]}), ["a"])
    assert found["difference"] == 2
    assert found["low"] is found["high"] is found["seed_std"] is None


def test_seeds_that_differ_by_the_same_have_an_interval_of_one_point() -> None:
    (found,) = contrasts(
        grid({("universal", "gaussian"): [0.75, 1.5], ("gaussian", "gaussian"): [0.5, 1.25]}), ["a"]
    )
    assert (found["low"], found["difference"], found["high"]) == (0.25, 0.25, 0.25)


def test_one_encoder_has_nothing_to_be_compared_with() -> None:
    assert contrasts(grid({("universal", "gaussian"): [1.0, 2.0]}), ["a"]) == []


# The answer.


def compared(low: float | None, high: float | None, **changes: str) -> dict[str, Any]:
    return {
        "prior": "gaussian", "encoders": "universal - gaussian", "measure": "sliced_w2", "difference": 0.012,
        "low": low, "high": high, "seed_std": 0.004, **changes,
    }  # fmt: skip


def test_the_answer_has_a_sentence_a_variant_with_its_verdict_and_numbers() -> None:
    words = {"deterministic-gaussian": "closely", "universal-none": "roughly"}
    numbers = {"sliced_w2": {"mean": 0.05}, "fit_ratio": {"mean": 2.5}, "c2st_accuracy": {"mean": 0.512}}
    said = "(sliced W2 0.050, 2.5 times that of true draws; a classifier is right on 51.2%)."
    assert answer(words, dict.fromkeys(words, numbers), []) == [
        f"Prior gaussian, deterministic encoder: q(z) and p(z) agree closely {said}",
        "Prior none, universal encoder: q(z) and N(0, I), which nothing asks of it, agree roughly " + said,
    ]


@pytest.mark.parametrize(
    ("low", "high", "end"),
    [
        (-0.01, 0.03, "no difference can be told from the seeds'."),
        (0.001, 0.03, "the type of encoder matters."),
        (-0.03, -0.001, "the type of encoder matters."),
    ],
)
def test_the_type_of_encoder_matters_where_the_interval_leaves_0_out(
    low: float, high: float, end: str
) -> None:
    (sentence,) = answer({}, {}, [compared(low, high)])
    assert sentence.startswith("Prior gaussian, universal - gaussian, paired by seed: +0.012 in sliced W2")
    assert f"(95% interval {low:+.3f} to {high:+.3f}; one encoder's seeds spread by 0.004)" in sentence
    assert sentence.endswith(end)


@pytest.mark.parametrize(
    "row",
    [compared(0, 1, measure="c2st_accuracy"), compared(0, 1, prior="none"), compared(None, None)],
)
def test_other_measures_no_prior_and_one_seed_say_nothing_of_the_encoder(row: dict[str, Any]) -> None:
    assert answer({}, {}, [row]) == []
