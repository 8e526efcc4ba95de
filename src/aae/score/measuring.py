"""Measure any number of codes in a time that people wait: what does not scale is taken on a random part."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from scipy import special

from aae.measure import distances, two_sample
from aae.measure.nulls import null_bands
from aae.measure.scorecard import LEVEL, Null, measure
from aae.model.priors.base import Prior
from aae.model.randomness import named_generator

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


def score(
    z: np.ndarray, prior: Prior, null_samples: int, on_sample: Callable[[], object] = lambda: None
) -> tuple[dict[str, Any], Null]:
    """What `aae.measure.scorecard.score` says, with the C2ST on at most `CLASSIFIED` of the codes.

    Args:
        z: codes, (n, dim).
        prior: the distribution that they should follow.
        null_samples: samples of the prior, of n codes each.
        on_sample: called after each of these.

    Returns:
        The scores, and the null bands.

    Raises:
        UserError: the codes lie on one line, at one point, or (all but a few) where p(z) is 0.
    """
    forms = {"raw": z, "whitened": distances.match_moments(z, prior)}
    numbers = {form: measure(codes, prior, sampled_null_only=True) for form, codes in forms.items()}
    null = null_bands(len(z), prior, null_samples, on_sample)
    error = two_sample.c2st_standard_error(min(len(z), CLASSIFIED))
    reach = error * float(special.ndtri((1 + LEVEL) / 2))
    for form, codes in forms.items():
        accuracy = two_sample.c2st_accuracy(random_part(codes, CLASSIFIED), prior)
        numbers[form]["c2st_accuracy"] = accuracy
        null[form]["c2st_accuracy"] = {"mean": 0.5, "std": error, "low": 0.5 - reach, "high": 0.5 + reach}
    low, high = distances.sliced_w2_interval(z, prior, LEVEL)
    excess = distances.excess(numbers["raw"]["sliced_w2"], null["raw"]["sliced_w2"]["mean"])
    scores = {**numbers, "sliced_w2_low": low, "sliced_w2_high": high, "sliced_w2_excess": excess}
    return scores, null
