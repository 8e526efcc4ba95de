"""Every measure of one sample of codes, as it is and whitened, beside what prior samples give."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from aae.measure import distances, divergence, two_sample
from aae.model.priors import Prior
from aae.randomness import named_generator

NULL_SAMPLES = 200
LEVEL = 0.95  # Of the null bands and of the bootstrap's interval.
TAILS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
LEAST_CODES = 100

Null = dict[str, dict[str, dict[str, float]]]


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

    title: str
    of: Callable[[Sample], float]
    planar: bool = False
    """Whether it is defined for codes in the plane alone."""
    positive_density: bool = False
    """Whether it is finite only for priors whose density is positive everywhere."""
    null_error: Callable[[int], float] | None = None
    """Its standard error about 0.5 for n prior samples, where that is known and need not be sampled."""

    def defined_for(self, prior: Prior) -> bool:
        """Whether codes can be held against this prior by it."""
        return (prior.dim == 2 or not self.planar) and (prior.positive_density or not self.positive_density)


MEASURES: dict[str, Measure] = {
    "kl": Measure("KL(q || p), nats", lambda s: divergence.marginal_kl(s.z, s.prior), positive_density=True),
    "sliced_w2": Measure("sliced W2", lambda s: distances.sliced_w2(s.z, s.prior)),
    "c2st_accuracy": Measure(
        "C2ST accuracy",
        lambda s: two_sample.c2st_accuracy(s.z, s.prior),
        null_error=two_sample.c2st_standard_error,
    ),
    "holes": Measure("holes", lambda s: two_sample.holes(s.percentiles), planar=True),
    "mmd": Measure("MMD, Gaussian kernel", lambda s: two_sample.mmd(s.normal_scores), planar=True),
    "ks_radius": Measure("KS, radius", lambda s: two_sample.ks_radius(s.normal_scores)),
    "ks_1": Measure("KS, first coordinate", lambda s: two_sample.ks_uniform(s.percentiles[:, 0])),
    "ks_2": Measure("KS, second coordinate", lambda s: two_sample.ks_uniform(s.percentiles[:, 1])),
}


def measure(z: np.ndarray, prior: Prior) -> dict[str, float]:
    """Every measure of codes, (n, dim), by name, but for those that are not defined for this prior."""
    return _measure(z, prior, [*MEASURES])


def _measure(z: np.ndarray, prior: Prior, names: list[str]) -> dict[str, float]:
    sample = Sample(z, prior)
    return {name: MEASURES[name].of(sample) for name in names if MEASURES[name].defined_for(prior)}


def null_bands(n: int, prior: Prior, samples: int = NULL_SAMPLES) -> Null:
    """What n samples of the prior give: the null distribution of every measure.

    Args:
        n: codes in the sample that is to be judged.
        prior: the distribution that they should follow.
        samples: how many, each of n.

    Returns:
        For "raw" and "whitened" and each measure: mean, std, and the ends "low" and "high" of the
        central 95%. Whitened codes are held against whitened samples, which fit better than raw ones.
        The classifier's are not sampled but known.
    """
    generator = named_generator(0, "null band")
    drawn = [prior.sample(n, generator).numpy() for _ in range(samples)]
    names = [name for name, each in MEASURES.items() if each.null_error is None]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # NumPy and SciPy let go of Python's lock.
        raw = list(pool.map(lambda z: _measure(z, prior, names), drawn))
        whitened = list(pool.map(lambda z: _measure(distances.match_moments(z, prior), prior, names), drawn))
    return {"raw": _bands(raw, n), "whitened": _bands(whitened, n)}


def _bands(values: list[dict[str, float]], n: int) -> dict[str, dict[str, float]]:
    bands = {}
    for name, each in MEASURES.items():
        if each.null_error is not None:
            error = each.null_error(n)
            low, high = (float(0.5 + error * special.ndtri(tail)) for tail in TAILS)
            bands[name] = {"mean": 0.5, "std": error, "low": low, "high": high}
        elif name in values[0]:
            column = np.array([value[name] for value in values])
            low, high = (float(end) for end in np.quantile(column, TAILS))
            bands[name] = {
                "mean": float(column.mean()),
                "std": float(column.std(ddof=1)),
                "low": low,
                "high": high,
            }
    return bands


def score(z: np.ndarray, prior: Prior, null: Null) -> dict[str, Any]:
    """All measures of one sample of codes.

    Args:
        z: codes, (n, dim), n >= `LEAST_CODES`.
        prior: the distribution that they should follow.
        null: `null_bands` for as many codes and the same prior.

    Returns:
        "sliced_w2_low" and "sliced_w2_high", the ends of its bootstrap interval; "fit_ratio", the
        distance as a multiple of the null's mean; and each measure under "raw" and "whitened".

    Raises:
        UserError: the codes lie on one line or at one point.
    """
    raw = measure(z, prior)
    low, high = distances.sliced_w2_interval(z, prior, LEVEL)
    return {
        "fit_ratio": raw["sliced_w2"] / null["raw"]["sliced_w2"]["mean"],
        "sliced_w2_low": low,
        "sliced_w2_high": high,
        "raw": raw,
        "whitened": measure(distances.match_moments(z, prior), prior),
    }


def table(scores: Mapping[str, Any], null: Null) -> pd.DataFrame:
    """A row a measure: value, mean and 95% null band, raw and whitened; for people to read."""
    rows = []
    for name in scores["raw"]:
        row = {"measure": MEASURES[name].title}
        for form in ("raw", "whitened"):
            band = null[form][name]
            row[form] = f"{scores[form][name]:.4f}"
            row[f"{form}, null (95%)"] = f"{band['mean']:.4f} ({band['low']:.4f} to {band['high']:.4f})"
        rows.append(row)
    return pd.DataFrame(rows)
