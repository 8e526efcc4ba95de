"""KL divergence of blurred codes from the prior, blurred alike: misfit that is not fine structure."""

import numpy as np
from scipy.spatial import KDTree

from aae.measure.divergence import NEIGHBOURS
from aae.model.priors.base import Prior
from aae.model.randomness import named_generator

SCALES = (0.03, 0.05, 0.1)  # Standard deviations of the blur, in the prior's.


def smoothed_kl(z: np.ndarray, prior: Prior) -> dict[str, float]:
    """KL divergence of codes from the prior in nats, both convolved with N(0, scale^2 I).

    Args:
        z: codes, (n, dim).
        prior: the distribution that they should follow.

    Returns:
        "kl_smoothed_0.03" and so on, a number for each of `SCALES`. Estimates may be a little below 0.
    """
    generator = named_generator(0, "prior samples that are blurred")
    samples = prior.sample(len(z), generator).double().numpy()
    noise = np.random.default_rng(0).standard_normal((2, *z.shape)) * prior.std
    return {
        f"kl_smoothed_{scale}": kl_of_samples(z + scale * noise[0], samples + scale * noise[1])
        for scale in SCALES
    }


def kl_of_samples(a: np.ndarray, b: np.ndarray, k: int = NEIGHBOURS) -> float:
    """KL divergence in nats of the distributions of two samples, by their nearest neighbours.

    The estimator of Wang, Kulkarni and Verdú (2009): the mean logarithm of the ratio of the distances from
    each point of `a` to its k-th neighbour in `b` and in `a`.

    Args:
        a: (n, dim).
        b: (m, dim).
        k: neighbours.
    """
    n, dim = a.shape
    among, across = KDTree(a).query(a, [k + 1])[0], KDTree(b).query(a, [k])[0]
    tiny = np.finfo(np.float32).eps
    ratio = np.log(np.maximum(across, tiny)) - np.log(np.maximum(among, tiny))
    return float(dim * ratio.mean() + np.log(len(b) / (n - 1)))
