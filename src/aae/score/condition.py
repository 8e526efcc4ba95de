"""Notice what makes measures blind or wrong: codes that repeat, few different values, a code far from all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch

from aae.model.priors.base import Prior
from aae.model.randomness import named_generator
from aae.score.reading import in_words
from aae.system.errors import UserError

FAR = 1000  # Medians of the distance: of 1,000,000 samples of a normal the farthest lies at 5.
TWINS = 3e-3  # Other codes that equal a code, on average: so few move the KL divergence by 0.001 nats.
CODES_A_VALUE = 10  # From so many codes on for each value of a coordinate, values are counted as rounded.


def refuse_far_codes(z: np.ndarray) -> None:
    """Raise a UserError that names a code so far from the others that it alone would decide means."""
    distances = np.linalg.norm(z - np.median(z, axis=0).astype(np.float64), axis=1)
    typical = np.median(distances)
    far = np.flatnonzero(distances > FAR * typical)
    if typical > 0 and len(far):
        worst = int(np.argmax(distances))
        raise UserError(
            f"code {worst + 1}, {in_words(z[worst])}, lies {distances[worst] / typical:.2g} times as far "
            f"from the median as half of the codes do; {len(far):,} of {len(z):,} codes lie beyond {FAR} "
            "times; mend or remove them: they alone would decide the result"
        )


def repeated(z: np.ndarray) -> str | None:
    """Say that codes are equal, unless rounding or chance explains it.

    Measures and null distributions are of independent draws: of equal codes nearest neighbours say nothing.
    Shuffled coordinates have as many equal codes as rounding alone makes (a few times as many or as few
    where coordinates depend on each other).
    """
    places = torch.rand(z.shape, generator=named_generator(0, "shuffled coordinates")).argsort(0).numpy()
    twins = _twins(z)
    if twins.mean() <= TWINS + 5 * _twins(np.take_along_axis(z, places, axis=0)).mean():
        return None
    most = int(np.argmax(twins))
    return (
        f"{(twins > 0).sum():,} of {len(z):,} codes equal another one (at most {twins[most] + 1:,} are "
        f"alike, such as {in_words(z[most])}), but measures and null bands are of independent draws: score "
        "each code once"
    )


def _twins(z: np.ndarray) -> np.ndarray:
    """Number of other codes that equal each."""
    # Plus 0: -0.0 equals 0.0.
    hashes = pd.util.hash_pandas_object(pd.DataFrame(z + 0), index=False)
    return hashes.groupby(hashes).transform("size").to_numpy() - 1


def smoothed(z: np.ndarray) -> tuple[np.ndarray, str | None]:
    """Codes whose rounding is made good by noise, and a note that says so.

    Among rounded codes nearest neighbours are at distance 0. Noise that is uniform between the middles of
    neighbouring values gives them a density again (uniform dequantization: Theis et al. 2016).

    Args:
        z: codes, (n, dim).
    """
    noise = torch.rand(z.shape, generator=named_generator(0, "noise for rounded codes")).numpy()
    result, rounded = z.astype(np.float64), []
    for axis in range(z.shape[1]):
        values, places = np.unique(result[:, axis], return_inverse=True)
        if 1 < len(values) <= len(z) / CODES_A_VALUE:
            middles = (values[1:] + values[:-1]) / 2
            edges = np.concatenate([[2 * values[0] - middles[0]], middles, [2 * values[-1] - middles[-1]]])
            result[:, axis] = edges[places] + noise[:, axis] * np.diff(edges)[places]
            rounded.append((axis + 1, len(values), float(np.median(np.diff(values)))))
    if not rounded:
        return z, None
    axis, count, step = rounded[0]
    return result.astype(np.float32), (
        f"coordinate {axis} has only {count:,} different values in {len(z):,} codes, steps of about "
        f"{step:.2g} (printed with few digits?): measured with uniform noise in the place of what rounding "
        "took, so that nothing finer is seen"
    )


def moments(z: np.ndarray) -> dict[str, Any]:
    """Mean, standard deviation and correlation of codes, (n, dim), in their own unit."""
    z = z.astype(np.float64)
    with np.errstate(invalid="ignore"):  # A coordinate of one value has no correlation.
        correlation = np.nan_to_num(np.corrcoef(z, rowvar=False))
    return {
        "mean": z.mean(0).tolist(),
        "std": z.std(0, ddof=1).tolist(),
        "correlation": correlation.tolist(),
    }


def describe_moments(found: Mapping[str, Any]) -> str:
    """The moments in one line; of more than two dimensions their ranges."""
    mean, std = found["mean"], found["std"]
    first, second, correlation = _strongest(found["correlation"])
    if len(mean) == 2:
        return (
            f"mean ({mean[0]:.3f}, {mean[1]:.3f}), standard deviation ({std[0]:.3f}, {std[1]:.3f}), "
            f"correlation {correlation:.3f}"
        )
    return (
        f"means from {min(mean):.3f} to {max(mean):.3f}, standard deviations from {min(std):.3f} to "
        f"{max(std):.3f}, strongest correlation {correlation:.3f} (of coordinates {first} and {second})"
    )


def judge_moments(found: Mapping[str, Any], n: int, prior: Prior) -> list[str]:
    """A sentence for each moment of n codes that is off by more than 5% beyond sampling noise."""
    tolerance = 0.05 + 4 / np.sqrt(n)
    due = np.sqrt(np.diag(prior.covariance))
    shift = (np.array(found["mean"]) - prior.mean) / due
    ratio = np.array(found["std"]) / due
    sentences = []
    if np.abs(shift).max() > tolerance:
        axis = int(np.abs(shift).argmax())
        sentences.append(
            f"Mean: coordinate {axis + 1} is {shift[axis]:+.2f} standard deviations of the prior off."
        )
    off = np.abs(np.log(ratio))
    if off.max() > tolerance:
        axis, width = int(off.argmax()), prior.std * float(np.sqrt(np.mean(ratio**2)))
        sentences.append(
            f"Standard deviation: {width:.2g} instead of {prior.std:g}: is the prior's `--std {width:.2g}`?"
            if np.ptp(np.log(ratio)) <= 2 * tolerance
            else f"Standard deviation: that of coordinate {axis + 1} is {ratio[axis]:.2g} times the prior's."
        )
    first, second, correlation = _strongest(
        np.array(found["correlation"]) - prior.covariance / np.outer(due, due)
    )
    if abs(correlation) > tolerance:
        sentences.append(f"Correlation: {correlation:+.2f} of coordinates {first} and {second}.")
    return sentences


def _strongest(correlation: Any) -> tuple[int, int, float]:
    """Two coordinates, counted from 1, and the strongest correlation, which is theirs."""
    below = np.tril(correlation, -1)
    second, first = np.unravel_index(np.abs(below).argmax(), below.shape)
    return int(first) + 1, int(second) + 1, float(below[second, first])
