"""The power of the test of equivalence, as simulated differences have it."""

import numpy as np
import pytest
from scipy import stats

from aae.compare.equivalence import equivalence_power


@pytest.mark.parametrize(("n", "spread"), [(8, 0.012), (8, 0.008), (8, 0.004), (32, 0.012), (3, 0.03)])
def test_the_power_of_equivalence_is_that_of_simulated_differences(n: int, spread: float) -> None:
    """Simulate normal differences about 0 with just the spread that was seen."""
    seen = np.random.default_rng(0).standard_normal(n)
    seen = spread * (seen - seen.mean()) / seen.std(ddof=1)
    draws = spread * np.random.default_rng(1).standard_normal((40_000, n))
    reach = stats.t.ppf(0.95, n - 1) * draws.std(1, ddof=1) / np.sqrt(n)
    shown = np.mean(np.abs(draws.mean(1)) + reach < 0.01)
    power = equivalence_power(seen, 0.01)
    assert power is not None
    assert power == pytest.approx(shown, abs=0.02)


def test_one_seed_has_no_power_and_equal_differences_have_all() -> None:
    assert equivalence_power(np.array([0.1]), 0.2) is None
    assert equivalence_power(np.array([0.1, 0.1]), 0.2) == 1.0
