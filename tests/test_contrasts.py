"""The ablation's answer: encoders compared in pairs over seeds, and what that says in words."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

from aae.measure.scorecard import MEASURES
from aae.measure.summary import COMPARED, CONTRAST, answer, contrasts

REFERENCES = {"gaussian": "N(0, I)", "none": "N(0, I)", "swiss_roll": "a swiss roll"}


def row(encoder: str, prior: str, seed: int, **numbers: float) -> dict[str, Any]:
    return {"encoder": encoder, "prior": prior, "seed": seed, **numbers}


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


def test_a_measure_that_a_prior_does_not_have_is_skipped_for_it_alone() -> None:
    rows = [
        row(encoder, prior, seed, a=1.0, **({"kl": 0.5} if prior == "gaussian" else {}))
        for encoder in ("gaussian", "universal")
        for prior in ("gaussian", "uniform")
        for seed in (0, 1)
    ]
    found = [(r["prior"], r["measure"]) for r in contrasts(rows, ["kl", "a", "absent"])]
    assert found == [("gaussian", "kl"), ("gaussian", "a"), ("uniform", "a")]


def test_what_is_compared_are_columns_of_the_table() -> None:
    assert set(COMPARED) <= {*MEASURES, "reconstruction_error", "neighbour_accuracy"}


# The answer.


def compared(low: float | None, high: float | None, **changes: str) -> dict[str, Any]:
    return {
        "prior": "gaussian", "encoders": "universal - gaussian", "measure": "sliced_w2", "difference": 0.012,
        "low": low, "high": high, "seed_std": 0.004, **changes,
    }  # fmt: skip


def test_the_answer_has_a_sentence_a_variant_with_its_verdict_and_numbers() -> None:
    words = {"deterministic-gaussian": "closely", "universal-none": "not", "gaussian-swiss_roll": "exactly"}
    numbers = {"sliced_w2": {"mean": 0.05}, "fit_ratio": {"mean": 2.5}, "c2st_accuracy": {"mean": 0.512}}
    end = "(sliced W2 0.050, 2.5 times the null's mean; C2ST accuracy 51.2%)."
    assert answer(words, dict.fromkeys(words, numbers), [], REFERENCES) == [
        f"Prior gaussian, deterministic encoder: q(z) and N(0, I) agree closely {end}",
        f"Prior none, universal encoder: q(z) and N(0, I) disagree {end}",
        f"Prior swiss_roll, gaussian encoder: q(z) and a swiss roll agree exactly {end}",
    ]


@pytest.mark.parametrize(
    ("low", "high", "end"),
    [
        (-0.01, 0.03, "not significant."),
        (0.001, 0.03, ", significant."),
        (-0.03, -0.001, ", significant."),
        (0, 0, "not significant."),
    ],
)
def test_a_difference_is_significant_where_the_interval_leaves_0_out(
    low: float, high: float, end: str
) -> None:
    (sentence,) = answer({}, {}, [compared(low, high)], {})
    assert sentence.startswith("Prior gaussian, universal - gaussian, paired by seed: +0.012 in sliced W2")
    assert f"(95% CI {low:+.3f} to {high:+.3f})" in sentence
    assert sentence.endswith(end)


@pytest.mark.parametrize("row", [compared(0, 1, measure="c2st_accuracy"), compared(None, None)])
def test_other_measures_and_one_seed_say_nothing_of_the_encoder(row: dict[str, Any]) -> None:
    assert answer({}, {}, [row], {}) == []
