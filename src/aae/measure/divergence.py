"""The KL divergence of the aggregated posterior from the prior: the density's misfit, in nats."""

import numpy as np
from scipy.spatial import KDTree
from scipy.special import digamma, gammaln

from aae.model.priors import Prior

NEIGHBOURS = 5


def marginal_kl(z: np.ndarray, prior: Prior, k: int = NEIGHBOURS) -> float:
    """KL(q(z) || p(z)) in nats: the term of the evidence bound that a regularizer is there to remove.

    -H(q) - E_q[ln p] (Hoffman and Johnson 2016), with the entropy H by the k-nearest-neighbour
    estimator of Kozachenko and Leonenko (1987; Berrett et al. 2019). In the plane nearly exact; its
    bias grows with the dimension, so compare it with its null band.

    Args:
        z: codes, (n, dim), n > k.
        prior: the distribution that they should follow.
        k: neighbours.

    Returns:
        Nats; infinity where a code lies where p(z) is 0. Estimates may be a little below 0.
    """
    z = z.astype(np.float64)
    log_p = prior.log_density(z).mean()
    return float(-entropy(z, k) - log_p)


def entropy(z: np.ndarray, k: int = NEIGHBOURS) -> float:
    """Differential entropy in nats by the distances to the k-th nearest neighbours.

    Args:
        z: a sample, (n, dim), n > k.
        k: neighbours.
    """
    n, dim = z.shape
    distances = np.asarray(KDTree(z).query(z, k + 1)[0])[:, -1]
    # Codes are float32. More than k equal ones count as apart by its resolution: at a distance of 0 a few
    # equal codes of 10,000 would add a nat to the KL divergence.
    resolution = max(np.finfo(np.float32).eps * np.abs(z).max(), np.finfo(float).tiny)
    log_distances = np.log(np.maximum(distances, resolution)).mean()
    log_ball = 0.5 * dim * np.log(np.pi) - gammaln(0.5 * dim + 1)
    return float(digamma(n) - digamma(k) + log_ball + dim * log_distances)
