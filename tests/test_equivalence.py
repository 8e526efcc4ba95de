"""Intervals, equivalence and power over seeds, against SciPy's own tests and simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from aae.compare.equivalence import ALPHA, POWER, detectable_effect, equivalence_p
from aae.compare.summary import t_interval

SEEDS = 8


def samples(mean: float, std: float, n: int, repeats: int) -> np.ndarray:
    """Differences of n seeds in each of so many studies, (repeats, n)."""
    return np.random.default_rng(0).normal(mean, std, (repeats, n))


def standardised(n: int) -> np.ndarray:
    """As many differences, of mean 0 and standard deviation 1."""
    values = np.random.default_rng(n).standard_normal(n)
    return (values - values.mean()) / values.std(ddof=1)


def test_the_interval_is_students() -> None:
    values = samples(0.3, 2, SEEDS, 1)[0]
    for level in (0.9, 0.95):
        interval = stats.ttest_1samp(values, 0).confidence_interval(level)
        assert t_interval(values, level) == pytest.approx((interval.low, interval.high))
    assert t_interval(values[:1]) == (None, None)


# Equivalence.


@given(
    st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=12).filter(lambda x: np.ptp(x) > 1e-3),
    st.floats(0.01, 2),
)
def test_encoders_are_equivalent_where_the_interval_of_90_percent_lies_inside_the_margins(
    values: list[float], margin: float
) -> None:
    low, high = t_interval(np.array(values), 1 - 2 * ALPHA)
    assert low is not None
    assert high is not None
    p = equivalence_p(np.array(values), margin)
    assert p is not None
    nearest = min(low + margin, margin - high)
    if abs(nearest) > 1e-9:  # Rounding decides on the edge.
        assert (p < ALPHA) == (nearest > 0)


@pytest.mark.parametrize("sign", [-1, 1])
def test_encoders_that_differ_by_the_margin_are_called_equivalent_in_5_percent_of_studies(sign: int) -> None:
    studies = samples(sign * 0.02, 0.004, SEEDS, 4000)  # So small a spread that the other test is no hurdle.
    called = np.mean([p < ALPHA for p in (equivalence_p(study, 0.02) for study in studies) if p is not None])
    assert called == pytest.approx(ALPHA, abs=0.01)  # Standard error 0.0034.


def test_one_seed_shows_nothing() -> None:
    assert equivalence_p(np.array([0.0]), 0.5) is None
    assert detectable_effect(np.array([0.0])) is None


# What could be detected.


@pytest.mark.parametrize("n", [2, 3, 5, 8, 20, 200])
def test_the_detectable_effect_has_the_power_that_the_noncentral_f_distribution_gives_it(n: int) -> None:
    effect = detectable_effect(standardised(n))
    assert effect is not None
    critical = stats.f.ppf(1 - ALPHA, 1, n - 1)
    assert stats.ncf.sf(critical, 1, n - 1, n * effect**2) == pytest.approx(POWER, abs=1e-6)
