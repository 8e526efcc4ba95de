"""How well codes fit a prior: effect sizes beside what true draws of the same size give."""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from aae.errors import UserError
from aae.priors import Prior
from aae.randomness import named_generator

ANGLES = np.pi * np.arange(32) / 32  # Fixed directions: in the plane no random ones are needed.
NULL_DRAWS = 200


@dataclass(frozen=True)
class NullBand:
    """The sliced W2 of true prior draws: the floor that a finite sample sets."""

    mean: float
    std: float


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
    directions = np.stack([np.cos(ANGLES), np.sin(ANGLES)])
    projections = np.sort(z.astype(np.float64) @ directions, axis=0)
    squares = []
    for angle, projection in zip(ANGLES, projections.T, strict=True):
        means, variance = prior.projected_cells(float(angle), len(z))
        squares.append(np.mean((projection - means) ** 2) + variance)
    return float(np.sqrt(np.mean(squares)) / prior.std)


def sliced_w2_null(n: int, prior: Prior, draws: int = NULL_DRAWS) -> NullBand:
    """Mean and standard deviation of `sliced_w2` over seeded samples of size n from the prior itself."""
    generator = named_generator(0, "null band")
    distances = [sliced_w2(prior.sample(n, generator).numpy(), prior) for _ in range(draws)]
    return NullBand(float(np.mean(distances)), float(np.std(distances, ddof=1)))


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
