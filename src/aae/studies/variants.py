"""Helpers for studies: names of encoders, groups and pairs of runs, curves over a setting, longest runs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from aae.compare.equivalence import compare
from aae.compare.measures import MEASURES
from aae.settings.config import RunConfig

ENOUGH = 3  # Seeds beyond which longer runs count more than more of them.
Rows = Sequence[Mapping[str, Any]]  # A study's table, a row a run.


def sigma_of(config: RunConfig) -> str | float | None:
    """The Gaussian encoder's sigma(x), "learned" or fixed; None of another encoder."""
    return config.model.sigma if config.encoder == "gaussian" else None


def named(run: Mapping[str, Any]) -> str:
    """A run's encoder in words, from its "encoder" and "sigma"."""
    if run["encoder"] != "gaussian":
        return str(run["encoder"])
    return "gaussian, learned sigma" if run["sigma"] == "learned" else f"gaussian, sigma {run['sigma']:g}"


def start(words: str) -> str:
    """Words at the start of a sentence; names in them stay as they are."""
    return words[:1].upper() + words[1:]


def grouped(rows: Rows, name: Callable[[Mapping[str, Any]], Any]) -> dict[Any, Rows]:
    """Runs by what they are called, in the order of the rows."""
    return {each: [run for run in rows if name(run) == each] for each in dict.fromkeys(map(name, rows))}


def over(
    rows: Rows, setting: str, measure: str, name: Callable[[Mapping[str, Any]], str]
) -> list[tuple[str, list[float], list[np.ndarray]]]:
    """A measure over a setting, for each name in the order of the rows.

    Returns:
        The name, the setting's values, ascending, and the measure at each, one a seed.
    """
    result = []
    for each, runs in grouped(rows, name).items():
        values = sorted({run[setting] for run in runs})
        seeds = [np.array([run[measure] for run in runs if run[setting] == value]) for value in values]
        result.append((each, values, seeds))
    return result


def by_variant(
    rows: Rows, measures: Sequence[str], name: Callable[[Mapping[str, Any]], str]
) -> list[tuple[str, list[tuple[str, np.ndarray]]]]:
    """Several measures of every variant, in the order of the rows.

    Args:
        rows: the study's runs.
        measures: their names.
        name: what a run's variant is called.

    Returns:
        What a measure is called and, of each variant, its name and the measure, one a seed.
    """
    groups = grouped(rows, name)

    def seeds(measure: str) -> list[tuple[str, np.ndarray]]:
        return [(each, np.array([run[measure] for run in runs])) for each, runs in groups.items()]

    return [(MEASURES[measure].label, seeds(measure)) for measure in measures]


def paired(a: Rows, b: Rows, measure: str) -> tuple[np.ndarray, np.ndarray]:
    """A measure of two variants at the seeds that both have, ascending, (seeds,) each."""
    of_a, of_b = ({run["seed"]: run[measure] for run in runs} for runs in (a, b))
    seeds = sorted(set(of_a) & set(of_b))
    return np.array([of_a[seed] for seed in seeds]), np.array([of_b[seed] for seed in seeds])


def contrast(a: Rows, b: Rows, measure: str, margin: float | None = None) -> dict[str, Any]:
    """The numbers of `compare`, from a measure of two variants, paired by seed."""
    return compare(*paired(a, b, measure), margin)


def longest(rows: Rows) -> Rows:
    """The runs of the most epochs of those with most seeds, up to `ENOUGH`."""
    seeds = {
        run["epochs"]: {other["seed"] for other in rows if other["epochs"] == run["epochs"]} for run in rows
    }
    best = max(seeds, key=lambda epochs: (min(len(seeds[epochs]), ENOUGH), epochs), default=None)
    return [run for run in rows if run["epochs"] == best]
