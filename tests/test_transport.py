"""What goes with the sliced W2: its excess, its interval, and two samples."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import linear_sum_assignment

from aae.measure import distances
from aae.measure.distances import (
    directions,
    excess,
    match_moments,
    sliced_w2,
    sliced_w2_between,
    sliced_w2_interval,
)
from aae.model.priors import Gaussian

PRIOR = Gaussian()
OFF_CENTRE = np.array([0.3, 0])
SHIFTS = st.tuples(st.floats(-10, 10), st.floats(-10, 10)).map(np.array)


def normal_samples(n: int, seed: int = 0, dim: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, dim))


# Excess.


def test_the_excess_takes_the_nulls_square_off() -> None:
    assert excess(0.5, 0.3) == pytest.approx(0.4)
    assert excess(0.3, 0) == pytest.approx(0.3)


@pytest.mark.parametrize("distance", [0.0, 0.01, 0.02])
def test_a_distance_as_prior_samples_have_leaves_no_excess(distance: float) -> None:
    assert excess(distance, 0.02) == 0


def test_the_excess_of_a_shift_is_its_own_distance_whatever_the_number_of_codes() -> None:
    def mean_square(n: int, shift: float) -> float:
        samples = (normal_samples(n, seed) + np.array([shift, 0]) for seed in range(60))
        return float(np.mean([sliced_w2(z, PRIOR) ** 2 for z in samples]))

    for n in (200, 2000):
        found = excess(np.sqrt(mean_square(n, 0.3)), np.sqrt(mean_square(n, 0)))
        assert found == pytest.approx(0.3 / np.sqrt(2), abs=0.02)


# The interval.


def test_the_interval_holds_the_measured_distance_and_is_the_same_at_every_call() -> None:
    z = normal_samples(500) + OFF_CENTRE
    low, high = sliced_w2_interval(z, PRIOR)
    assert 0 < low < sliced_w2(z, PRIOR) < high
    assert sliced_w2_interval(z, PRIOR) == (low, high)


def test_a_higher_level_asks_for_a_wider_interval() -> None:
    z = normal_samples(500) + OFF_CENTRE
    low, high = sliced_w2_interval(z, PRIOR, level=0.5)
    wider_low, wider_high = sliced_w2_interval(z, PRIOR, level=0.99)
    assert wider_low < low < high < wider_high


def test_the_interval_of_prior_samples_does_not_fall_below_0() -> None:
    low, high = sliced_w2_interval(match_moments(normal_samples(200), PRIOR), PRIOR)
    assert 0 <= low < high


def test_the_interval_is_in_the_priors_standard_deviations() -> None:
    z = normal_samples(300) + OFF_CENTRE
    assert sliced_w2_interval(5 * z, Gaussian(5)) == pytest.approx(sliced_w2_interval(z, PRIOR), rel=1e-9)


def test_the_interval_holds_the_mean_distance_of_shifted_codes_as_often_as_it_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(distances, "BOOTSTRAP_SAMPLES", 100)

    def sample(seed: int) -> np.ndarray:
        return normal_samples(500, seed) + OFF_CENTRE

    others = np.array([sliced_w2(sample(1000 + seed), PRIOR) for seed in range(500)])
    repetitions = 50
    intervals = np.array([sliced_w2_interval(sample(seed), PRIOR) for seed in range(repetitions)])
    covered = np.sum((intervals[:, 0] <= others.mean()) & (others.mean() <= intervals[:, 1]))
    assert covered >= stats.binom.ppf(1e-3, repetitions, 0.95)
    # Nor is it wide for nothing.
    assert np.ptp(intervals, axis=1).mean() == pytest.approx(2 * 1.96 * others.std(), rel=0.15)


# Two samples.


def assigned_w2(z: np.ndarray, reference: np.ndarray) -> float:
    """By the optimal assignment of all pairs in each direction, each code as often as it takes."""
    z = np.repeat(z, len(reference) // len(z), axis=0)
    squares = []
    for direction in directions(z.shape[1]):
        costs = ((z @ direction)[:, None] - reference @ direction) ** 2
        squares.append(costs[linear_sum_assignment(costs)].mean())
    return float(np.sqrt(np.mean(squares)))


@pytest.mark.parametrize("dim", [2, 8])
@pytest.mark.parametrize("times", [1, 3])
def test_the_distance_between_two_samples_is_that_of_the_optimal_assignment(dim: int, times: int) -> None:
    z, reference = normal_samples(25, 0, dim) + 0.3, normal_samples(25 * times, 1, dim) ** 3
    assert sliced_w2_between(z, reference, 1) == pytest.approx(assigned_w2(z, reference), rel=1e-9)


def test_a_sample_is_at_no_distance_from_itself_once_or_repeated() -> None:
    z = normal_samples(400)
    assert sliced_w2_between(z, z, 1) == 0
    assert sliced_w2_between(z, np.concatenate([z, z, z]), 1) == pytest.approx(0, abs=1e-7)


@settings(deadline=None, max_examples=30)
@given(SHIFTS)
def test_a_shift_between_two_samples_is_recovered(shift: np.ndarray) -> None:
    z = normal_samples(200)
    assert sliced_w2_between(z + shift, z, 1) == pytest.approx(np.linalg.norm(shift) / np.sqrt(2), abs=1e-9)
    assert sliced_w2_between(z + shift, z, 5) == pytest.approx(np.linalg.norm(shift) / np.sqrt(50), abs=1e-9)


def test_the_distance_to_a_large_sample_of_the_prior_is_nearly_that_to_the_prior() -> None:
    z = normal_samples(500) + OFF_CENTRE
    assert sliced_w2_between(z, normal_samples(100_000, 1), 1) == pytest.approx(sliced_w2(z, PRIOR), abs=0.01)


def test_the_order_of_rows_in_either_sample_does_not_matter() -> None:
    z, reference = normal_samples(300), normal_samples(900, 1)
    generator = np.random.default_rng(2)
    shuffled = sliced_w2_between(generator.permutation(z), generator.permutation(reference), 1)
    assert shuffled == pytest.approx(sliced_w2_between(z, reference, 1), rel=1e-12)


def test_reference_codes_beyond_the_last_whole_multiple_sit_it_out() -> None:
    z, reference = normal_samples(300), normal_samples(900, 1)
    more = np.concatenate([reference, np.full((299, 2), 1e6)])
    assert sliced_w2_between(z, more, 1) == sliced_w2_between(z, reference, 1)
    assert sliced_w2_between(z, np.concatenate([more, more[-1:]]), 1) > 1000
