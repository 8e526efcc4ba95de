"""Encoders compared over seeds: differences, equivalence, and what so many seeds could detect."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, stats

from aae.compare.measures import MEASURES
from aae.compare.summary import t_interval

ALPHA = 0.05  # Of the tests of a difference (two-sided) and of equivalence (each of the two one-sided).
POWER = 0.8
GRID = 1000
COMPARED = ["kl", "kl_training", "sliced_w2", "reconstruction_error", "neighbour_accuracy", "total_variation"]


def contrasts(rows: Sequence[Mapping[str, Any]], margins: Mapping[str, float]) -> list[dict[str, Any]]:
    """Every two encoders of each prior, paired by seed: does the type of encoder matter?

    Runs of one seed share the decoder's first weights, the batch order and the prior's samples. What is
    compared are the measures `COMPARED`, where both encoders have them.

    Args:
        rows: the ablation's table.
        margins: by name the difference, either way, up to which encoders
            count as equivalent.

    Returns:
        A row a comparison: prior, encoders ("a - b"), measure, seeds (that both have), mean difference, ends
        of its 95% t interval ("low", "high"); where the measure has one, the margin, the test of
        equivalence's p-value, whether it is below `ALPHA`, and its power where the true difference is 0; the
        minimum detectable effect; and the standard deviation of the measure over seeds, pooled over both
        encoders ("seed_std"). None where one seed, or no margin, leaves nothing to say.
    """
    result = []
    for prior, cells in pd.DataFrame(rows).groupby("prior", sort=False):
        for a, b in combinations(cells["encoder"].unique(), 2):
            for measure in COMPARED:
                if measure not in cells:
                    continue
                pairs = cells.pivot(index="seed", columns="encoder", values=measure)[[a, b]].dropna()
                if len(pairs):
                    margin = margins.get(MEASURES[measure].margin or "")
                    named = {"prior": prior, "encoders": f"{a} - {b}", "measure": measure}
                    result.append(named | compare(pairs[a].to_numpy(), pairs[b].to_numpy(), margin))
    return result


def compare(a: np.ndarray, b: np.ndarray, margin: float | None) -> dict[str, Any]:
    """The numbers of a row of `contrasts`, from one measure of two encoders, (seeds,) each."""
    differences = np.asarray(a - b, dtype=float)
    low, high = t_interval(differences)
    p = None if margin is None else equivalence_p(differences, margin)
    several = len(differences) > 1
    return {
        "seeds": len(differences),
        "difference": float(differences.mean()),
        "low": low,
        "high": high,
        "margin": margin,
        "p_equivalence": p,
        "equivalent": None if p is None else p < ALPHA,
        "power": None if margin is None else equivalence_power(differences, margin),
        "detectable": detectable_effect(differences),
        "seed_std": float(np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)) if several else None,
    }


def equivalence_p(differences: np.ndarray, margin: float) -> float | None:
    """The two one-sided t tests of a mean difference of at least ±margin (Schuirmann 1987).

    The larger p-value of the two. It is below alpha exactly where the interval of level 1 - 2 alpha of
    the mean difference lies inside ±margin.

    Args:
        differences: paired, (seeds,).
        margin: above 0.

    Returns:
        None with one seed.
    """
    if len(differences) < 2:
        return None
    if np.ptp(differences) == 0:  # No spread to test against.
        return 0.0 if abs(differences[0]) < margin else 1.0
    above = stats.ttest_1samp(differences, -margin, alternative="greater").pvalue
    below = stats.ttest_1samp(differences, margin, alternative="less").pvalue
    return float(max(above, below))


def equivalence_power(differences: np.ndarray, margin: float) -> float | None:
    """The probability that the test of equivalence succeeds where the true difference is 0.

    The mean difference is normal, the spread of the differences chi, about the observed standard deviation:
    averaged over `GRID` quantiles of the spread.

    Args:
        differences: paired, (seeds,).
        margin: above 0.

    Returns:
        From 0 to 1; None with one seed.
    """
    n = len(differences)
    if n < 2:
        return None
    if (std := float(differences.std(ddof=1))) == 0:
        return 1.0
    spreads = np.sqrt(stats.chi2.ppf((np.arange(GRID) + 0.5) / GRID, n - 1) / (n - 1))
    reach = np.sqrt(n) * margin / std - stats.t.ppf(1 - ALPHA, n - 1) * spreads
    return float(np.maximum(2 * stats.norm.cdf(reach) - 1, 0).mean())


def detectable_effect(differences: np.ndarray) -> float | None:
    """The mean difference that the paired t test finds with the power `POWER` (two-sided, at `ALPHA`).

    c * s / sqrt(n), with s the standard deviation of the differences over n seeds, and c the
    noncentrality at which P(|T| > t) = `POWER`, where T is noncentral t and t the central t's quantile
    1 - ALPHA / 2, both with n - 1 degrees of freedom.

    Args:
        differences: paired, (n,).

    Returns:
        None with one seed.
    """
    n = len(differences)
    return None if n < 2 else _noncentrality(n) * float(differences.std(ddof=1)) / float(np.sqrt(n))


@lru_cache
def _noncentrality(n: int) -> float:
    critical = stats.t.ppf(1 - ALPHA / 2, n - 1)

    def missing_power(c: float) -> float:
        # The lower tail as the upper one of -c: SciPy's nct.cdf is NaN far from the centre.
        upper, lower = (float(stats.nct.sf(critical, n - 1, centre)) for centre in (c, -c))
        return upper + lower - POWER

    return float(optimize.brentq(missing_power, 0, 10 * critical))
