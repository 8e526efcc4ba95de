"""The sliced W2: exact where it can be, small for prior samples, large for each kind of misfit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from aae.measure.distances import directions, sliced_w2
from aae.model.parts import PRIORS, prior_class
from aae.model.priors.base import Prior
from aae.model.priors.gaussian import Gaussian

PRIOR = Gaussian()


def normal_samples(n: int, seed: int = 0, dim: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, dim))


# Directions.


@pytest.mark.parametrize("dim", [3, 8])
def test_more_dimensions_have_unit_vectors_that_are_the_same_every_time(dim: int) -> None:
    vectors = directions(dim)
    assert vectors.shape == (128, dim)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-12)
    np.testing.assert_array_equal(directions.__wrapped__(dim), vectors)
    # They favour no axis: the mean of t t' is I / dim, within the error of 128 vectors.
    np.testing.assert_allclose(vectors.T @ vectors / 128, np.eye(dim) / dim, atol=0.12)


# Exact values.


@pytest.mark.parametrize("n", [2, 10, 1000, 10_000])
@pytest.mark.parametrize(
    "prior", [Gaussian(), Gaussian(5), Gaussian(dim=8)], ids=["N(0, 1)", "N(0, 5^2)", "8-D"]
)
def test_codes_all_at_the_origin_are_one_standard_deviation_away(n: int, prior: Prior) -> None:
    assert sliced_w2(np.zeros((n, prior.dim)), prior) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("dim", [2, 3, 8])
def test_the_distance_is_the_integral_over_the_difference_of_quantiles(dim: int) -> None:
    z = 1.3 * normal_samples(20, dim=dim) + 0.2
    u = (np.arange(20 * 20_000) + 0.5) / (20 * 20_000)
    quantiles = stats.norm.ppf(u)
    squares = [
        np.mean((np.repeat(np.sort(z @ direction), 20_000) - quantiles) ** 2) for direction in directions(dim)
    ]
    assert sliced_w2(z, Gaussian(dim=dim)) ** 2 == pytest.approx(np.mean(squares), rel=1e-4)


@settings(deadline=None, max_examples=30)
@given(st.sampled_from([2, 8]), st.floats(-10, 10), st.integers(0, 100))
def test_a_shift_of_centred_codes_adds_the_mean_of_its_squared_projections(
    dim: int, shift: float, seed: int
) -> None:
    z = normal_samples(200, seed, dim)
    z -= z.mean(0)
    projected = shift * directions(dim)[:, 0]
    assert np.mean(projected**2) == pytest.approx(shift**2 / dim, rel=1e-9 if dim == 2 else 0.3)
    expected = sliced_w2(z, Gaussian(dim=dim)) ** 2 + np.mean(projected**2)
    z[:, 0] += shift
    assert sliced_w2(z, Gaussian(dim=dim)) ** 2 == pytest.approx(expected, rel=1e-9)


@settings(deadline=None, max_examples=30)
@given(st.floats(0, 10), st.integers(0, 100))
def test_a_scale_a_changes_the_square_along_a_known_parabola(a: float, seed: int) -> None:
    z = normal_samples(200, seed)
    # Scaling keeps the order, so the square is 1 - 2 a c + a^2 p with p the mean square of a projection.
    p = np.mean(z**2)
    c = (1 + p - sliced_w2(z, PRIOR) ** 2) / 2
    assert sliced_w2(a * z, PRIOR) ** 2 == pytest.approx(1 - 2 * a * c + a**2 * p, rel=1e-9)


@pytest.mark.parametrize("name", PRIORS)
def test_the_unit_is_the_priors_standard_deviation(name: str) -> None:
    z = normal_samples(500)
    assert sliced_w2(5 * z, prior_class(name)(5)) == pytest.approx(
        sliced_w2(z, prior_class(name)()), rel=1e-9
    )


# Symmetries.


@pytest.mark.parametrize("n", [7, 1000, 9999])
def test_the_order_of_the_codes_does_not_matter_to_the_bit(n: int) -> None:
    z = normal_samples(n)
    assert sliced_w2(np.random.default_rng(1).permutation(z), PRIOR) == sliced_w2(z, PRIOR)


# Prior samples and the null distribution.
