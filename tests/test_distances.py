"""The sliced W2, exact where it can be and large for each kind of misfit; and matching of moments."""

import numpy as np
import pytest
from conftest import normal_samples
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from aae.measure.distances import directions, match_moments, sliced_w2
from aae.model.parts import PRIORS, prior_class
from aae.model.priors.base import Prior
from aae.model.priors.gaussian import Gaussian
from aae.system.errors import UserError

PRIOR = Gaussian()


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


# Matching of moments, which for N(0, I) is whitening.


SHIFTS = st.tuples(st.floats(-10, 10), st.floats(-10, 10)).map(np.array)


def whiten(z: np.ndarray) -> np.ndarray:
    """Whiten codes: what matching moments is for N(0, I)."""
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
