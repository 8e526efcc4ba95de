"""Measure any number of codes in a time that people wait: what does not scale is taken on a random part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from aae.measure import distances, two_sample
from aae.measure.nulls import known_band, null_bands
from aae.measure.scorecard import LEVEL, Null, measure
from aae.model.priors.base import Prior
from aae.model.randomness import named_generator

FORMS = ("raw", "whitened")
CLASSIFIED = 10_000  # Codes at most for the C2ST, whose k grows with their number: 60,000 take a minute.
PLANE, FEW_DIMENSIONS, MANY_DIMENSIONS = 100_000, 10_000, 5_000  # For the rest: half a minute on two cores.


def random_part(z: np.ndarray, most: int) -> np.ndarray:
    """At most so many of the codes, drawn at random; all of them in their order where there are no more."""
    if len(z) <= most:
        return z
    order = torch.randperm(len(z), generator=named_generator(0, "codes that are measured"))
    return z[order[:most].numpy()]


def most_codes(dim: int) -> int:
    """The number of codes, of this dimension, up to which all are measured.

    Trees find neighbours the slower the more dimensions there are.
    """
    return PLANE if dim == 2 else FEW_DIMENSIONS if dim <= 8 else MANY_DIMENSIONS


def find_null(
    n: int, prior: Prior, null_samples: int, on_sample: Callable[[], object] = lambda: None
) -> Null:
    """Null bands of what `score` measures of n codes.

    Args:
        n: codes.
        prior: the distribution that they should follow.
        null_samples: samples of the prior, of n codes each.
        on_sample: called after each of these.
    """
    null = null_bands(n, prior, null_samples, on_sample)
    classified = known_band(two_sample.c2st_standard_error(min(n, CLASSIFIED)))
    return null | {form: null[form] | {"c2st_accuracy": classified} for form in FORMS}


def score(z: np.ndarray, prior: Prior, null: Null) -> dict[str, Any]:
    """All measures of one sample of codes, the C2ST on at most `CLASSIFIED` of them.

    Args:
        z: codes, (n, dim), n >= `aae.score.reading.LEAST_CODES`.
        prior: the distribution that they should follow.
        null: from `find_null`, for n codes.

    Returns:
        Each measure under "raw" and "whitened"; "sliced_w2_low" and "sliced_w2_high", the ends of its
        bootstrap interval; and "sliced_w2_excess".

    Raises:
        UserError: the codes lie on one line, at one point, or (all but a few) where p(z) is 0.
    """
    scores: dict[str, Any] = {}
    for form, codes in zip(FORMS, (z, distances.match_moments(z, prior)), strict=True):
        accuracy = two_sample.c2st_accuracy(random_part(codes, CLASSIFIED), prior)
        scores[form] = measure(codes, prior, sampled_null_only=True) | {"c2st_accuracy": accuracy}
    low, high = distances.sliced_w2_interval(z, prior, LEVEL)
    excess = distances.excess(scores["raw"]["sliced_w2"], null["raw"]["sliced_w2"]["mean"])
    return scores | {"sliced_w2_low": low, "sliced_w2_high": high, "sliced_w2_excess": excess}
