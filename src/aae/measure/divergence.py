"""The KL divergence of the aggregated posterior from the prior: the density's misfit, in nats."""

import numpy as np
from scipy.spatial import KDTree
from scipy.special import digamma, gammaln

from aae.model.priors.base import Prior
from aae.system.errors import UserError

NEIGHBOURS = 5


def marginal_kl(z: np.ndarray, prior: Prior, k: int = NEIGHBOURS) -> float:
    """KL(q(z) || p(z)) in nats: the term of the evidence bound that a regularizer is there to remove.

    -H(q) - E_q[ln p] (Hoffman and Johnson 2016), with the entropy H by the k-nearest-neighbour
    estimator of Kozachenko and Leonenko (1987; Berrett et al. 2019). In the plane nearly exact; its
    bias grows with the dimension, so compare it with its null band.

    Where the prior has places of density 0 this is the divergence of the codes that lie elsewhere, which
    is finite; `outside` is the share of the others.

    Args:
        z: codes, (n, dim).
        prior: the distribution that they should follow.
        k: neighbours.

    Returns:
        Nats. Estimates may be a little below 0.

    Raises:
        UserError: no more than k codes lie where p(z) > 0.
    """
    z = z.astype(np.float64)
    log_p = prior.log_density(z)
    inside = np.isfinite(log_p)
    if inside.sum() <= k:
        raise UserError(
            f"only {inside.sum()} of {len(z):,} codes lie where p(z) > 0, too few for a KL divergence: "
            f"they are far from {prior.description}"
        )
    return float(-entropy(z[inside], k) - log_p[inside].mean())


def outside(z: np.ndarray, prior: Prior) -> float:
    """Share of codes, (n, dim), where p(z) is 0: where KL(q(z) || p(z)) is infinite."""
    return float(np.mean(~np.isfinite(prior.log_density(z.astype(np.float64)))))


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
    return float(digamma(n) - digamma(k) + log_unit_ball(dim) + dim * log_distances)


def log_unit_ball(dim: int) -> float:
    """Logarithm of the volume of the ball of radius 1."""
    return float(0.5 * dim * np.log(np.pi) - gammaln(0.5 * dim + 1))
