"""Codes with errors of known kind and size: what the measures must catch, and what they cannot see."""

from collections.abc import Callable

import numpy as np

CONTRAST = 0.295  # Of a checkerboard: 0.011 nats of Jensen-Shannon divergence, as is left of a default run.


def exact(n: int, seed: int) -> np.ndarray:
    """Samples of N(0, I) itself, (n, 2)."""
    return np.random.default_rng(seed).standard_normal((n, 2))


def shift(n: int, seed: int) -> np.ndarray:
    """A mean of 0.05 along z1."""
    return exact(n, seed) + np.array([0.05, 0])


def scale(n: int, seed: int) -> np.ndarray:
    """A standard deviation of 0.95."""
    return 0.95 * exact(n, seed)


def correlation(n: int, seed: int) -> np.ndarray:
    """A correlation of 0.1 between the two dimensions."""
    return exact(n, seed) @ np.linalg.cholesky([[1, 0.1], [0.1, 1]]).T


def hole(n: int, seed: int) -> np.ndarray:
    """No code within 0.35 of (0.8, 0.3), where 4.2% of the prior's mass lies."""
    z = exact(2 * n, seed)
    return z[np.hypot(z[:, 0] - 0.8, z[:, 1] - 0.3) > 0.35][:n]


def lost_mode(n: int, seed: int) -> np.ndarray:
    """No code in 36 degrees of angle: a tenth of the prior, as one digit would have."""
    z = exact(2 * n, seed)
    return z[np.abs(np.arctan2(z[:, 1], z[:, 0]) - np.pi / 3) > np.pi / 10][:n]


def heavy_tail(n: int, seed: int) -> np.ndarray:
    """Student's t in the plane, 5 degrees of freedom, with the prior's covariance."""
    chi_square = np.random.default_rng(1000 + seed).chisquare(5, (n, 1))
    return exact(n, seed) * np.sqrt(3 / chi_square)


def checkerboard(n: int, side: float, seed: int) -> np.ndarray:
    """Squares in which codes are denser and thinner by `CONTRAST`, by turns: fine structure, (n, 2).

    Args:
        n: codes.
        side: of a square.
        seed: of the samples.
    """
    z = exact(4 * n, seed)
    sign = 1 - 2 * (np.floor(z / side).sum(1) % 2)
    rng = np.random.default_rng(1000 + seed)
    return z[rng.random(len(z)) * (1 + CONTRAST) < 1 + CONTRAST * sign][:n]


def jensen_shannon_of_checkerboard() -> float:
    """Its divergence from the prior in nats, whatever the squares' side: half the codes lie at each ratio."""
    ratios = np.array([1 + CONTRAST, 1 - CONTRAST])
    middle = (1 + ratios) / 2
    return float(np.mean(ratios * np.log(ratios / middle) - np.log(middle)) / 2)


CONTROLS: dict[str, Callable[[int, int], np.ndarray]] = {
    "samples of the prior": exact,
    "shifted by 0.05": shift,
    "scaled by 0.95": scale,
    "correlation 0.1": correlation,
    "a hole of 4% of p": hole,
    "a lost mode (a wedge of 36 degrees)": lost_mode,
    "heavy tails (t, 5 degrees of freedom)": heavy_tail,
}
