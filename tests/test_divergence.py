"""KL(q(z) || p(z)) and entropy: close to closed forms and quadrature, in any unit, and calibrated."""

import numpy as np
import pytest
import torch
from conftest import failure
from hypothesis import given, settings
from hypothesis import strategies as st
from quadrature import gap_density, gap_samples, misfit, misfit_of, plane
from scipy import integrate, stats
from scipy.special import digamma

from aae.measure.divergence import entropy, marginal_kl, outside
from aae.measure.nulls import null_bands
from aae.model.parts import prior_class
from aae.model.priors.base import Prior
from aae.model.priors.gaussian import Gaussian
from aae.model.priors.mixture import Mixture
from aae.model.priors.swiss_roll import SwissRoll
from aae.model.priors.uniform import Uniform

GAUSSIAN_ENTROPY = 0.5 * np.log(2 * np.pi * np.e)  # Of N(0, 1), in nats.


def normal_samples(n: int, dim: int = 2, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, dim))


def prior_samples(prior: Prior, n: int, seed: int = 0) -> np.ndarray:
    return prior.sample(n, torch.Generator().manual_seed(seed)).numpy()


# Entropy.


@settings(deadline=None, max_examples=25)
@given(st.integers(8, 40), st.integers(1, 3), st.integers(1, 5), st.integers(0, 100))
def test_the_entropy_is_what_all_pairs_of_codes_give(n: int, dim: int, k: int, seed: int) -> None:
    z = normal_samples(n, dim, seed)
    # Row by row the distances to all codes, in order, the code itself first.
    farthest = np.sort(np.linalg.norm(z[:, None] - z, axis=2), axis=1)[:, k]
    ball = {1: 2, 2: np.pi, 3: 4 / 3 * np.pi}[dim]
    expected = digamma(n) - digamma(k) + np.mean(np.log(ball * farthest**dim))
    assert entropy(z, k) == pytest.approx(expected, rel=1e-9, abs=1e-9)


# Of 10,000 codes; standard errors are 0.01 to 0.02.
@pytest.mark.parametrize(("dim", "tolerance"), [(2, 0.05), (8, 0.1)])
@pytest.mark.parametrize("std", [1.0, 5.0])
def test_the_entropy_of_a_gaussian_is_the_closed_form(dim: int, tolerance: float, std: float) -> None:
    expected = dim * (GAUSSIAN_ENTROPY + np.log(std))
    assert entropy(std * normal_samples(10_000, dim)) == pytest.approx(expected, abs=tolerance)


@pytest.mark.parametrize("std", [1.0, 5.0])
def test_the_entropy_of_a_square_is_the_logarithm_of_its_area(std: float) -> None:
    expected = np.log(12 * std**2)
    assert entropy(prior_samples(Uniform(std), 10_000)) == pytest.approx(expected, abs=0.05)


def test_the_entropy_of_a_cube_in_8_d_is_its_volumes_but_for_the_bias_of_its_faces() -> None:
    # Most of its mass lies near a face, where the ball of neighbours reaches outside.
    bias = [entropy(np.random.default_rng(0).random((n, 8))) for n in (1000, 4000, 16_000)]
    assert 0.7 < bias[2] < bias[1] - 0.1 < bias[0] - 0.2 < 1.2


@settings(deadline=None, max_examples=25)
@given(st.floats(0.01, 100), st.floats(-10, 10), st.integers(2, 8))
def test_the_entropy_of_scaled_and_shifted_codes_has_the_logarithm_of_the_scale_added(
    scale: float, shift: float, dim: int
) -> None:
    z = normal_samples(100, dim)
    assert entropy(scale * z + shift) == pytest.approx(entropy(z) + dim * np.log(scale), abs=1e-6)


@pytest.mark.parametrize("dim", [2, 8])
def test_codes_that_are_all_equal_have_a_finite_entropy_far_below_any_others(dim: int) -> None:
    assert -np.inf < entropy(np.ones((50, dim))) < -10 * dim


def test_a_few_equal_codes_among_many_hardly_move_the_entropy() -> None:
    z = normal_samples(10_000, 2)
    clumped = z.copy()
    clumped[:8] = z[0]
    assert entropy(clumped) == pytest.approx(entropy(z), abs=0.03)


# Divergence.


@pytest.mark.parametrize(("dim", "tolerance"), [(2, 0.05), (8, 0.1)])
@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (0.5, 1.0), (0.0, 0.6), (0.3, 1.5), (1.0, 0.3)])
def test_the_divergence_of_two_gaussians_is_the_closed_form(
    dim: int, tolerance: float, shift: float, scale: float
) -> None:
    z = shift + scale * normal_samples(10_000, dim)
    # The mean of n |z|^2 / 2 has an error of its own, of about scale^2 sqrt(dim / 2 n).
    expected = dim / 2 * (scale**2 + shift**2 - 1 - np.log(scale**2))
    assert marginal_kl(z, Gaussian(dim=dim)) == pytest.approx(expected, abs=tolerance * max(1, scale**2))


def test_the_divergence_of_correlated_codes_is_the_closed_form() -> None:
    z = normal_samples(10_000) @ np.linalg.cholesky([[1, 0.8], [0.8, 1]]).T
    assert marginal_kl(z, Gaussian()) == pytest.approx(-0.5 * np.log(1 - 0.8**2), abs=0.05)


def test_the_divergence_of_two_modes_with_a_gap_is_what_quadrature_gives() -> None:
    generator = np.random.default_rng(0)
    z = generator.standard_normal((10_000, 2))
    z[:, 0] = 0.3 * z[:, 0] + generator.choice([-1.5, 1.5], 10_000)

    def integrand(t: float) -> float:
        q = float(np.mean(stats.norm.pdf(t, [-1.5, 1.5], 0.3)))
        return q * (np.log(q) - float(stats.norm.logpdf(t)))

    expected = integrate.quad(integrand, -5, 5, points=[-1.5, 0, 1.5], limit=200)[0]
    assert expected > 0.5  # Which the moments alone, of variance 2.34, would not give.
    assert marginal_kl(z, Gaussian()) == pytest.approx(expected, abs=0.06)


def test_the_divergence_of_codes_with_a_gap_is_the_logarithm_of_the_mass_that_is_left() -> None:
    expected = -np.log(2 * stats.norm.sf(0.5))
    z = plane()
    assert misfit(gap_density(z), np.exp(Gaussian().log_density(z))).kl == pytest.approx(expected, abs=1e-3)
    assert marginal_kl(gap_samples(10_000), Gaussian()) == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize(
    ("q", "p"),
    [
        (Mixture(), Gaussian()),
        (Gaussian(0.7), Gaussian()),
        (Mixture(), Mixture(1.2)),
        (Gaussian(), Uniform()),
    ],
)
def test_the_divergence_of_one_prior_from_another_is_what_the_grid_gives(q: Prior, p: Prior) -> None:
    expected = misfit_of(q, p).kl
    assert expected > 0.1
    assert marginal_kl(prior_samples(q, 10_000), p) == pytest.approx(expected, abs=0.08)


@pytest.mark.parametrize("name", ["gaussian", "mixture", "none"])
def test_the_prior_scaled_with_the_codes_gives_the_same_divergence(name: str) -> None:
    z = 0.8 * prior_samples(prior_class(name)(), 500) + 0.3
    assert marginal_kl(5 * z, prior_class(name)(5)) == pytest.approx(
        marginal_kl(z, prior_class(name)()), abs=1e-5
    )


EDGES = pytest.mark.parametrize(
    ("prior", "beyond"),
    [(Uniform(), 1.74), (Uniform(dim=8), 1.74), (SwissRoll(), 0)],
    ids=["square", "cube", "swiss roll"],
)


@EDGES
def test_codes_at_density_0_are_counted_and_leave_the_divergence_of_the_others(
    prior: Prior, beyond: float
) -> None:
    z = prior_samples(prior, 500).astype(np.float64)
    expected = marginal_kl(z[50:], prior)
    assert outside(z, prior) == 0
    z[:50] = 0  # The uniform prior ends at 1.73; the swiss roll begins away from the origin.
    z[:50, 0] = beyond
    assert marginal_kl(z, prior) == expected
    assert outside(z, prior) == 0.1


def test_a_prior_that_ends_nowhere_has_no_codes_outside() -> None:
    assert outside(1e6 * normal_samples(100), Gaussian()) == 0


def test_codes_of_which_nearly_none_lie_where_the_prior_is_are_told_so() -> None:
    z = normal_samples(1000) + 20
    z[:5] = 0
    line = failure(lambda: marginal_kl(z, Uniform()))
    assert line.startswith("only 5 of 1,000 codes lie where p(z) > 0")
    assert line.endswith("they are far from U[-1.73, 1.73]²")


def test_collapsed_codes_diverge_by_more_than_any_others_and_finitely() -> None:
    assert 100 < marginal_kl(np.zeros((200, 2), np.float32), Gaussian()) < np.inf


def test_the_order_of_codes_does_not_matter() -> None:
    z = normal_samples(300)
    other = np.random.default_rng(1).permutation(z)
    assert marginal_kl(other, Gaussian()) == pytest.approx(marginal_kl(z, Gaussian()), abs=1e-12)


# Calibration.


@pytest.mark.parametrize("name", ["gaussian", "uniform", "mixture", "swiss_roll"])
def test_prior_samples_diverge_by_nearly_nothing(name: str) -> None:
    prior = prior_class(name)()
    estimates = [marginal_kl(prior_samples(prior, 5000, seed), prior) for seed in range(4)]
    assert np.mean(estimates) == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize(
    "prior", [Gaussian(5), Mixture(), Gaussian(dim=8)], ids=["gaussian", "mixture", "8-D"]
)
def test_the_null_band_holds_fresh_samples_and_not_those_that_are_30_percent_too_wide(prior: Prior) -> None:
    null = null_bands(500, prior, samples=80)["raw"]["kl"]
    fresh = [prior_samples(prior, 500, seed) for seed in range(60)]
    estimates = np.array([marginal_kl(z, prior) for z in fresh])
    held = np.sum((null["low"] <= estimates) & (estimates <= null["high"]))
    # The ends are known but to the error of 80 samples: as few are held as with 75 of 81 gaps.
    assert held >= stats.betabinom.ppf(1e-3, 60, 75, 6)
    assert np.mean([marginal_kl(1.3 * z, prior) for z in fresh[:5]]) > null["high"]
