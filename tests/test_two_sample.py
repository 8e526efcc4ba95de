"""The two-sample tests: exact where a formula or another library can say, blind to what they should be."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from aae.measure.two_sample import c2st_accuracy, c2st_standard_error, holes, ks_radius
from aae.model.parts import PRIORS, prior_class
from aae.model.priors.gaussian import Gaussian
from aae.model.randomness import named_generator

PRIOR = Gaussian()


def normal_samples(n: int, seed: int = 0, dim: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, dim))


# Kolmogorov and Smirnov.


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 300), st.sampled_from([2, 8]), st.floats(0.1, 5), st.floats(-3, 3), st.integers(0, 100))
def test_the_ks_statistic_is_scipys(n: int, dim: int, scale: float, shift: float, seed: int) -> None:
    z = scale * normal_samples(n, seed, dim) + shift
    squares = (z**2).sum(1)
    assert ks_radius(z) == pytest.approx(stats.kstest(squares, "chi2", args=(dim,)).statistic, abs=1e-9)


def test_the_ks_statistic_of_codes_at_the_middles_of_equal_steps_is_half_a_step() -> None:
    u = (np.arange(50) + 0.5) / 50
    turned = np.stack([stats.rayleigh.ppf(u), np.zeros(50)], axis=1)
    assert ks_radius(turned) == pytest.approx(0.01, abs=1e-12)


def test_the_ks_statistic_of_codes_at_the_origin_is_1() -> None:
    assert ks_radius(np.zeros((100, 2))) == 1


@pytest.mark.parametrize("name", PRIORS)
def test_normal_scores_and_percentiles_of_samples_of_any_prior_follow_the_null_distribution(
    name: str,
) -> None:
    prior = prior_class(name)(5)
    z = prior.sample(2000, torch.Generator().manual_seed(2)).numpy()
    u = prior.to_uniform(z.astype(np.float64))
    critical = stats.kstwo.isf(1e-3, 2000)
    assert ks_radius(prior.to_normal(z)) < critical
    assert holes(u) < 0.03
    moved = z + np.float32(2.5)
    assert ks_radius(prior.to_normal(moved)) > critical
    assert holes(prior.to_uniform(moved.astype(np.float64))) > 0.03


# Holes.


def cell_middles(side: int) -> np.ndarray:
    """Percentiles of one code in each of side x side cells of equal mass."""
    middles = (np.arange(side) + 0.5) / side
    return np.stack(np.meshgrid(middles, middles), axis=-1).reshape(-1, 2)


@pytest.mark.parametrize("empty", [0, 1, 7, 99])
def test_holes_are_the_share_of_cells_that_no_code_reaches(empty: int) -> None:
    # 500 codes make 10 x 10 cells; the codes of the emptied ones go to the last cell, which stays filled.
    places = np.append(99, np.random.default_rng(empty).permutation(99))
    kept = places[: 100 - empty]
    u = np.ones((500, 2))
    u[: len(kept)] = cell_middles(10)[kept]
    assert holes(u) == pytest.approx(empty / 100, abs=1e-12)


def test_prior_samples_leave_the_share_of_cells_empty_that_chance_would() -> None:
    left = np.mean([holes(np.random.default_rng(seed).random((500, 2))) for seed in range(200)])
    assert left == pytest.approx(0.99**500, rel=0.15)  # Each of 100 cells is missed by 500 codes.


@pytest.mark.parametrize("name", ["gaussian", "uniform"])
def test_codes_far_outside_fall_into_the_cells_of_the_corners(name: str) -> None:
    corners = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]]) * 1e6
    u = prior_class(name)().to_uniform(np.tile(corners, (125, 1)))
    assert holes(u) == pytest.approx(0.96, abs=1e-12)


@pytest.mark.parametrize("n", [1, 4, 5, 19])
def test_fewer_codes_than_four_cells_need_leave_no_hole(n: int) -> None:
    assert holes(np.random.default_rng(0).random((n, 2))) == 0


# The classifier.


@pytest.mark.parametrize("shift", [[20, 0], [-9, 9]])
def test_codes_far_from_the_prior_are_all_classified_right(shift: list[float]) -> None:
    assert c2st_accuracy(normal_samples(400) + np.array(shift), PRIOR) == 1


def test_codes_that_collapsed_to_the_origin_are_nearly_all_classified_right() -> None:
    # All but the prior samples that lie closer to it than their k-th neighbour.
    assert c2st_accuracy(np.zeros((900, 2)), PRIOR) > 0.95


def test_prior_samples_are_classified_right_about_as_often_as_a_coin_is() -> None:
    accuracies = [c2st_accuracy(normal_samples(400, seed), PRIOR) for seed in range(20)]
    assert np.abs(np.array(accuracies) - 0.5).max() < 4 * c2st_standard_error(400)


def test_the_classifiers_standard_error_is_that_of_prior_samples() -> None:
    """Other prior samples each time, which the measure itself keeps fixed."""

    class Other(Gaussian):
        seed = 0

        def sample(self, n: int, generator: object) -> object:  # type: ignore[override]
            """The named generator would repeat itself."""
            return super().sample(n, named_generator(Other.seed, "other prior samples"))

    accuracies = []
    for Other.seed in range(80):
        accuracies.append(c2st_accuracy(normal_samples(400, Other.seed), Other()))
    assert np.mean(accuracies) == pytest.approx(0.5, abs=4 * c2st_standard_error(400) / np.sqrt(80))
    spread = np.std(accuracies) / c2st_standard_error(400)
    # The standard error is the limit for many neighbours; 2n independent coins would give 0.78.
    assert 0.8 < spread < 1.15


def test_the_classifier_says_the_same_at_every_call_and_sees_a_shift() -> None:
    z = normal_samples(2000) + np.array([0.5, 0])
    accuracy = c2st_accuracy(z, PRIOR)
    assert c2st_accuracy(z, PRIOR) == accuracy
    # The best classifier of two normals at distance d is right with probability Phi(d / 2).
    assert 0.5 + 4 * c2st_standard_error(2000) < accuracy < stats.norm.cdf(0.25) + 0.03


# All of them.


@settings(deadline=None, max_examples=20)
@given(st.integers(20, 300), st.integers(0, 1000))
def test_the_order_of_codes_does_not_matter(n: int, seed: int) -> None:
    z = normal_samples(n, seed)
    other = np.random.default_rng(seed + 1).permutation(z)
    assert ks_radius(other) == ks_radius(z)
    assert holes(PRIOR.to_uniform(other)) == holes(PRIOR.to_uniform(z))


def test_the_order_of_codes_moves_the_classifier_no_more_than_its_error() -> None:
    # It decides which half of the data a code falls in.
    z = normal_samples(600) + np.array([0.3, 0])
    accuracies = [c2st_accuracy(np.random.default_rng(seed).permutation(z), PRIOR) for seed in range(10)]
    assert np.ptp(accuracies) < 3 * c2st_standard_error(600)


@settings(deadline=None, max_examples=20)
@given(st.floats(0, 2 * np.pi), st.integers(0, 100))
def test_a_rotation_leaves_the_radius_alone(angle: float, seed: int) -> None:
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    z = normal_samples(200, seed) * np.array([1, 0.5]) + np.array([0.3, 0])
    assert ks_radius(z @ rotation) == pytest.approx(ks_radius(z), abs=1e-12)


def test_single_precision_is_enough() -> None:
    z = normal_samples(1000)
    assert ks_radius(z.astype(np.float32)) == pytest.approx(ks_radius(z), abs=1e-6)
