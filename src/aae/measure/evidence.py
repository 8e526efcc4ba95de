"""The Jensen-Shannon divergence that the training discriminator sees, and that other probes find."""

import numpy as np
import torch
from scipy.spatial import KDTree
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from torch import nn

from aae.measure.divergence import log_unit_ball
from aae.measure.probe import jensen_shannon
from aae.model.networks import BATCH
from aae.model.priors.base import Prior
from aae.model.randomness import named_generator

FOLDS = 6  # Of the codes: the neighbours of each are looked for among the others.
NEIGHBOURS = (
    4,
    16,
    64,
)  # From fine and noisy to coarse: of 50,000 codes, 0.016 to 0.064 apart at the centre.
MOST = 30.0  # Nats of evidence: enough to be certain, where p(z) is 0.


def probes(z: np.ndarray, prior: Prior) -> dict[str, float]:
    """The divergence that two fresh classifiers of different kinds find in codes, (n, dim), in nats.

    Returns:
        "probe_jsd", by boosted trees, and in the plane "neighbour_jsd", by densities of nearest neighbours.
    """
    found = {"probe_jsd": jensen_shannon(z, prior)}
    return found | {"neighbour_jsd": neighbour_jensen_shannon(z, prior)} if prior.dim == 2 else found


@torch.inference_mode()
def seen(discriminator: nn.Module, z: np.ndarray, prior: Prior) -> dict[str, float]:
    """The divergence that the training discriminator, as training left it, sees in codes.

    Args:
        discriminator: (n, dim) -> logits, (n, 1).
        z: codes, (n, dim).
        prior: the distribution that they should follow.

    Returns:
        "discriminator_jsd" in nats, as `told` has it, of codes and as many fresh samples of the prior; and
        "discriminator_jsd_null", the same of other samples in the codes' place.
    """
    generator = named_generator(0, "discriminator's prior samples")
    of_samples, of_others, of_codes = (
        torch.cat([discriminator(part) for part in points.split(BATCH)]).double().numpy()
        for points in (prior.sample(len(z), generator), prior.sample(len(z), generator), torch.from_numpy(z))
    )
    return {
        "discriminator_jsd": told(of_samples, of_codes),
        "discriminator_jsd_null": told(of_samples, of_others),
    }


def told(of_samples: np.ndarray, of_codes: np.ndarray) -> float:
    """Lower bound of the Jensen-Shannon divergence of q(z) and p(z), in nats, by evidence about each point.

    A logistic regression weighs the evidence, so that its scale and offset do not count; what it tells is
    measured on points that it was not fitted to (halves, both ways round).

    Args:
        of_samples: evidence about samples of the prior, (n, kinds): logits of a discriminator, say.
        of_codes: the same about codes, (n, kinds).

    Returns:
        ln 2 minus the cross-entropy: at most ln 2, and about 0 where there is nothing to tell.
    """
    evidence = np.concatenate([of_samples, of_codes])
    is_code = np.repeat([0, 1], [len(of_samples), len(of_codes)])
    halves = StratifiedKFold(2, shuffle=True, random_state=0)
    logits = cross_val_predict(LogisticRegression(), evidence, is_code, cv=halves, method="decision_function")
    return float(np.log(2) - np.logaddexp(0, np.where(is_code, -logits, logits)).mean())


def neighbour_jensen_shannon(z: np.ndarray, prior: Prior) -> float:
    """Lower bound of the Jensen-Shannon divergence of q(z) and p(z), by densities of nearest neighbours.

    Evidence are logarithms of q(z) / p(z) at three scales, with q from the distance to the k-th nearest of
    other codes. Unlike trees, which cut along few directions, it finds fine structure in the plane
    (docs/measures.md); in more dimensions neighbours are far away, and trees see more.

    Args:
        z: codes, (n, dim), n >= 100.
        prior: the distribution that they should follow.

    Returns:
        Nats, as `told` has them.
    """
    n = len(z)
    z = z.astype(np.float64)
    samples = prior.sample(n, named_generator(0, "neighbours' prior samples")).numpy().astype(np.float64)
    order = torch.randperm(n, generator=named_generator(0, "folds of the codes")).numpy()
    of_codes, of_samples = np.empty((2, n, len(NEIGHBOURS)))
    for fold in np.array_split(order, FOLDS):
        tree = KDTree(np.delete(z, fold, axis=0))
        of_codes[fold] = _log_ratio(tree, z[fold], prior)
        of_samples[fold] = _log_ratio(tree, samples[fold], prior)
    return told(of_samples, of_codes)


def _log_ratio(tree: KDTree, points: np.ndarray, prior: Prior) -> np.ndarray:
    """Logarithms of q / p at points, (m, dim), one for each of `NEIGHBOURS`: (m, kinds)."""
    distances = np.maximum(tree.query(points, NEIGHBOURS)[0], np.finfo(float).tiny)
    dim = points.shape[1]
    log_q = np.log(np.array(NEIGHBOURS) / tree.n) - log_unit_ball(dim) - dim * np.log(distances)
    return np.clip(log_q - prior.log_density(points)[:, None], -MOST, MOST)
