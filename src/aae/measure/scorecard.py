"""Every measure of one sample of codes, as it is and whitened, beside what prior samples give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from aae.measure import density, distances, divergence, two_sample
from aae.model.priors.base import Prior

LEVEL = 0.95  # Of the null bands and of the bootstrap's interval.

Null = dict[str, Any]  # What `aae.measure.nulls` gives for one prior.


@dataclass(frozen=True)
class Sample:
    """Codes, and what several measures need of them, computed once."""

    z: np.ndarray
    prior: Prior

    @cached_property
    def percentiles(self) -> np.ndarray:
        """The codes' percentiles under the prior, (n, dim)."""
        return self.prior.to_uniform(self.z.astype(np.float64))

    @cached_property
    def normal_scores(self) -> np.ndarray:
        """N(0, I) of samples of the prior, (n, dim)."""
        return self.prior.to_normal(self.z)


@dataclass(frozen=True)
class Measure:
    """One number of a sample of codes."""

    of: Callable[[Sample], float]
    planar: bool = False
    """Tells if it is defined for codes in the plane alone."""
    null_error: Callable[[int], float] | None = None
    """Its standard error about 0.5 for n prior samples, where that is known and need not be sampled."""

    def defined_for(self, prior: Prior) -> bool:
        """Tell if codes can be held against this prior by it."""
        return prior.dim == 2 or not self.planar


MEASURES: dict[str, Measure] = {
    "kl": Measure(lambda s: divergence.marginal_kl(s.z, s.prior)),
    "sliced_w2": Measure(lambda s: distances.sliced_w2(s.z, s.prior)),
    "c2st_accuracy": Measure(
        lambda s: two_sample.c2st_accuracy(s.z, s.prior),
        null_error=two_sample.c2st_standard_error,
    ),
    "holes": Measure(lambda s: two_sample.holes(s.percentiles), planar=True),
    "ks_radius": Measure(lambda s: two_sample.ks_radius(s.normal_scores)),
    "outside": Measure(lambda s: divergence.outside(s.z, s.prior)),
}


def measure(z: np.ndarray, prior: Prior, sampled_null_only: bool = False) -> dict[str, float]:
    """Every measure of codes, (n, dim), by name, but for those that are not defined for this prior.

    Args:
        z: codes, (n, dim).
        prior: the distribution that they should follow.
        sampled_null_only: leave out those whose null distribution is known, and need not be sampled.
    """
    sample = Sample(z, prior)
    return {
        name: each.of(sample)
        for name, each in MEASURES.items()
        if each.defined_for(prior) and not (sampled_null_only and each.null_error)
    }


def measure_sets(z: np.ndarray, z_training: np.ndarray, prior: Prior) -> dict[str, float]:
    """Measures that take the codes of all images: the fit of those of training, and the density of all.

    Args:
        z: codes of the evaluation images, (n, dim).
        z_training: codes of the training images, (m, dim).
        prior: the distribution that they should follow.

    Returns:
        "kl" and "sliced_w2" of the training codes; "shift", the sliced W2 between the two sets, where
        m >= n; and what `density_misfit` says of both together.
    """
    numbers = {
        "kl": divergence.marginal_kl(z_training, prior),
        "sliced_w2": distances.sliced_w2(z_training, prior),
    }
    if len(z_training) >= len(z):
        numbers["shift"] = distances.sliced_w2_between(z, z_training, prior.std)
    return numbers | density.density_misfit(np.concatenate([z, z_training]), prior)
