"""How far codes are from a prior, with an interval, and how well they keep the digits apart."""

import numpy as np
from scipy.spatial import KDTree

from aae.errors import UserError
from aae.priors import Prior

ANGLES = np.pi * np.arange(32) / 32  # Fixed directions: in the plane no random ones are needed.
DIRECTIONS = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
BOOTSTRAP_DRAWS = 200


def sliced_w2(z: np.ndarray, prior: Prior) -> float:
    """One-sample sliced 2-Wasserstein distance to the prior, in the prior's standard deviations.

    The root mean square, over 32 fixed directions, of the 2-Wasserstein distance between the
    projected codes and the projected prior. In one dimension the optimal plan is monotone, so the
    i-th smallest code goes to the i-th of n cells of equal mass of the prior: exactly
    W2^2 = mean (z_(i) - m_i)^2 + mean v_i, with m_i the mean and v_i the variance in cell i.

    Args:
        z: codes, (n, 2), in any order.
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
        z: codes, (n, 2).
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
    squares = np.empty(BOOTSTRAP_DRAWS)
    for draw in range(BOOTSTRAP_DRAWS):
        times = np.bincount(rng.integers(n, size=n), minlength=n)
        # Repeating sorted codes leaves them sorted; every direction has n again.
        resampled = np.repeat(projections.ravel(), times[order].ravel()).reshape(projections.shape)
        squares[draw] = _distance(resampled, *cells, prior.std) ** 2
    tail = (1 - level) / 2
    ends = np.quantile(squares - squares.mean(), [tail, 1 - tail])
    low, high = np.sqrt(np.maximum(_distance(projections, *cells, prior.std) ** 2 + ends, 0))
    return float(low), float(high)


def sliced_w2_between(z: np.ndarray, reference: np.ndarray, std: float) -> float:
    """Two-sample `sliced_w2`: the reference sample's own cells stand where the prior's do.

    Args:
        z: codes, (n, 2).
        reference: other codes, (m, 2), m >= n; those beyond the last whole multiple of n sit it out.
        std: the unit of the result.
    """
    whole = len(reference) // len(z) * len(z)
    cells = np.sort(_project(reference[:whole]), axis=1).reshape(len(DIRECTIONS), len(z), -1)
    projections = np.sort(_project(z), axis=1)
    return _distance(projections, cells.mean(2), cells.var(2).mean(1), std)


def transport_costs(z: np.ndarray, prior: Prior) -> np.ndarray:
    """Each code's part in `sliced_w2`, whose square is their mean.

    Args:
        z: codes, (n, 2).
        prior: the distribution that they should follow.

    Returns:
        Mean squared way to the code's cells, over the directions, in the prior's variances, (n,).
    """
    projections = _project(z)
    means, variances = _cells(prior, len(z))
    ranks = projections.argsort(axis=1).argsort(axis=1)
    ways = projections - np.take_along_axis(means, ranks, axis=1)
    return ((ways**2).mean(0) + variances.mean()) / prior.std**2


def _project(z: np.ndarray) -> np.ndarray:
    """(n, 2) -> (32, n): a row a direction."""
    return DIRECTIONS @ z.T.astype(np.float64)


def _cells(prior: Prior, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The prior's n cells of equal mass along each direction: means (32, n), mean variances (32,)."""
    means, variances = zip(*(prior.projected_cells(float(angle), n) for angle in ANGLES), strict=True)
    return np.stack(means), np.array(variances)


def _distance(projections: np.ndarray, means: np.ndarray, variances: np.ndarray, std: float) -> float:
    return float(np.sqrt(np.mean((projections - means) ** 2) + variances.mean()) / std)


def whiten(z: np.ndarray) -> np.ndarray:
    """The codes after the affine map to mean 0 and identity covariance: what is left is shape.

    Args:
        z: codes, (n, 2).

    Raises:
        UserError: the codes lie on one line, or at one point.
    """
    z = z.astype(np.float64)
    centred = z - z.mean(0)
    values, vectors = np.linalg.eigh(np.cov(centred, rowvar=False))
    if values[0] <= 1e-12 * values[1]:
        raise UserError(
            "the codes lie on one line or at one point: the encoder has collapsed; "
            "lower train.learning_rate or train.adversarial_weight, or train for more steps"
        )
    return centred @ (vectors / np.sqrt(values)) @ vectors.T


def neighbour_accuracy(z: np.ndarray, y: np.ndarray, k: int = 10) -> float:
    """Share of codes whose label is the majority of their k nearest other codes' (leave one out).

    Args:
        z: codes, (n, 2), n > k.
        y: labels, integers >= 0, (n,). A tie goes to the smaller label.
        k: neighbours.
    """
    neighbours = np.asarray(KDTree(z).query(z, k + 1)[1])
    itself = neighbours == np.arange(len(z))[:, None]
    # Among more than k equal codes a code may not be in its own list: then the last one is dropped.
    itself[~itself.any(1), -1] = True
    votes = y[neighbours[~itself].reshape(len(z), k)]
    counts = np.stack([(votes == label).sum(1) for label in range(int(y.max()) + 1)], axis=1)
    return float(np.mean(counts.argmax(1) == y))
