"""Null distributions: what samples of a prior give, through the same code as codes do."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
from scipy import special
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from aae.measure.distances import match_moments
from aae.measure.evidence import probes
from aae.measure.scorecard import LEVEL, MEASURES, Null, measure, measure_sets
from aae.model.priors.base import Prior
from aae.model.randomness import named_generator

SAMPLES = 200
LARGE_SAMPLES = 20  # Of as many codes as there are images of all kinds: each takes a second.
PROBED_SAMPLES = 6  # Of these; probes take several seconds each.
LEAST_FOR_QUANTILES = 100  # Samples from which on a band's ends are their quantiles.

Band = dict[str, float]
Numbers = TypeVar("Numbers")


def null_bands(
    n: int, prior: Prior, samples: int = SAMPLES, on_sample: Callable[[], object] = lambda: None
) -> Null:
    """Null distribution of every measure of one sample of codes: what n samples of the prior give.

    Args:
        n: codes in the sample that is to be judged.
        prior: the distribution that they should follow.
        samples: how many, each of n.
        on_sample: called after each.

    Returns:
        "n"; and for "raw" and "whitened" each measure's band. Whitened codes are held against whitened
        samples, which fit better than raw ones. The classifier's band is not sampled but known.
    """

    def both(z: np.ndarray) -> tuple[dict[str, float], dict[str, float]]:
        whitened = match_moments(z, prior)
        return measure(z, prior, sampled_null_only=True), measure(whitened, prior, sampled_null_only=True)

    generator = named_generator(0, "null band")
    values = _in_threads(both, [prior.sample(n, generator).numpy() for _ in range(samples)], on_sample)
    forms = zip(("raw", "whitened"), zip(*values, strict=True), strict=True)
    return {"n": n} | {form: _bands_of_measures(numbers, n, prior) for form, numbers in forms}


def large_null_bands(
    n: int,
    m: int,
    prior: Prior,
    samples: int = LARGE_SAMPLES,
    on_sample: Callable[[], object] = lambda: None,
) -> Null:
    """The null distributions of `measure_sets`, of n and m samples of the prior.

    Args:
        n: codes of evaluation images.
        m: codes of training images.
        prior: the distribution that they should follow.
        samples: how many, each of n + m.
        on_sample: called after each.

    Returns:
        "training": "n", which is m, and the bands of m: "kl", "sliced_w2" and those of `probes`; "shift",
        the band of the distance between n and m, where m >= n; "density": "n", which is n + m, and the bands
        "total_variation", "below_half" and "below_quarter".
    """
    generator = named_generator(0, "large null band")
    drawn = [prior.sample(n + m, generator).numpy() for _ in range(samples)]
    values = _in_threads(lambda z: measure_sets(z[:n], z[n:], prior), drawn, on_sample)
    bands = _bands(values)
    probed = _in_threads(lambda z: probes(z[n:], prior), drawn[:PROBED_SAMPLES], on_sample)
    return {
        "training": {"n": m, "kl": bands.pop("kl"), "sliced_w2": bands.pop("sliced_w2"), **_bands(probed)},
        **({"shift": bands.pop("shift")} if "shift" in bands else {}),
        "density": {"n": n + m, **bands},
    }


def known_band(error: float) -> Band:
    """Band of a measure that is normal about 0.5, with that standard error."""
    reach = error * float(special.ndtri((1 + LEVEL) / 2))
    return {"mean": 0.5, "std": error, "low": 0.5 - reach, "high": 0.5 + reach}


def _in_threads(
    of: Callable[[np.ndarray], Numbers], samples: Sequence[np.ndarray], on_sample: Callable[[], object]
) -> list[Numbers]:
    """A function of each sample: NumPy and SciPy let go of Python's lock."""
    # A thread a core: BLAS's own threads beside these would only wait for each other.
    with threadpool_limits(1), ThreadPoolExecutor(os.cpu_count()) as pool:
        values = []
        for value in pool.map(of, samples):
            values.append(value)
            on_sample()
        return values


def _bands(values: Sequence[dict[str, float]]) -> dict[str, Band]:
    return {name: _band([each[name] for each in values]) for name in values[0]}


def _bands_of_measures(values: Sequence[dict[str, float]], n: int, prior: Prior) -> dict[str, Band]:
    return {
        name: known_band(each.null_error(n)) if each.null_error else _band([value[name] for value in values])
        for name, each in MEASURES.items()
        if each.defined_for(prior)
    }


def _band(values: Sequence[float]) -> Band:
    """Mean, standard deviation, and the ends of the central 95%: of few values those of a normal."""
    mean, std = float(np.mean(values)), float(np.std(values, ddof=1))
    tails = (1 - LEVEL) / 2, (1 + LEVEL) / 2
    if len(values) < LEAST_FOR_QUANTILES:
        low, high = (mean + std * float(special.ndtri(tail)) for tail in tails)
    else:
        low, high = (float(end) for end in np.quantile(values, tails))
    return {"mean": mean, "std": std, "low": low, "high": high}
