"""The two-sample tests: exact where a formula or another library can say, blind to what they should be."""

import numpy as np
import pytest
import torch
from conftest import normal_samples
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from aae.measure.two_sample import c2st_accuracy, c2st_standard_error, holes, ks_radius
from aae.model.parts import PRIORS, prior_class
from aae.model.priors.gaussian import Gaussian

PRIOR = Gaussian()


# Kolmogorov and Smirnov.


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 300), st.sampled_from([2, 8]), st.floats(0.1, 5), st.floats(-3, 3), st.integers(0, 100))
def test_the_ks_statistic_is_scipys(n: int, dim: int, scale: float, shift: float, seed: int) -> None:
    z = scale * normal_samples(n, seed, dim) + shift
    squares = (z**2).sum(1)
    assert ks_radius(z) == pytest.approx(stats.kstest(squares, "chi2", args=(dim,)).statistic, abs=1e-9)


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


# The classifier.


def test_the_classifier_says_the_same_at_every_call_and_sees_a_shift() -> None:
    z = normal_samples(2000) + np.array([0.5, 0])
    accuracy = c2st_accuracy(z, PRIOR)
    assert c2st_accuracy(z, PRIOR) == accuracy
    # The best classifier of two normals at distance d is right with probability Phi(d / 2).
    assert 0.5 + 4 * c2st_standard_error(2000) < accuracy < stats.norm.cdf(0.25) + 0.03
