"""Distances of codes from a prior, with an interval, in the prior's standard deviations."""

import functools

import numpy as np

from aae.model.priors.base import Prior
from aae.system.errors import UserError

BOOTSTRAP_SAMPLES = 200


@functools.cache
def directions(dim: int) -> np.ndarray:
    """Unit vectors that stand for all, a row each: 32 even ones in the plane, else 128 seeded ones."""
    if dim == 2:
        angles = np.pi * np.arange(32) / 32
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)
    # A seed that nobody else takes: codes that someone drew with the same would be these very vectors.
    vectors = np.random.default_rng([*b"directions"]).standard_normal((128, dim))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def sliced_w2(z: np.ndarray, prior: Prior) -> float:
    """One-sample sliced 2-Wasserstein distance to the prior, in the prior's standard deviations.

    The root mean square, over the directions, of the 2-Wasserstein distance between the projected codes
    and the projected prior (Bonneel et al. 2015). In one dimension the optimal plan is monotone, so the
    i-th smallest code goes to the i-th of n cells of equal mass of the prior: exactly
    W2^2 = mean (z_(i) - m_i)^2 + mean v_i, with m_i the mean and v_i the variance in cell i.

    Args:
        z: codes, (n, dim), in any order.
        prior: the distribution that they should follow, location and scale included.
    """
    projections = np.sort(_project(z), axis=1)
    return _distance(projections, *_cells(prior, len(z)), prior.std)


def sliced_w2_interval(z: np.ndarray, prior: Prior, level: float = 0.95) -> tuple[float, float]:
    """Bootstrap interval for the mean of `sliced_w2` over samples of so many codes of the same q(z).

    A resample of the codes is farther from the prior than the codes themselves, by the null band's
    own distance (squared); so the resamples' squared distances are shifted to have the measured one
    as their mean. Near a perfect fit it is too wide; there the null band is the guide.

    Args:
        z: codes, (n, dim).
        prior: the distribution that they should follow.
        level: probability that the interval aims to hold.

    Returns:
        Its ends, in the prior's standard deviations.
    """
    n = len(z)
    projections = _project(z)
    order = np.argsort(projections, axis=1)
    projections = np.take_along_axis(projections, order, axis=1)
    cells = _cells(prior, n)
    rng = np.random.default_rng(0)
    squares = np.empty(BOOTSTRAP_SAMPLES)
    for sample in range(BOOTSTRAP_SAMPLES):
        times = np.bincount(rng.integers(n, size=n), minlength=n)
        # Repeating sorted codes leaves them sorted; every direction has n again.
        resampled = np.repeat(projections.ravel(), times[order].ravel()).reshape(projections.shape)
        squares[sample] = _distance(resampled, *cells, prior.std) ** 2
    tail = (1 - level) / 2
    ends = np.quantile(squares - squares.mean(), [tail, 1 - tail])
    low, high = np.sqrt(np.maximum(_distance(projections, *cells, prior.std) ** 2 + ends, 0))
    return float(low), float(high)


def sliced_w2_between(z: np.ndarray, reference: np.ndarray, std: float) -> float:
    """Two-sample `sliced_w2`: the reference sample's own cells stand where the prior's do.

    Args:
        z: codes, (n, dim).
        reference: other codes, (m, dim), m >= n; those beyond the last whole multiple of n are left out.
        std: the unit of the result.
    """
    whole = len(reference) // len(z) * len(z)
    cells = np.sort(_project(reference[:whole]), axis=1).reshape(len(directions(z.shape[1])), len(z), -1)
    projections = np.sort(_project(z), axis=1)
    return _distance(projections, cells.mean(2), cells.var(2).mean(1), std)


def excess(distance: float, null_mean: float) -> float:
    """Excess of a sliced W2 once sampling noise is taken off, in the same unit: 0 where none is left.

    A finite sample's own noise adds to the squared distance, by as much as prior samples show. Unlike the
    distance itself the excess does not depend on how many codes there are.

    Args:
        distance: `sliced_w2` or `sliced_w2_between`.
        null_mean: the mean distance of prior samples, as many.
    """
    return float(np.sqrt(max(distance**2 - null_mean**2, 0.0)))


def match_moments(z: np.ndarray, prior: Prior) -> np.ndarray:
    """The codes after the affine map to the prior's mean and covariance: what is left is shape.

    For N(0, I) this is whitening.

    Args:
        z: codes, (n, dim).
        prior: the distribution that they should follow.

    Raises:
        UserError: the codes lie on one line, or at one point.
    """
    z = z.astype(np.float64)
    centred = z - z.mean(0)
    values, vectors = np.linalg.eigh(np.cov(centred, rowvar=False))
    if values[0] <= 1e-12 * values[-1]:
        raise UserError(
            "the codes lie on one line or at one point, or in fewer dimensions than they have: "
            "the encoder has collapsed"
        )
    whitened = centred @ (vectors / np.sqrt(values)) @ vectors.T
    variances, axes = np.linalg.eigh(prior.covariance)
    return prior.mean + whitened @ (axes * np.sqrt(variances)) @ axes.T


def _project(z: np.ndarray) -> np.ndarray:
    """(n, dim) -> (directions, n): a row a direction."""
    return directions(z.shape[1]) @ z.T.astype(np.float64)


@functools.lru_cache(maxsize=8)  # The null bands ask for the same ones hundreds of times.
def _cells(prior: Prior, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The prior's n cells of equal mass along each direction: their means, and mean variances."""
    cells = (prior.projected_cells(direction, n) for direction in directions(prior.dim))
    means, variances = zip(*cells, strict=True)
    return np.stack(means), np.array(variances)


def _distance(projections: np.ndarray, means: np.ndarray, variances: np.ndarray, std: float) -> float:
    return float(np.sqrt(np.mean((projections - means) ** 2) + variances.mean()) / std)
