"""KL(q(z) || p(z)) and entropy: close to closed forms and quadrature, in any unit, and calibrated."""

import numpy as np
import pytest
from conftest import failure, normal_samples, prior_samples
from hypothesis import given, settings
from hypothesis import strategies as st
from quadrature import misfit_of
from scipy.special import digamma

from aae.measure.divergence import entropy, marginal_kl, outside
from aae.model.parts import prior_class
from aae.model.priors.base import Prior
from aae.model.priors.gaussian import Gaussian
from aae.model.priors.mixture import Mixture
from aae.model.priors.swiss_roll import SwissRoll
from aae.model.priors.uniform import Uniform

# Entropy.


@settings(deadline=None, max_examples=25)
@given(st.integers(8, 40), st.integers(1, 3), st.integers(1, 5), st.integers(0, 100))
def test_the_entropy_is_what_all_pairs_of_codes_give(n: int, dim: int, k: int, seed: int) -> None:
    z = normal_samples(n, seed, dim)
    # Row by row the distances to all codes, in order, the code itself first.
    farthest = np.sort(np.linalg.norm(z[:, None] - z, axis=2), axis=1)[:, k]
    ball = {1: 2, 2: np.pi, 3: 4 / 3 * np.pi}[dim]
    expected = digamma(n) - digamma(k) + np.mean(np.log(ball * farthest**dim))
    assert entropy(z, k) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("dim", [2, 8])
def test_codes_that_are_all_equal_have_a_finite_entropy_far_below_any_others(dim: int) -> None:
    assert -np.inf < entropy(np.ones((50, dim))) < -10 * dim


# Divergence.


@pytest.mark.parametrize(("dim", "tolerance"), [(2, 0.05), (8, 0.1)])
@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (0.5, 1.0), (0.0, 0.6), (0.3, 1.5), (1.0, 0.3)])
def test_the_divergence_of_two_gaussians_is_the_closed_form(
    dim: int, tolerance: float, shift: float, scale: float
) -> None:
    z = shift + scale * normal_samples(10_000, dim=dim)
    # The mean of n |z|^2 / 2 has an error of its own, of about scale^2 sqrt(dim / 2 n).
    expected = dim / 2 * (scale**2 + shift**2 - 1 - np.log(scale**2))
    assert marginal_kl(z, Gaussian(dim=dim)) == pytest.approx(expected, abs=tolerance * max(1, scale**2))


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
