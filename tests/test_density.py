"""Total variation and nearly empty mass: close to known densities, a lower bound, 0 for prior samples."""

import numpy as np
import pytest
from conftest import prior_samples
from hypothesis import given, settings
from hypothesis import strategies as st
from quadrature import Misfit, misfit_of
from scipy.spatial import KDTree

from aae.measure import density
from aae.measure.density import density_misfit, is_below, total_variation
from aae.model.priors.base import Prior
from aae.model.priors.gaussian import Gaussian
from aae.model.priors.mixture import Mixture
from aae.model.priors.swiss_roll import SwissRoll
from aae.model.priors.uniform import Uniform

PRIOR = Gaussian()
N = 20_000
# Of a share of the codes or of the prior's samples: standard deviations of 0.5 / sqrt(N).
ERROR = 0.0035


def assert_found(numbers: dict[str, float], expected: Misfit, smoothing: float) -> None:
    """No more than there is, and less by what the smoothing of nearest neighbours hides at most."""
    for name, value in numbers.items():
        there = getattr(expected, name)
        assert there - smoothing < value < there + 4 * ERROR, name


# Known densities.


@pytest.mark.parametrize(("scale", "smoothing"), [(0.5, 0.04), (0.7, 0.08), (1.6, 0.03)])
def test_of_scaled_gaussians_they_are_what_the_chi_square_distribution_gives(
    scale: float, smoothing: float
) -> None:
    # q / p is exp(-c r^2) / scale^2, and half of r^2 of N(0, I) is exponential.
    c = 0.5 * (scale**-2 - 1)

    def mass_below(ratio: float, std: float) -> float:
        """Mass of N(0, std^2 I) where q / p is below the ratio: beyond a circle, or within it."""
        square = -np.log(ratio * scale**2) / c
        beyond = float(np.exp(-max(square, 0) / (2 * std**2)))
        return beyond if c > 0 else 1 - beyond

    expected = misfit_of(Gaussian(scale), PRIOR)
    assert expected.total_variation == pytest.approx(mass_below(1, 1) - mass_below(1, scale), abs=1e-3)
    assert expected.below_half == pytest.approx(mass_below(0.5, 1), abs=3e-3)
    assert expected.below_quarter == pytest.approx(mass_below(0.25, 1), abs=3e-3)
    assert_found(density_misfit(prior_samples(Gaussian(scale), N), PRIOR), expected, smoothing)


@pytest.mark.parametrize(
    ("q", "p", "smoothing"),
    [(Mixture(), Gaussian(), 0.3), (Gaussian(), Uniform(), 0.03), (Uniform(), Gaussian(), 0.13)],
    ids=["mixture, gaussian", "gaussian, uniform", "uniform, gaussian"],
)
def test_of_one_prior_held_against_another_they_are_what_the_grid_gives(
    q: Prior, p: Prior, smoothing: float
) -> None:
    assert_found(density_misfit(prior_samples(q, N), p), misfit_of(q, p), smoothing)


@pytest.mark.parametrize("dim", [2, 8])
def test_codes_where_the_prior_is_not_differ_in_all_mass(dim: int) -> None:
    prior = Gaussian(dim=dim)
    far = prior_samples(prior, 2000) + 30
    for z in (far, 1e6 * far):
        assert min(density_misfit(z, prior).values()) > 0.999


@pytest.mark.parametrize("prior", [Uniform(), SwissRoll()], ids=["uniform", "swiss roll"])
def test_codes_outside_the_support_are_above_any_multiple_of_the_prior(prior: Prior) -> None:
    z = prior_samples(prior, 2000)
    outside = np.zeros((500, 2)) + np.array([0, 1.8] if prior.name == "uniform" else [0, 0])
    tree = KDTree(np.concatenate([z, outside]).astype(np.float64))
    assert not is_below(1, tree, outside, prior).any()
    numbers = density_misfit(np.concatenate([z, outside]), prior)
    assert numbers["total_variation"] == pytest.approx(0.2, abs=0.06)


# The estimator.


@settings(deadline=None, max_examples=20)
@given(st.integers(50, 300), st.sampled_from([1, 2, 3]), st.floats(0.1, 4), st.integers(0, 1000))
def test_is_below_is_what_sorted_distances_give(n: int, dim: int, ratio: float, seed: int) -> None:
    generator = np.random.default_rng(seed)
    z, points = generator.standard_normal((n, dim)), generator.standard_normal((40, dim))
    prior = Gaussian(dim=dim)
    farthest = np.sort(np.linalg.norm(points[:, None] - z, axis=2), axis=1)[:, density.NEIGHBOURS - 1]
    volume = {1: 2, 2: np.pi, 3: 4 / 3 * np.pi}[dim] * farthest**dim
    expected = density.NEIGHBOURS / (n * volume) < ratio * np.exp(prior.log_density(points))
    np.testing.assert_array_equal(is_below(ratio, KDTree(z), points, prior), expected)


@pytest.mark.parametrize("prior", [PRIOR, Uniform(), Mixture(), Gaussian(dim=8)], ids=lambda p: p.name)
def test_the_total_variation_of_prior_samples_is_0_on_average(prior: Prior) -> None:
    # Fresh samples of the prior each time; the measure's own are fixed, whose error all codes share.
    values = [
        total_variation(
            prior_samples(prior, 400, seed).astype(float), prior_samples(prior, 1000, -seed - 1), prior
        )
        for seed in range(150)
    ]
    assert np.mean(values) == pytest.approx(0, abs=4 * np.std(values) / np.sqrt(150))
    # As a difference of shares of 400 codes and of 1000 samples.
    assert np.std(values) < 0.5 * np.sqrt(1 / 400 + 1 / 1000) * 1.5


def test_both_halves_hold_codes_of_both_sets() -> None:
    # Were the first half held against the second, codes left and right of 0 would share no place.
    z = prior_samples(PRIOR, 4000)
    ordered = np.sort(z.astype(np.float64), axis=0)[:, :1] * [1, 0] + z * [0, 1]
    assert density_misfit(ordered, PRIOR)["total_variation"] == pytest.approx(0, abs=0.05)
