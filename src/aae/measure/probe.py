"""Boosted trees that tell codes and prior samples apart: a lower bound of their divergence."""

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from aae.measure.distances import directions
from aae.model.priors.base import Prior
from aae.model.randomness import named_generator

HELD_OUT = 1 / 6  # Of the data: for the estimate, seen neither in fitting nor in early stopping.
EVERY = 4  # Of `directions`, those along which trees cut: 8 in the plane.


def jensen_shannon(z: np.ndarray, prior: Prior) -> float:
    """Lower bound of the Jensen-Shannon divergence of q(z) and p(z), in nats: at most ln 2.

    ln 2 minus the cross-entropy of a classifier of codes and as many prior samples, on held-out data
    (Goodfellow et al. 2014, theorem 1: the best discriminator's would give the divergence itself).

    The classifier is boosted trees, which find a part of fine structure (docs/measures.md), and beyond the
    plane less than the training discriminator sees.

    Args:
        z: codes, (n, dim), n >= 100.
        prior: the distribution that they should follow.

    Returns:
        Nats, the same bits for any number of threads. A little below 0 where there is nothing to tell.
    """
    n = len(z)
    samples = prior.sample(n, named_generator(0, "probe's prior samples")).numpy()
    points = np.concatenate([samples, z]).astype(np.float64) @ directions(prior.dim)[::EVERY].T
    is_code = np.repeat([False, True], n)
    fitted, held_out, fitted_is_code, held_out_is_code = train_test_split(
        points, is_code, test_size=HELD_OUT, random_state=0, stratify=is_code
    )
    classifier = HistGradientBoostingClassifier(
        learning_rate=0.1,
        max_iter=500,
        max_leaf_nodes=63,
        early_stopping=True,
        validation_fraction=0.1,
        n_iter_no_change=10,
        random_state=0,
    )
    # One thread: threads that wait for each other took forty times as long on busy cores (measured).
    with threadpool_limits(1, "openmp"):
        logits = classifier.fit(fitted, fitted_is_code).decision_function(held_out)
    cross_entropy = np.logaddexp(0, np.where(held_out_is_code, -logits, logits)).mean()
    return float(np.log(2) - cross_entropy)
