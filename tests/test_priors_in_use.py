"""Use of a prior by training, measures and figures: components, KL divergence, cells, contours."""

import numpy as np
import pytest
import torch
from scipy import stats
from tiny import make_config
from torch.distributions import Normal, kl_divergence

from aae.model.parts import PRIORS, prior_class, run_prior
from aae.model.priors.base import Prior
from aae.model.priors.gaussian import Gaussian
from aae.model.priors.mixture import Mixture
from aae.model.priors.swiss_roll import SwissRoll
from aae.model.priors.uniform import Uniform
from aae.model.randomness import named_generator
from aae.system.errors import UserError

N = 100_000
STDS = pytest.mark.parametrize("std", [1.0, 5.0])
WITH_COMPONENTS = pytest.mark.parametrize("kind", [Mixture, SwissRoll])
CONSTRAINING = pytest.mark.parametrize("kind", [Gaussian, Uniform, Mixture, SwissRoll])


def samples(prior: Prior) -> np.ndarray:
    return prior.sample(N, named_generator(0, "prior samples")).numpy().astype(np.float64)


# Components.


@STDS
@WITH_COMPONENTS
def test_samples_of_a_component_lie_in_it(kind: type[Prior], std: float) -> None:
    prior = kind(std)
    components = torch.randint(prior.components, (N,), generator=named_generator(0, "components"))
    z = prior.sample_components(components, named_generator(0, "prior samples"))
    assert z.dtype == torch.float32
    assert z.shape == (N, 2)
    assert (prior.component(z.numpy()) == components.numpy()).mean() > 0.999  # The mixture's overlap.


@STDS
@WITH_COMPONENTS
def test_unlabelled_images_get_samples_of_the_whole_prior(kind: type[Prior], std: float) -> None:
    prior = kind(std)
    z = prior.sample_components(torch.full((N,), prior.components), named_generator(0, "test")).numpy()
    u = prior.to_uniform(z)
    assert min(stats.kstest(column, "uniform").pvalue for column in u.T) > 1e-3
    counts = np.bincount(prior.component(z), minlength=prior.components)
    assert stats.chisquare(counts).pvalue > 1e-3
    assert len(counts) == prior.components == 10


def test_the_mixtures_components_are_the_nearest_of_ten_on_a_ring() -> None:
    angles = 2 * np.pi * np.arange(10) / 10
    centres = 5 * np.sqrt(2 - 0.32**2 - 0.06**2) * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    assert Mixture(5.0).component(centres).tolist() == list(range(10))


# KL divergence.


@STDS
@pytest.mark.parametrize("dim", [2, 8])
def test_the_gaussians_kl_divergence_is_torchs(dim: int, std: float) -> None:
    mean = 2 * torch.randn(50, dim, generator=named_generator(0, "mean"))
    q_std = 0.05 + torch.rand(50, dim, generator=named_generator(0, "std"))
    expected = kl_divergence(Normal(mean, q_std), Normal(torch.zeros(dim), std)).sum(1)
    actual = Gaussian(std, dim).kl_divergence(mean, q_std, torch.full_like(mean, torch.nan))
    torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-4)


@STDS
def test_the_mixtures_kl_divergence_is_on_average_that_of_a_quadrature(std: float) -> None:
    n, prior = 100_000, Mixture(std)
    mean, q_std = std * torch.tensor([[1.2, 0.3]]).double(), std * torch.tensor([[0.15, 0.4]]).double()
    # Gauss-Hermite, in both coordinates of q.
    nodes, weights = np.polynomial.hermite_e.hermegauss(150)
    grid = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1).reshape(-1, 2)
    mass = np.outer(weights, weights).reshape(-1) / (2 * np.pi)
    log_q = stats.norm.logpdf(grid).sum(1) - np.log(q_std.numpy()).sum()
    expected = mass @ (log_q - prior.log_density(mean.numpy() + q_std.numpy() * grid))

    noise = torch.randn(n, 2, generator=named_generator(0, "noise")).double()
    estimates = prior.kl_divergence(mean.expand(n, 2), q_std.expand(n, 2), mean + q_std * noise)
    assert estimates.shape == (n,)
    error = float(estimates.std()) / np.sqrt(n)
    assert float(estimates.mean()) == pytest.approx(expected, abs=4 * error)
    assert error < 0.01 * expected


# Projections.


@CONSTRAINING
@pytest.mark.parametrize("angle", [0.0, 0.7, 2.0])
def test_projected_cells_are_those_of_many_samples(kind: type[Prior], angle: float) -> None:
    prior, n = kind(5.0), 50
    direction = np.array([np.cos(angle), np.sin(angle)])
    means, variance = prior.projected_cells(direction, n)
    cells = np.sort(samples(prior) @ direction).reshape(n, -1)
    np.testing.assert_allclose(means, cells.mean(1), atol=0.03 * prior.std)
    assert variance == pytest.approx(cells.var(1).mean(), rel=0.1)
    total = direction @ prior.covariance @ direction
    assert means.var() + variance == pytest.approx(total, rel=1e-3)
    again, _ = prior.projected_cells(direction, n)
    assert np.array_equal(means, again)


# What does not go together.


def test_what_needs_a_plane_refuses_eight_dimensions_in_one_line() -> None:
    Gaussian().require_plane("Figure 2E")
    with pytest.raises(UserError, match=r"^params\.yaml: model\.code_dim: Figure 2E needs 2, not 8$"):
        Gaussian(dim=8).require_plane("Figure 2E")


@pytest.mark.parametrize("name", PRIORS)
def test_a_run_has_the_prior_that_it_names(name: str) -> None:
    prior = run_prior(make_config(prior=name, model={"prior_std": 5.0}))
    assert type(prior) is prior_class(name)
    assert (prior.std, prior.dim) == (5.0, 2)
    assert run_prior(make_config(prior=name, seed=7, model={"prior_std": 5.0})) is prior  # Made once.
