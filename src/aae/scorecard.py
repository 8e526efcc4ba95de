"""Every measure of one sample of codes, raw and whitened, beside what true prior draws give."""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from aae import fit, opinions
from aae.priors import Gaussian, Prior
from aae.randomness import named_generator

NULL_DRAWS = 200
LEVEL = 0.95  # Of the null's bands and of the bootstrap's interval.
TAILS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
LEAST_CODES = 100

Null = dict[str, dict[str, dict[str, float]]]


def null_bands(n: int, prior: Prior, draws: int = NULL_DRAWS) -> Null:
    """What n true draws from the prior give: the floor that a finite sample sets.

    Args:
        n: codes in the sample that is to be judged.
        prior: the distribution that they should follow.
        draws: seeded samples of n.

    Returns:
        For "raw" and "whitened" and each measure: mean, std, and the ends "low" and "high" of the
        central 95%. Whitened codes are held against whitened draws, which fit better than raw ones.
        The classifier's are not drawn but known.
    """
    generator = named_generator(0, "null band")
    samples = [prior.sample(n, generator).numpy() for _ in range(draws)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # NumPy and SciPy let go of Python's lock.
        raw = list(pool.map(lambda z: _closed_form(z, prior), samples))
        whitened = list(pool.map(lambda z: _closed_form(fit.whiten(z) * prior.std, prior), samples))
    bands: Null = {}
    for form, values in (("raw", raw), ("whitened", whitened)):
        columns = {name: np.array([value[name] for value in values]) for name in values[0]}
        bands[form] = {
            name: {
                "mean": float(column.mean()),
                "std": float(column.std(ddof=1)),
                "low": float(np.quantile(column, TAILS[0])),
                "high": float(np.quantile(column, TAILS[1])),
            }
            for name, column in columns.items()
        }
        error = opinions.c2st_standard_error(n)
        low, high = (float(0.5 + error * special.ndtri(tail)) for tail in TAILS)
        bands[form]["c2st_accuracy"] = {"mean": 0.5, "std": error, "low": low, "high": high}
    return bands


def score(z: np.ndarray, prior: Prior, null: Null) -> dict[str, Any]:
    """All measures of one sample of codes.

    Args:
        z: codes, (n, 2), n >= `LEAST_CODES`.
        prior: the distribution that they should follow.
        null: `null_bands` for as many codes and the same prior.

    Returns:
        "sliced_w2_low" and "sliced_w2_high", the ends of its bootstrap interval; "fit_ratio", the
        distance as a multiple of the null's mean; and each measure under "raw" and "whitened".

    Raises:
        UserError: the codes lie on one line or at one point.
    """
    raw = measure(z, prior)
    low, high = fit.sliced_w2_interval(z, prior, LEVEL)
    return {
        "fit_ratio": raw["sliced_w2"] / null["raw"]["sliced_w2"]["mean"],
        "sliced_w2_low": low,
        "sliced_w2_high": high,
        "raw": raw,
        "whitened": measure(fit.whiten(z) * prior.std, prior),
    }


def measure(z: np.ndarray, prior: Prior) -> dict[str, float]:
    """The headline measure and the second opinions, by name."""
    return {**_closed_form(z, prior), "c2st_accuracy": opinions.c2st_accuracy(z, prior)}


def _closed_form(z: np.ndarray, prior: Prior) -> dict[str, float]:
    measures = {"sliced_w2": fit.sliced_w2(z, prior)}
    if isinstance(prior, Gaussian):  # The others know the normal distribution's closed forms.
        z = z.astype(np.float64) / prior.std
        measures |= {
            "mmd": opinions.mmd(z),
            "ks_radius": opinions.ks_radius(z),
            "ks_z1": opinions.ks_marginal(z, 0),
            "ks_z2": opinions.ks_marginal(z, 1),
            "holes": opinions.holes(z),
        }
    return measures


def table(scores: Mapping[str, Any], null: Null) -> pd.DataFrame:
    """A row a measure: value, mean and 95% band of true draws, raw and whitened; for people to read."""
    rows = []
    for name in scores["raw"]:
        row = {"measure": name}
        for form in ("raw", "whitened"):
            band = null[form][name]
            row[form] = f"{scores[form][name]:.4f}"
            row[f"{form} true draws"] = f"{band['mean']:.4f} ({band['low']:.4f} to {band['high']:.4f})"
        rows.append(row)
    return pd.DataFrame(rows)
