"""Encoders compared in pairs over seeds: intervals, equivalence and power, against SciPy."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from aae.compare.equivalence import (
    ALPHA,
    POWER,
    contrasts,
    detectable_effect,
    equivalence_p,
    equivalence_power,
)

SEEDS = 8


def samples(mean: float, std: float, n: int, repeats: int) -> np.ndarray:
    """Differences of n seeds in each of so many studies, (repeats, n)."""
    return np.random.default_rng(0).normal(mean, std, (repeats, n))


def standardised(n: int) -> np.ndarray:
    """As many differences, of mean 0 and standard deviation 1."""
    values = np.random.default_rng(n).standard_normal(n)
    return (values - values.mean()) / values.std(ddof=1)


# Equivalence.


@given(
    st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=12).filter(lambda x: np.ptp(x) > 1e-3),
    st.floats(0.01, 2),
)
def test_encoders_are_equivalent_where_the_interval_of_90_percent_lies_inside_the_margins(
    values: list[float], margin: float
) -> None:
    low, high = stats.ttest_1samp(values, 0).confidence_interval(1 - 2 * ALPHA)
    p = equivalence_p(np.array(values), margin)
    assert p is not None
    nearest = min(float(low) + margin, margin - float(high))
    if abs(nearest) > 1e-9:  # Rounding decides on the edge.
        assert (p < ALPHA) == (nearest > 0)


@pytest.mark.parametrize("sign", [-1, 1])
def test_encoders_that_differ_by_the_margin_are_called_equivalent_in_5_percent_of_studies(sign: int) -> None:
    studies = samples(sign * 0.02, 0.004, SEEDS, 4000)  # So small a spread that the other test is no hurdle.
    called = np.mean([p < ALPHA for p in (equivalence_p(study, 0.02) for study in studies) if p is not None])
    assert called == pytest.approx(ALPHA, abs=0.01)  # Standard error 0.0034.


# What could be detected.


@pytest.mark.parametrize("n", [2, 3, 5, 8, 20, 200])
def test_the_detectable_effect_has_the_power_that_the_noncentral_f_distribution_gives_it(n: int) -> None:
    effect = detectable_effect(standardised(n))
    assert effect is not None
    critical = stats.f.ppf(1 - ALPHA, 1, n - 1)
    assert stats.ncf.sf(critical, 1, n - 1, n * effect**2) == pytest.approx(POWER, abs=1e-6)


# Contrasts.


WIDE = {"kl": 0.02, "sliced_w2": 0.01}
KEYS = [
    "prior", "encoders", "measure", "seeds", "difference", "low", "high", "margin", "p_equivalence",
    "equivalent", "power", "detectable", "seed_std",
]  # fmt: skip


def grid(values: dict[tuple[str, str], list[float]], **others: float) -> list[dict[str, Any]]:
    return [
        {"encoder": encoder, "prior": prior, "seed": seed, "kl": value, **others}
        for (encoder, prior), column in values.items()
        for seed, value in enumerate(column)
    ]


def test_a_contrast_is_the_paired_t_interval_beside_a_test_of_equivalence() -> None:
    one, other = np.array([0.05, 0.06, 0.055]), np.array([0.04, 0.057, 0.05])
    rows = grid({("universal", "gaussian"): list(one), ("gaussian", "gaussian"): list(other)})
    (found,) = contrasts(rows, WIDE)
    interval = stats.ttest_rel(one, other).confidence_interval(0.95)
    assert list(found) == KEYS
    assert found == {
        "prior": "gaussian",
        "encoders": "universal - gaussian",
        "measure": "kl",
        "seeds": 3,
        "difference": pytest.approx(0.006),
        "low": pytest.approx(interval.low),
        "high": pytest.approx(interval.high),
        "margin": 0.02,
        "p_equivalence": equivalence_p(one - other, 0.02),
        "equivalent": True,
        "power": equivalence_power(one - other, 0.02),
        "detectable": detectable_effect(one - other),
        "seed_std": pytest.approx(np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / 2)),
    }
    assert found["p_equivalence"] < 0.05


def test_every_two_encoders_of_a_prior_are_compared_and_priors_do_not_mix() -> None:
    values = {
        (encoder, prior): [base, base + 1]
        for encoder, base in [("deterministic", 1.0), ("gaussian", 3.0), ("universal", 7.0)]
        for prior in ("gaussian", "uniform")
    }
    found = contrasts(grid(values, total_variation=0.5), WIDE)
    assert len(found) == 2 * 3 * 2
    differences = {(r["prior"], r["encoders"], r["measure"]): r["difference"] for r in found}
    for prior in ("gaussian", "uniform"):
        assert differences[prior, "deterministic - gaussian", "kl"] == -2
        assert differences[prior, "deterministic - universal", "kl"] == -6
        assert differences[prior, "gaussian - universal", "kl"] == -4
        assert differences[prior, "gaussian - universal", "total_variation"] == 0


def test_seeds_are_paired_by_number_whatever_the_order_of_rows() -> None:
    rows = grid({("universal", "gaussian"): [1.0, 5.0, 9.0], ("gaussian", "gaussian"): [0.5, 4.0, 9.5]})
    assert contrasts(rows[:3] + rows[:2:-1], WIDE) == contrasts(rows, WIDE)


def test_a_seed_that_one_encoder_lacks_is_left_out_of_its_pairs_alone() -> None:
    rows = grid(
        {
            ("deterministic", "gaussian"): [1.0, 2.0, 3.0],
            ("gaussian", "gaussian"): [1.5, 2.0, 3.0],
            ("universal", "gaussian"): [9.0, 2.5],
        }
    )
    found = {row["encoders"]: row for row in contrasts(rows, WIDE)}
    assert {name: row["seeds"] for name, row in found.items()} == {
        "deterministic - gaussian": 3,
        "deterministic - universal": 2,
        "gaussian - universal": 2,
    }
    assert found["gaussian - universal"]["difference"] == -4
    none_in_common = [row for row in rows if (row["encoder"] == "universal") == (row["seed"] > 0)]
    assert {row["encoders"] for row in contrasts(none_in_common, WIDE)} == {"deterministic - gaussian"}


def test_one_seed_has_a_difference_and_no_more() -> None:
    rows = grid({("universal", "gaussian"): [3.0], ("gaussian", "gaussian"): [1.0]})
    (found,) = contrasts(rows, WIDE)
    assert (found["difference"], found["seeds"], found["margin"]) == (2, 1, 0.02)
    assert [
        found[key]
        for key in ("low", "high", "p_equivalence", "equivalent", "power", "detectable", "seed_std")
    ] == [None] * 7


def test_seeds_that_differ_by_the_same_have_an_interval_of_one_point() -> None:
    rows = grid({("universal", "gaussian"): [0.75, 1.5], ("gaussian", "gaussian"): [0.5, 1.25]})
    (found,) = contrasts(rows, WIDE)
    assert (found["low"], found["difference"], found["high"]) == (0.25, 0.25, 0.25)
    assert (found["equivalent"], found["p_equivalence"], found["detectable"]) == (False, 1, 0)
    (close,) = contrasts(rows, {"kl": 0.3, "sliced_w2": 0.01})
    assert (close["equivalent"], close["p_equivalence"]) == (True, 0)
