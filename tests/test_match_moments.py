"""Matching of moments, which for N(0, I) is whitening: what is left is the shape of the codes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aae.measure.distances import match_moments
from aae.model.parts import prior_class
from aae.model.priors.base import Prior
from aae.model.priors.gaussian import Gaussian
from aae.system.errors import UserError

PRIOR = Gaussian()
SHIFTS = st.tuples(st.floats(-10, 10), st.floats(-10, 10)).map(np.array)


def normal_samples(n: int, seed: int = 0, dim: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, dim))


def whiten(z: np.ndarray) -> np.ndarray:
    """What matching moments is for N(0, I)."""
    return match_moments(z, PRIOR)


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
    z = normal_samples(50) ** 3
    mapped = whiten(z @ first @ np.diag(scales) @ second + shift)
    np.testing.assert_allclose(mapped.mean(0), 0, atol=1e-9)
    np.testing.assert_allclose(np.cov(mapped, rowvar=False), np.eye(2), atol=1e-9)
    # Inner products do not see a rotation.
    np.testing.assert_allclose(mapped @ mapped.T, whiten(z) @ whiten(z).T, atol=1e-7)


EACH_PRIOR = pytest.mark.parametrize(
    "prior",
    [
        Gaussian(5),
        Gaussian(2, dim=8),
        *(prior_class(name)(3) for name in ("uniform", "mixture", "swiss_roll")),
    ],
    ids=["gaussian", "8-D", "uniform", "mixture", "swiss_roll"],
)


@EACH_PRIOR
def test_codes_get_the_mean_and_the_covariance_of_their_prior(prior: Prior) -> None:
    z = match_moments(normal_samples(500, dim=prior.dim) ** 3 + 5, prior)
    np.testing.assert_allclose(z.mean(0), prior.mean, atol=1e-9)
    np.testing.assert_allclose(np.cov(z, rowvar=False), prior.covariance, atol=1e-9)


@pytest.mark.parametrize("line", [[0, 0], [1, 0], [0.3, -0.7]])
def test_codes_on_one_line_are_called_collapsed(line: list[float]) -> None:
    with pytest.raises(UserError, match="collapsed"):
        whiten(np.outer(np.linspace(-1, 1, 100), line) + np.array([5, 7]))


def test_codes_in_8_d_that_fill_but_7_of_them_are_called_collapsed() -> None:
    z = normal_samples(100, dim=8)
    z[:, 3] = z[:, 0] - z[:, 5]
    with pytest.raises(UserError, match="in fewer dimensions than they have"):
        match_moments(z, Gaussian(dim=8))
