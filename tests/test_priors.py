"""The priors' four views of one distribution agree: samples, density, quantiles and projected cells."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from aae.config import PriorName
from aae.priors import PRIORS, Gaussian
from aae.randomness import named_generator

STDS = pytest.mark.parametrize("std", [1.0, 0.3, 5.0])


@STDS
def test_the_density_integrates_to_1(std: float) -> None:
    grid = np.linspace(-9 * std, 9 * std, 401)
    density = np.exp(Gaussian(std).log_density(np.stack(np.meshgrid(grid, grid), axis=-1)))
    assert density.shape == (401, 401)
    assert density.sum() * (grid[1] - grid[0]) ** 2 == pytest.approx(1, abs=1e-9)


@STDS
def test_samples_have_the_densitys_mean_and_covariance(std: float) -> None:
    n = 200_000
    z = Gaussian(std).sample(n, named_generator(0, "moments")).numpy() / std
    assert z.shape == (n, 2)
    assert z.dtype == np.float32
    np.testing.assert_allclose(z.mean(0, dtype=np.float64), 0, atol=4 / np.sqrt(n))
    np.testing.assert_allclose(np.cov(z, rowvar=False), np.eye(2), atol=4 * np.sqrt(2 / n))


@STDS
def test_samples_have_the_densitys_entropy(std: float) -> None:
    n = 100_000
    log_density = Gaussian(std).log_density(Gaussian(std).sample(n, named_generator(0, "entropy")).numpy())
    entropy = np.log(2 * np.pi * np.e * std**2)  # ln p varies with variance 1 about its mean.
    assert -log_density.mean(dtype=np.float64) == pytest.approx(entropy, abs=4 / np.sqrt(n))


def test_a_generator_decides_the_samples_to_the_bit() -> None:
    def draw(seed: int, name: str) -> torch.Tensor:
        return Gaussian().sample(100, named_generator(seed, name))

    assert torch.equal(draw(0, "prior samples"), draw(0, "prior samples"))
    assert not torch.equal(draw(0, "prior samples"), draw(0, "encoder noise"))
    assert not torch.equal(draw(0, "prior samples"), draw(1, "prior samples"))


def test_a_second_draw_goes_on_where_the_first_ended() -> None:
    generator = named_generator(0, "prior samples")
    assert not torch.equal(Gaussian().sample(100, generator), Gaussian().sample(100, generator))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(1e-6, 1 - 1e-6), min_size=2, max_size=2), st.floats(0.01, 100))
def test_the_quantile_inverts_the_cdf(u: list[float], std: float) -> None:
    z = Gaussian(std).quantile(np.array(u))
    np.testing.assert_allclose(stats.norm.cdf(z / std), u, rtol=1e-9)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.9])
def test_samples_fall_below_a_quantile_as_often_as_it_says(share: float) -> None:
    n = 100_000
    z = Gaussian(2).sample(n, named_generator(0, "quantiles")).numpy()
    below = (z < Gaussian(2).quantile(np.array([share, share]))).mean(0)
    np.testing.assert_allclose(below, share, atol=4 * np.sqrt(share * (1 - share) / n))


@STDS
@pytest.mark.parametrize("n", [1, 2, 5])
def test_the_projected_cells_match_numerical_integration(std: float, n: int) -> None:
    means, variance = Gaussian(std).projected_cells(0.7, n)
    normal = stats.norm(scale=std)
    edges = normal.ppf(np.arange(n + 1) / n)

    def moments(power: int) -> np.ndarray:
        return np.array([normal.expect(lambda t: t**power, lb=a, ub=b) * n for a, b in pairwise(edges)])

    first, second = moments(1), moments(2)
    np.testing.assert_allclose(means, first, atol=1e-7 * std)
    assert variance == pytest.approx(np.mean(second - first**2), rel=1e-6)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 20_000), st.floats(0.01, 100), st.floats(0, np.pi))
def test_the_cells_ascend_are_centred_and_add_up_to_the_priors_variance(
    n: int, std: float, angle: float
) -> None:
    means, variance = Gaussian(std).projected_cells(angle, n)
    assert means.shape == (n,)
    assert (np.diff(means) > 0).all()
    assert means.mean() == pytest.approx(0, abs=1e-9 * std)
    assert 0 < variance <= std**2
    # The law of total variance.
    assert np.mean(means**2) + variance == pytest.approx(std**2, rel=1e-12)


def test_every_allowed_name_has_a_prior_and_only_none_has_none() -> None:
    assert set(PRIORS) == set(PriorName.__args__)  # type: ignore[attr-defined]
    assert [name for name, prior in PRIORS.items() if prior is None] == ["none"]
    assert PRIORS["gaussian"] == Gaussian(std=1)  # Figure 2A's.
