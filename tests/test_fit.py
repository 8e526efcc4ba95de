"""The measure of fit: exact where it can be, small for true draws, large for each kind of misfit."""

from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from aae import fit
from aae.errors import UserError
from aae.fit import (
    ANGLES,
    neighbour_accuracy,
    sliced_w2,
    sliced_w2_between,
    sliced_w2_interval,
    transport_costs,
    whiten,
)
from aae.priors import Gaussian, Prior

PRIOR = Gaussian()
OFF_CENTRE = np.array([0.3, 0])
SHIFTS = st.tuples(st.floats(-10, 10), st.floats(-10, 10)).map(np.array)


def draws(n: int, seed: int = 0) -> np.ndarray:
    """True prior draws."""
    return np.random.default_rng(seed).standard_normal((n, 2))


class Band(NamedTuple):
    """What true draws give."""

    mean: float
    std: float


def band(n: int, samples: int) -> Band:
    distances = [sliced_w2(draws(n, 10_000 + sample), PRIOR) for sample in range(samples)]
    return Band(float(np.mean(distances)), float(np.std(distances)))


@pytest.fixture(scope="module")
def null_2000() -> Band:
    return band(2000, 200)


@pytest.fixture(scope="module")
def null_10000() -> Band:
    return band(10_000, 60)


@dataclass(frozen=True)
class Ring(Gaussian):
    """N(0, I) pushed outwards by 2, whose projections have no simple closed form."""

    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """Draws of N(0, I), each moved along its own ray."""
        z = torch.randn(n, 2, generator=generator)
        return z * (1 + 2 / z.norm(dim=1, keepdim=True))

    projected_cells = Prior.projected_cells


@dataclass(frozen=True)
class GaussianOfASample(Gaussian):
    """The Gaussian, but as if its projections' quantiles were not known."""

    projected_cells = Prior.projected_cells


# Exact values.


@pytest.mark.parametrize("n", [2, 10, 1000, 10_000])
@pytest.mark.parametrize("std", [1.0, 5.0])
def test_codes_all_at_the_origin_are_one_standard_deviation_away(n: int, std: float) -> None:
    assert sliced_w2(np.zeros((n, 2)), Gaussian(std)) == pytest.approx(1, abs=1e-12)


def test_codes_at_the_cell_means_of_one_axis_have_the_distance_that_geometry_gives() -> None:
    means, variance = PRIOR.projected_cells(0, 100)
    # Seen under an angle t, the i-th of them lies at cos t times the i-th cell's mean.
    expected = np.mean(means**2) * np.mean((1 - np.abs(np.cos(ANGLES))) ** 2) + variance
    z = np.stack([means, np.zeros(100)], axis=1)
    assert sliced_w2(z, PRIOR) ** 2 == pytest.approx(expected, rel=1e-12)


@settings(deadline=None, max_examples=30)
@given(SHIFTS, st.integers(0, 100))
def test_a_shift_s_of_centred_codes_adds_half_its_square(shift: np.ndarray, seed: int) -> None:
    z = draws(200, seed)
    z -= z.mean(0)
    # Per angle a shift moves every code by s.t, and the mean of (s.t)^2 over the angles is |s|^2 / 2.
    expected = sliced_w2(z, PRIOR) ** 2 + shift @ shift / 2
    assert sliced_w2(z + shift, PRIOR) ** 2 == pytest.approx(expected, rel=1e-9)


@settings(deadline=None, max_examples=30)
@given(st.floats(0, 10), st.integers(0, 100))
def test_a_scale_a_changes_the_square_along_a_known_parabola(a: float, seed: int) -> None:
    z = draws(200, seed)
    # Scaling keeps the order, so the square is 1 - 2 a c + a^2 p with p the mean square of a projection.
    p = np.mean(z**2)
    c = (1 + p - sliced_w2(z, PRIOR) ** 2) / 2
    assert sliced_w2(a * z, PRIOR) ** 2 == pytest.approx(1 - 2 * a * c + a**2 * p, rel=1e-9)


def test_the_unit_is_the_priors_standard_deviation() -> None:
    z = draws(500)
    assert sliced_w2(5 * z, Gaussian(5)) == pytest.approx(sliced_w2(z, PRIOR), rel=1e-12)


def test_the_distance_grows_with_the_shift() -> None:
    z = draws(1000)
    z -= z.mean(0)
    distances = [sliced_w2(z + shift, PRIOR) for shift in (0, 0.02, 0.05, 0.1, 0.3, 1, 10)]
    assert distances == sorted(set(distances))


@pytest.mark.parametrize("scales", [(1.05, 1.1, 1.2, 2, 10), (0.95, 0.9, 0.8, 0.5, 0.1, 0)])
def test_the_distance_grows_with_the_error_of_scale(scales: tuple[float, ...]) -> None:
    distances = [sliced_w2(scale * draws(1000), PRIOR) for scale in scales]
    assert distances == sorted(set(distances))


# Symmetries.


@pytest.mark.parametrize("n", [7, 1000, 9999])
def test_the_order_of_the_codes_does_not_matter_to_the_bit(n: int) -> None:
    z = draws(n)
    assert sliced_w2(np.random.default_rng(1).permutation(z), PRIOR) == sliced_w2(z, PRIOR)


@pytest.mark.parametrize("steps", [1, 5, 16, 32, 63])
def test_turning_the_codes_from_angle_to_angle_does_not_matter(steps: int) -> None:
    turn = steps * np.pi / 32
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    z = draws(500) * [1, 0.5] + [0.3, 0]
    assert sliced_w2(z @ rotation, PRIOR) == pytest.approx(sliced_w2(z, PRIOR), rel=1e-10)


def test_single_precision_is_enough() -> None:
    z = draws(2000)
    assert sliced_w2(z.astype(np.float32), PRIOR) == pytest.approx(sliced_w2(z, PRIOR), rel=1e-5)


# True draws and the null band.


def test_10000_true_draws_give_the_documented_distance(null_10000: Band) -> None:
    assert 0.017 < null_10000.mean < 0.020
    assert 0.001 < null_10000.std < 0.004
    assert sliced_w2(draws(10_000), PRIOR) == pytest.approx(null_10000.mean, abs=4 * null_10000.std)


@pytest.mark.parametrize(
    ("shift", "scale", "documented"), [(0.05, 1, 0.040), (0, 0.98, 0.030), (0, 0.95, 0.051)]
)
def test_small_errors_of_10000_codes_give_the_documented_distances(
    shift: float, scale: float, documented: float
) -> None:
    distances = [sliced_w2(scale * draws(10_000, seed) + [shift, 0], PRIOR) for seed in range(8)]
    assert np.mean(distances) == pytest.approx(documented, rel=0.12)


def test_fresh_draws_lie_within_the_band_as_often_as_they_should(null_2000: Band) -> None:
    offsets = [(sliced_w2(draws(2000, seed), PRIOR) - null_2000.mean) / null_2000.std for seed in range(60)]
    assert np.abs(offsets).max() < 4
    assert np.mean(np.abs(offsets) < 2) >= 0.88
    assert abs(np.mean(offsets)) < 4 / np.sqrt(60)


def hole(z: np.ndarray) -> np.ndarray:
    return z[np.hypot(z[:, 0] - 1, z[:, 1]) > 0.6]


def lost_mode(z: np.ndarray) -> np.ndarray:
    return z[np.arctan2(z[:, 1], z[:, 0]) > -0.8 * np.pi]  # A tenth of the plane, as one digit has.


def correlation(z: np.ndarray) -> np.ndarray:
    return z @ np.linalg.cholesky([[1, 0.3], [0.3, 1]]).T


def heavy_tail(z: np.ndarray) -> np.ndarray:
    return np.sign(z) * np.abs(z) ** 1.3 / np.sqrt(np.mean(np.abs(z) ** 2.6))


@pytest.mark.parametrize("misfit", [hole, lost_mode, correlation, heavy_tail])
def test_every_kind_of_misfit_stands_out_of_the_band(misfit: object, null_2000: Band) -> None:
    assert callable(misfit)
    z = misfit(draws(5000))[:2000]
    assert len(z) == 2000
    assert sliced_w2(z, PRIOR) > null_2000.mean + 5 * null_2000.std


# Priors whose projections are known by a sample alone.


@pytest.mark.parametrize("std", [1.0, 5.0])
def test_the_cells_of_the_fixed_sample_are_the_exact_ones_but_for_its_own_error(std: float) -> None:
    for angle in (0.0, 0.7, 3.0):
        means, variance = GaussianOfASample(std).projected_cells(angle, 1000)
        exact, exact_variance = Gaussian(std).projected_cells(angle, 1000)
        assert (np.diff(means) >= 0).all()
        # As far as 200,000 draws are from their own prior.
        assert np.sqrt(np.mean((means - exact) ** 2)) < 0.02 * std
        # By the law of total variance, within the sampling error of a variance.
        total = np.mean((means - means.mean()) ** 2) + variance
        assert total == pytest.approx(std**2, rel=4 * np.sqrt(2 / 200_000))
        assert variance == pytest.approx(exact_variance, rel=0.2)


@pytest.mark.parametrize("shift", [0, 0.05, 0.5])
def test_the_fixed_sample_measures_the_distance_that_exact_cells_measure(shift: float) -> None:
    z = draws(1000) + np.array([0, shift])
    assert sliced_w2(z, GaussianOfASample()) == pytest.approx(sliced_w2(z, PRIOR), abs=0.006)


def test_a_sample_whose_size_does_not_divide_the_fixed_sample_is_measured_as_well() -> None:
    assert sliced_w2(draws(999), GaussianOfASample()) == pytest.approx(
        sliced_w2(draws(999), PRIOR), abs=0.006
    )


def test_draws_of_a_ring_fit_the_ring_and_draws_of_a_normal_do_not() -> None:
    ring = Ring()
    generator = torch.Generator().manual_seed(1)
    own = [sliced_w2(ring.sample(1000, generator).numpy(), ring) for _ in range(20)]
    assert max(own) < 0.2
    normal = whiten(draws(1000)) * np.sqrt(np.mean(ring.sample(100_000, generator).numpy() ** 2))
    assert sliced_w2(normal, ring) > 2 * max(own)


# Each code's part.


@pytest.mark.parametrize("std", [1.0, 5.0])
def test_the_mean_cost_is_the_squared_distance(std: float) -> None:
    z = std * (draws(777) * [1, 0.8] + [0.1, 0])
    costs = transport_costs(z, Gaussian(std))
    assert costs.shape == (777,)
    assert costs.mean() == pytest.approx(sliced_w2(z, Gaussian(std)) ** 2, rel=1e-10)


def test_every_cost_belongs_to_its_own_code() -> None:
    z = draws(500)
    order = np.random.default_rng(1).permutation(500)
    np.testing.assert_allclose(transport_costs(z[order], PRIOR), transport_costs(z, PRIOR)[order], rtol=1e-12)


def test_the_code_that_lies_farthest_from_its_place_costs_the_most() -> None:
    z = draws(1000)
    z[123] = [8, 0]
    assert transport_costs(z, PRIOR).argmax() == 123


# The interval.


def test_the_interval_holds_the_measured_distance_and_is_the_same_at_every_call() -> None:
    z = draws(500) + OFF_CENTRE
    low, high = sliced_w2_interval(z, PRIOR)
    assert 0 < low < sliced_w2(z, PRIOR) < high
    assert sliced_w2_interval(z, PRIOR) == (low, high)


def test_a_higher_level_asks_for_a_wider_interval() -> None:
    z = draws(500) + OFF_CENTRE
    low, high = sliced_w2_interval(z, PRIOR, level=0.5)
    wider_low, wider_high = sliced_w2_interval(z, PRIOR, level=0.99)
    assert wider_low < low < high < wider_high


def test_the_interval_of_true_draws_does_not_fall_below_0() -> None:
    low, high = sliced_w2_interval(whiten(draws(200)), PRIOR)
    assert 0 <= low < high


def test_the_interval_is_in_the_priors_standard_deviations() -> None:
    z = draws(300) + OFF_CENTRE
    assert sliced_w2_interval(5 * z, Gaussian(5)) == pytest.approx(sliced_w2_interval(z, PRIOR), rel=1e-9)


def test_the_interval_holds_the_mean_distance_of_shifted_codes_as_often_as_it_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fit, "BOOTSTRAP_DRAWS", 100)

    def sample(seed: int) -> np.ndarray:
        return draws(500, seed) + OFF_CENTRE

    others = np.array([sliced_w2(sample(1000 + seed), PRIOR) for seed in range(500)])
    repetitions = 50
    intervals = np.array([sliced_w2_interval(sample(seed), PRIOR) for seed in range(repetitions)])
    covered = np.sum((intervals[:, 0] <= others.mean()) & (others.mean() <= intervals[:, 1]))
    assert covered >= stats.binom.ppf(1e-3, repetitions, 0.95)
    # Nor is it wide for nothing.
    assert np.ptp(intervals, axis=1).mean() == pytest.approx(2 * 1.96 * others.std(), rel=0.15)


# Two samples.


def test_a_sample_is_at_no_distance_from_itself_once_or_repeated() -> None:
    z = draws(400)
    assert sliced_w2_between(z, z, 1) == 0
    assert sliced_w2_between(z, np.concatenate([z, z, z]), 1) == pytest.approx(0, abs=1e-7)


@settings(deadline=None, max_examples=30)
@given(SHIFTS)
def test_a_shift_between_two_samples_is_recovered(shift: np.ndarray) -> None:
    z = draws(200)
    assert sliced_w2_between(z + shift, z, 1) == pytest.approx(np.linalg.norm(shift) / np.sqrt(2), abs=1e-9)
    assert sliced_w2_between(z + shift, z, 5) == pytest.approx(np.linalg.norm(shift) / np.sqrt(50), abs=1e-9)


def test_the_distance_to_a_large_sample_of_the_prior_is_nearly_that_to_the_prior() -> None:
    z = draws(500) + OFF_CENTRE
    assert sliced_w2_between(z, draws(100_000, 1), 1) == pytest.approx(sliced_w2(z, PRIOR), abs=0.01)


def test_the_order_of_rows_in_either_sample_does_not_matter() -> None:
    z, reference = draws(300), draws(900, 1)
    generator = np.random.default_rng(2)
    shuffled = sliced_w2_between(generator.permutation(z), generator.permutation(reference), 1)
    assert shuffled == pytest.approx(sliced_w2_between(z, reference, 1), rel=1e-12)


def test_reference_codes_beyond_the_last_whole_multiple_sit_it_out() -> None:
    z, reference = draws(300), draws(900, 1)
    more = np.concatenate([reference, np.full((299, 2), 1e6)])
    assert sliced_w2_between(z, more, 1) == sliced_w2_between(z, reference, 1)
    assert sliced_w2_between(z, np.concatenate([more, more[-1:]]), 1) > 1000


# Whitening.


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.floats(0.1, 10), min_size=2, max_size=2),
    st.lists(st.floats(0, np.pi), min_size=2, max_size=2),
    SHIFTS,
)
def test_whitening_undoes_any_affine_map_up_to_a_rotation(
    scales: list[float], turns: list[float], shift: np.ndarray
) -> None:
    first, second = (np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]]) for t in turns)
    z = draws(50) ** 3
    mapped = whiten(z @ first @ np.diag(scales) @ second + shift)
    np.testing.assert_allclose(mapped.mean(0), 0, atol=1e-9)
    np.testing.assert_allclose(np.cov(mapped, rowvar=False), np.eye(2), atol=1e-9)
    # Inner products do not see a rotation.
    np.testing.assert_allclose(mapped @ mapped.T, whiten(z) @ whiten(z).T, atol=1e-7)


def test_whitening_leaves_codes_that_are_white_already_where_they_are() -> None:
    z = whiten(draws(100))
    np.testing.assert_allclose(whiten(z), z, atol=1e-12)


def test_after_whitening_only_the_shape_is_left_to_measure(null_2000: Band) -> None:
    z = draws(2000) @ [[3, 1], [0, 0.2]] + [5, -7]
    assert sliced_w2(z, PRIOR) > 100 * null_2000.mean
    assert sliced_w2(whiten(z), PRIOR) < null_2000.mean
    ring = z / np.linalg.norm(whiten(z), axis=1, keepdims=True)
    assert sliced_w2(whiten(ring), PRIOR) > null_2000.mean + 5 * null_2000.std


@pytest.mark.parametrize("line", [[0, 0], [1, 0], [0.3, -0.7]])
def test_codes_on_one_line_are_called_collapsed(line: list[float]) -> None:
    with pytest.raises(UserError, match="collapsed"):
        whiten(np.outer(np.linspace(-1, 1, 100), line) + np.array([5, 7]))


def test_whitening_in_single_precision_does_not_depend_on_the_memory_layout() -> None:
    z = draws(600).astype(np.float32)
    np.testing.assert_allclose(whiten(z), whiten(np.asfortranarray(z)), rtol=0, atol=1e-12)


# Neighbours.


def possible_accuracies(z: np.ndarray, y: np.ndarray, k: int) -> tuple[float, float]:
    """Lowest and highest accuracy over all choices among neighbours that are equally far."""
    lowest, highest = [], []
    for place in range(len(z)):
        distances = ((z - z[place]) ** 2).sum(1)
        distances[place] = np.iinfo(distances.dtype).max
        limit = np.sort(distances)[k - 1]
        nearer, tied = y[distances < limit], y[distances == limit]
        right = [
            np.bincount([*nearer, *chosen]).argmax() == y[place]
            for chosen in combinations(tied, k - len(nearer))
        ]
        lowest.append(all(right))
        highest.append(any(right))
    return float(np.mean(lowest)), float(np.mean(highest))


@settings(deadline=None, max_examples=100)
@given(st.integers(5, 14), st.integers(1, 4), st.sampled_from([1, 2, 3, 1000]), st.integers(0, 2**32))
def test_neighbour_accuracy_is_what_brute_force_gives(n: int, k: int, spread: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    z = generator.integers(0, spread, (n, 2))  # Many duplicates where the spread is small.
    y = generator.integers(0, 3, n).astype(np.uint8)
    lowest, highest = possible_accuracies(z, y, k)
    assert lowest <= neighbour_accuracy(z.astype(np.float32), y, k) <= highest


def test_digits_in_separate_clusters_are_all_named_right() -> None:
    y = np.repeat(np.arange(10, dtype=np.uint8), 30)
    z = 0.1 * draws(300) + np.stack([10 * y.astype(float), np.zeros(300)], axis=1)
    assert neighbour_accuracy(z, y) == 1


def test_digits_that_collapse_to_ten_points_are_all_named_right() -> None:
    y = np.repeat(np.arange(10, dtype=np.uint8), 30)
    assert neighbour_accuracy(np.stack([y, y], axis=1).astype(float), y) == 1


def test_a_code_has_no_vote_on_its_own_digit() -> None:
    pairs = np.repeat(np.arange(100.0), 2)
    z = np.stack([10 * pairs, np.tile([0.0, 1.0], 100)], axis=1)
    assert neighbour_accuracy(z, np.tile([0, 1], 100), k=1) == 0


def test_codes_that_know_nothing_of_the_digits_are_at_chance() -> None:
    y = np.random.default_rng(1).integers(0, 10, 5000)
    assert neighbour_accuracy(draws(5000), y) == pytest.approx(0.1, abs=0.02)
