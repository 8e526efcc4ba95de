"""Priors whose projections have no closed form: many even points stand for them in the sliced W2."""

import numpy as np
import pytest
import torch

from aae.measure.distances import match_moments, sliced_w2
from aae.model.parts import prior_class
from aae.model.priors.base import Prior
from aae.model.priors.gaussian import Gaussian


def normal_samples(n: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal((n, 2))


class GaussianOfPoints(Gaussian):
    """The Gaussian, but as if its projections' quantiles were not known."""

    projected_cells = Prior.projected_cells


@pytest.mark.parametrize("std", [1.0, 5.0])
def test_the_cells_of_many_even_points_are_the_exact_ones_but_for_their_own_error(std: float) -> None:
    for angle in (0.0, 0.7, 3.0):
        direction = np.array([np.cos(angle), np.sin(angle)])
        means, variance = GaussianOfPoints(std).projected_cells(direction, 1000)
        exact, exact_variance = Gaussian(std).projected_cells(direction, 1000)
        assert (np.diff(means) >= 0).all()
        assert np.sqrt(np.mean((means - exact) ** 2)) < 0.003 * std
        total = np.mean((means - means.mean()) ** 2) + variance  # The law of total variance.
        assert total == pytest.approx(std**2, rel=2e-3)
        assert variance == pytest.approx(exact_variance, rel=0.2)


@pytest.mark.parametrize("n", [1000, 999])  # 999 does not divide the number of points.
@pytest.mark.parametrize("shift", [0, 0.05, 0.5])
def test_many_even_points_measure_the_distance_that_exact_cells_measure(shift: float, n: int) -> None:
    z = normal_samples(n) + np.array([0, shift])
    assert sliced_w2(z, GaussianOfPoints()) == pytest.approx(sliced_w2(z, Gaussian()), abs=3e-4)


@pytest.mark.parametrize("name", ["uniform", "mixture", "swiss_roll"])
def test_samples_fit_their_own_prior_and_normal_samples_of_its_moments_do_not(name: str) -> None:
    prior, generator = prior_class(name)(), torch.Generator().manual_seed(1)
    own = [sliced_w2(prior.sample(1000, generator).numpy(), prior) for _ in range(20)]
    assert max(own) < 0.12
    assert sliced_w2(match_moments(normal_samples(1000), prior), prior) > 1.5 * max(own)
