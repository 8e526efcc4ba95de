"""Measures of how well codes keep the digits apart."""

import numpy as np
from scipy.spatial import KDTree

from aae.model.priors.base import Prior


def neighbour_accuracy(z: np.ndarray, y: np.ndarray, k: int = 10) -> float:
    """Share of codes whose label is the majority of their k nearest other codes' (leave one out).

    Args:
        z: codes, (n, dim), n > k.
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


def component_accuracy(z: np.ndarray, y: np.ndarray, prior: Prior) -> float:
    """Share of codes of digit k that lie in the prior's component k, to which labels assign it (Figure 3).

    Args:
        z: codes, (n, dim).
        y: digits, (n,).
        prior: one with components.
    """
    return float(np.mean(prior.component(z) == y))
