"""The sliced W2: exact where it can be, small for prior samples, large for each kind of misfit."""

from collections.abc import Callable
from typing import NamedTuple

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
IN_8_D = Gaussian(dim=8)
SHIFTS = st.tuples(st.floats(-10, 10), st.floats(-10, 10)).map(np.array)


def normal_samples(n: int, seed: int = 0, dim: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, dim))


class Null(NamedTuple):
    """The null distribution: what prior samples give."""

    mean: float
    std: float


def null_of(n: int, samples: int, prior: Prior = PRIOR) -> Null:
    distances = [sliced_w2(normal_samples(n, 10_000 + sample, prior.dim), prior) for sample in range(samples)]
    return Null(float(np.mean(distances)), float(np.std(distances)))


@pytest.fixture(scope="module")
def null_2000() -> Null:
    return null_of(2000, 200)


@pytest.fixture(scope="module")
def null_8_d() -> Null:
    return null_of(1000, 40, IN_8_D)


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
@pytest.mark.parametrize("prior", [Gaussian(), Gaussian(5), IN_8_D], ids=["N(0, 1)", "N(0, 5^2)", "8-D"])
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
@given(SHIFTS, st.integers(0, 100))
def test_a_shift_s_of_centred_codes_adds_half_its_square(shift: np.ndarray, seed: int) -> None:
    z = normal_samples(200, seed)
    z -= z.mean(0)
    # A shift moves every code by s.t along t, and the mean of (s.t)^2 over the directions is |s|^2 / 2.
    expected = sliced_w2(z, PRIOR) ** 2 + shift @ shift / 2
    assert sliced_w2(z + shift, PRIOR) ** 2 == pytest.approx(expected, rel=1e-9)


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


@pytest.mark.parametrize("shift", [0.5, 2.0])
def test_in_8_d_a_shift_adds_an_eighth_of_its_square(shift: float, null_8_d: Null) -> None:
    z = normal_samples(1000, dim=8) + shift * np.eye(8)[3]
    # As much as 128 random directions favour the axis.
    assert sliced_w2(z, IN_8_D) == pytest.approx(np.hypot(shift / np.sqrt(8), null_8_d.mean), rel=0.15)
    assert sliced_w2(z, IN_8_D) > null_8_d.mean + 10 * null_8_d.std


def hole(z: np.ndarray) -> np.ndarray:
    return z[np.hypot(z[:, 0] - 1, z[:, 1]) > 0.6]


def lost_mode(z: np.ndarray) -> np.ndarray:
    return z[np.arctan2(z[:, 1], z[:, 0]) > -0.8 * np.pi]  # A tenth of the plane, as one digit has.


def correlation(z: np.ndarray) -> np.ndarray:
    return z @ np.linalg.cholesky([[1, 0.3], [0.3, 1]]).T


def heavy_tail(z: np.ndarray) -> np.ndarray:
    return np.sign(z) * np.abs(z) ** 1.3 / np.sqrt(np.mean(np.abs(z) ** 2.6))


@pytest.mark.parametrize("misfit", [hole, lost_mode, correlation, heavy_tail])
def test_every_kind_of_misfit_lies_outside_the_null_distribution(
    misfit: Callable[[np.ndarray], np.ndarray], null_2000: Null
) -> None:
    z = misfit(normal_samples(5000))[:2000]
    assert len(z) == 2000
    assert sliced_w2(z, PRIOR) > null_2000.mean + 5 * null_2000.std
