"""The priors' views of one distribution agree: samples, density, percentiles and moments."""

from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from aae.model.parts import PRIORS, prior_class
from aae.model.priors.base import Prior
from aae.model.priors.gaussian import Gaussian
from aae.model.priors.mixture import Mixture
from aae.model.priors.swiss_roll import SwissRoll
from aae.model.priors.uniform import Uniform
from aae.model.randomness import named_generator

N = 100_000
PLANAR_CASES = [(name, std, 2) for name in PRIORS for std in (1.0, 5.0)]
CASES = [*PLANAR_CASES, ("gaussian", 0.3, 8), ("uniform", 5.0, 8)]
IN_THE_PLANE = pytest.mark.parametrize(("name", "std", "dim"), PLANAR_CASES)
EVERYWHERE = pytest.mark.parametrize(("name", "std", "dim"), CASES)
STDS = pytest.mark.parametrize("std", [1.0, 0.3, 5.0])


def make(name: str, std: float, dim: int) -> Prior:
    return prior_class(name)(std, dim)


@cache
def samples(name: str, std: float, dim: int) -> np.ndarray:
    """N prior samples, float64, (N, dim)."""
    z = make(name, std, dim).sample(N, named_generator(0, "prior samples"))
    assert z.dtype == torch.float32
    assert z.shape == (N, dim)
    return z.numpy().astype(np.float64)


@cache
def density(name: str, std: float) -> tuple[np.ndarray, np.ndarray]:
    """Edges of an even grid of square cells along either axis, and p(z) at their centres, by (z2, z1)."""
    # So that the uniform prior's edges are edges of cells.
    edges = np.linspace(-3, 3, 601) * np.sqrt(3) * std
    centres = (edges[:-1] + edges[1:]) / 2
    return edges, np.exp(make(name, std, 2).log_density(np.stack(np.meshgrid(centres, centres), axis=-1)))


def uniform_p_value(u: np.ndarray) -> float:
    """The p-value of the hypothesis that numbers are uniform in (0, 1)."""
    return float(stats.kstest(u, "uniform").pvalue)


@IN_THE_PLANE
def test_the_density_integrates_to_1(name: str, std: float, dim: int) -> None:
    edges, p = density(name, std)
    assert p.shape == (600, 600)
    assert p.sum() * (edges[1] - edges[0]) ** 2 == pytest.approx(1, abs=1e-4)


@IN_THE_PLANE
def test_samples_fall_where_the_density_says(name: str, std: float, dim: int) -> None:
    edges, p = density(name, std)
    mass = p.reshape(50, 12, 50, 12).sum((1, 3)).T * (edges[1] - edges[0]) ** 2
    counts, _ = np.histogramdd(samples(name, std, dim), bins=[edges[::12], edges[::12]])
    often = mass > 5 / N
    observed = counts[often]
    assert observed.sum() > 0.99 * N
    expected = mass[often] * (observed.sum() / mass[often].sum())
    assert stats.chisquare(observed, expected).pvalue > 1e-3


@pytest.mark.parametrize(("name", "std"), [("gaussian", 0.3), ("uniform", 5.0)])
def test_the_density_in_eight_dimensions_is_the_product_of_the_planar_ones(name: str, std: float) -> None:
    z = samples(name, std, 8)[:100]
    pairs = make(name, std, 2).log_density(z.reshape(100, 4, 2)).sum(1)
    np.testing.assert_allclose(make(name, std, 8).log_density(z), pairs, rtol=1e-12)


@EVERYWHERE
def test_samples_have_the_stated_mean_covariance_and_standard_deviation(
    name: str, std: float, dim: int
) -> None:
    prior, z = make(name, std, dim), samples(name, std, dim) / std
    assert prior.std == std
    assert np.trace(prior.covariance) / dim == pytest.approx(std**2, rel=1e-9)
    np.testing.assert_allclose(z.mean(0), prior.mean / std, atol=4 / np.sqrt(N))
    np.testing.assert_allclose(np.cov(z, rowvar=False), prior.covariance / std**2, atol=4 * np.sqrt(2 / N))


@EVERYWHERE
def test_percentiles_of_samples_are_uniform_and_independent(name: str, std: float, dim: int) -> None:
    u = make(name, std, dim).to_uniform(samples(name, std, dim))
    assert u.shape == (N, dim)
    assert u.min() >= 0
    assert u.max() <= 1
    assert min(uniform_p_value(column) for column in u.T) > 1e-3
    correlations = np.corrcoef(u, rowvar=False)[np.triu_indices(dim, 1)]
    assert np.abs(correlations).max() < 4 / np.sqrt(N)


@pytest.mark.parametrize("kind", [Gaussian, Uniform, Mixture, SwissRoll])
def test_normal_scores_of_codes_far_from_the_prior_are_finite(kind: type[Prior]) -> None:
    far = np.array([[1e3, 0.0], [-1e3, 1e3], [0.0, 0.0]], np.float32)
    assert np.isfinite(kind().to_normal(far)).all()


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from([Gaussian, Uniform, SwissRoll]),
    st.lists(st.floats(1e-4, 1 - 1e-4), min_size=2, max_size=2),
    st.floats(0.01, 100),
)
def test_to_uniform_inverts_from_uniform(kind: type[Prior], u: list[float], std: float) -> None:
    prior = kind(std)
    np.testing.assert_allclose(prior.to_uniform(prior.from_uniform(np.array(u))), u, rtol=1e-9)


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 9), st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.floats(0.01, 100))
def test_to_uniform_inverts_from_uniform_within_a_component(
    which: int, along: float, across: float, std: float
) -> None:
    u = np.array([(which + along) / 10, across])
    np.testing.assert_allclose(Mixture(std).to_uniform(Mixture(std).from_uniform(u)), u, rtol=1e-9)


@EVERYWHERE
def test_a_generator_decides_the_samples_to_the_bit(name: str, std: float, dim: int) -> None:
    prior = make(name, std, dim)

    def draw(seed: int, of: str) -> torch.Tensor:
        return prior.sample(100, named_generator(seed, of))

    assert torch.equal(draw(0, "prior samples"), draw(0, "prior samples"))
    assert not torch.equal(draw(0, "prior samples"), draw(0, "encoder noise"))
    assert not torch.equal(draw(0, "prior samples"), draw(1, "prior samples"))
    generator = named_generator(0, "prior samples")
    first = prior.sample(100, generator)
    assert not torch.equal(first, prior.sample(100, generator))  # Goes on where the first ended.


@pytest.mark.parametrize("dim", [2, 8])
@STDS
def test_the_gaussians_log_density_is_scipys(std: float, dim: int) -> None:
    z = 3 * std * np.random.default_rng(0).standard_normal((50, dim))
    expected = stats.multivariate_normal(np.zeros(dim), std**2 * np.eye(dim)).logpdf(z)
    np.testing.assert_allclose(Gaussian(std, dim).log_density(z), expected, rtol=1e-12)


def mixture_log_density(z: np.ndarray, std: float) -> np.ndarray:
    """Ln of the sum of ten Gaussian densities, with the geometry of Figure 2B written out anew."""
    radius = std * np.sqrt(2 - 0.32**2 - 0.06**2)
    terms = []
    for angle in 2 * np.pi * np.arange(10) / 10:
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        covariance = turn @ np.diag([(0.32 * std) ** 2, (0.06 * std) ** 2]) @ turn.T
        terms.append(stats.multivariate_normal(radius * turn[:, 0], covariance).logpdf(z))
    return np.logaddexp.reduce(terms) - np.log(10)


@pytest.mark.parametrize("std", [1.0, 5.0])
def test_the_mixtures_log_density_is_that_of_ten_gaussians_of_scipy(std: float) -> None:
    z = std * np.random.default_rng(0).uniform(-4, 4, (500, 2))
    expected = mixture_log_density(z, std)
    np.testing.assert_allclose(Mixture(std).log_density(z), expected, rtol=1e-9)
    tensor = Mixture(std).log_density(torch.from_numpy(z))
    np.testing.assert_allclose(tensor.numpy(), expected, rtol=1e-9)


@pytest.mark.parametrize("kind", [Gaussian, Mixture])
def test_log_densities_of_tensors_have_the_right_gradients(kind: type[Prior]) -> None:
    z = torch.from_numpy(np.random.default_rng(0).uniform(-2, 2, (20, 2))).requires_grad_()
    torch.autograd.gradcheck(kind().log_density, (z,))
    far = torch.tensor([[40.0, -30.0], [0.0, 0.0]], requires_grad=True)
    log_density = kind().log_density(far)
    assert log_density.dtype == torch.float32
    log_density.sum().backward()
    assert far.grad is not None
    assert far.grad.isfinite().all()
    assert far.grad[0] @ far.detach()[0] < 0  # Towards the prior.


@IN_THE_PLANE
def test_a_prior_says_whether_its_density_is_positive_everywhere(name: str, std: float, dim: int) -> None:
    prior = make(name, std, dim)
    log_density = prior.log_density(std * np.random.default_rng(0).uniform(-9, 9, (1000, 2)))
    assert bool(np.isfinite(log_density).all()) is prior.positive_density
    assert np.isfinite(prior.log_density(samples(name, std, dim)[:1000] * (1 - 1e-6))).mean() > 0.99
