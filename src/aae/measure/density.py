"""The misfit of the density in words: how much mass lies wrong, and where the prior is nearly empty.

Both compare q(z), estimated by nearest neighbours, with p(z) at samples of the prior. They need many
codes: those of training and evaluation images together.
"""

import numpy as np
import torch
from scipy.spatial import KDTree

from aae.measure.divergence import log_unit_ball
from aae.model.priors.base import Prior
from aae.model.randomness import named_generator

NEIGHBOURS = 50
PRIOR_SAMPLES = 50_000  # At most: never more than there are codes, whose own error is then as large.


def density_misfit(z: np.ndarray, prior: Prior) -> dict[str, float]:
    """Total variation distance, and shares of the prior's mass that codes hardly reach.

    Args:
        z: codes, (n, dim), n >= 2 `NEIGHBOURS`.
        prior: the distribution that they should follow.

    Returns:
        "total_variation", as `total_variation` has it; "below_half" and "below_quarter", the shares of
        p where q / p is below 1/2 and below 1/4.
    """
    z = z.astype(np.float64)
    generator = named_generator(0, "prior samples beside all codes")
    samples = prior.sample(min(PRIOR_SAMPLES, len(z)), generator).numpy().astype(np.float64)
    tree = KDTree(z)
    below_half = is_below(0.5, tree, samples, prior)
    below_quarter = is_below(0.25, tree, samples[below_half], prior)  # Nowhere else.
    return {
        "total_variation": total_variation(z, samples, prior),
        "below_half": float(below_half.mean()),
        "below_quarter": float(below_quarter.sum() / len(samples)),
    }


def total_variation(z: np.ndarray, samples: np.ndarray, prior: Prior) -> float:
    """Lower bound of the total variation distance of q(z) and p(z), from held-out codes.

    The distance is the largest P(S) - Q(S) over all sets S, reached by S = {z: q(z) < p(z)}
    (Scheffé 1947). One half of the codes chooses S, the other half gives Q(S), and the other way
    round; the result is the mean. Where S is not the best set the difference is smaller, and as Q(S) is of
    codes that had no part in the choice it is 0 on average for samples of the prior.

    Args:
        z: codes, (n, dim), n >= 2 `NEIGHBOURS`, in any order.
        samples: of the prior, (m, dim).
        prior: the distribution that the codes should follow.
    """
    order = torch.randperm(len(z), generator=named_generator(0, "halves of the codes")).numpy()
    halves = np.array_split(z[order], 2)
    differences = []
    for chooses, judges in (halves, halves[::-1]):
        tree = KDTree(chooses)
        p_of_set = np.mean(is_below(1, tree, samples, prior))
        differences.append(p_of_set - np.mean(is_below(1, tree, judges, prior)))
    return float(np.mean(differences))


def is_below(ratio: float, tree: KDTree, points: np.ndarray, prior: Prior) -> np.ndarray:
    """Tell where q(z) / p(z) is below a ratio, with q from the distance r to the k-th nearest code.

    q = k / (n V(r)) is below ratio p if and only if fewer than k codes lie in the ball that would hold k
    codes at the density ratio p. To count them takes a third of the time of finding the neighbours.

    Args:
        ratio: above 0.
        tree: of n codes, k = `NEIGHBOURS` or more.
        points: where to compare, none of them a code in the tree, (m, dim).
        prior: p.

    Returns:
        Booleans, (m,).
    """
    dim = points.shape[1]
    log_volume = np.log(NEIGHBOURS / (ratio * tree.n)) - prior.log_density(points)
    with np.errstate(over="ignore"):  # Infinite where p(z) is 0, or nearly so.
        radius = np.exp((log_volume - log_unit_ball(dim)) / dim)
    return np.asarray(tree.query_ball_point(points, radius, return_length=True)) < NEIGHBOURS
