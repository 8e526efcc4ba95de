"""Flat tables of what was measured: a row a run, a row a variant and measure, and the base run's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import special

from aae.compare.measures import MEASURES, TEST
from aae.measure.distances import excess
from aae.settings.config import RunConfig

Row = Mapping[str, Any]

VARIANT = ["encoder", "prior"]
LEVEL = 0.95  # Of intervals over seeds.


HEADLINE = {  # What metrics/testset.json calls the measures that it shows.
    "kl": "kl",
    "kl_training": "kl_training",
    "sliced_w2_excess": "sliced_w2_excess",
    "squared_error": "reconstruction_error",  # A metric called "error" is one to DVC.
    "neighbours": "neighbour_accuracy",
    "total_variation": "total_variation",
    "below_quarter": "below_quarter",
    "probe_jsd": "probe_jsd",
    "discriminator_jsd": "discriminator_jsd",
    "sigma": "sigma_median",
}


def with_excess(measures: Row, null: Mapping[str, Any]) -> dict[str, Any]:
    """A run's measures, and what its sliced W2 distances leave once sampling noise is taken off.

    Args:
        measures: by name, as `aae.measure.evaluation` gave them.
        null: the null distribution of its prior; what it has of other numbers of codes says nothing here.
    """
    of_test = null["n"] == measures["codes"]
    of_training = null["training"]["n"] == measures["training_codes"]
    judged = {"sliced_w2": of_test, "sliced_w2_training": of_training, "shift": of_test and of_training}
    found = {
        f"{name}_excess": excess(measures[name], MEASURES[name].band(null)["mean"])
        for name, alike in judged.items()
        if alike and name in measures
    }
    return {**measures, **found}


def run_row(config: RunConfig, measures: Row) -> dict[str, Any]:
    """A run's row of the tables: encoder, prior, seed, and those of `MEASURES` that it has.

    Args:
        config: the run's settings.
        measures: its own, by name.
    """
    names = {"encoder": config.encoder, "prior": config.prior, "seed": config.seed}
    return names | {name: measures[name] for name in MEASURES if measures.get(name) is not None}


def variants(rows: Sequence[Row], nulls: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each variant's numbers over seeds, beside what samples of its prior give.

    Args:
        rows: a row a run, from `run_row`.
        nulls: the null bands of each prior that the rows name.

    Returns:
        A row a variant and measure: variant ("encoder, prior"), encoder, prior, seeds, measure, mean,
        standard deviation (n - 1), ends of the mean's 95% t interval ("low", "high"), and the null
        distribution's mean and upper end ("null", "null_high"). None with one seed, or where prior
        samples have no such number.
    """
    result = []
    for row in over_seeds(rows, VARIANT):
        band = MEASURES[row["measure"]].band(nulls[row["prior"]])
        variant = f"{row['encoder']}, {row['prior']}"
        result.append({"variant": variant, **row, "null": band.get("mean"), "null_high": band.get("high")})
    return result


def over_seeds(rows: Sequence[Row], by: Sequence[str]) -> list[dict[str, Any]]:
    """Mean and interval over seeds of every number of runs with equal settings.

    Args:
        rows: a row a run, with some of `MEASURES`.
        by: the rows' keys that hold the settings.

    Returns:
        A row a group and measure: the settings, seeds, measure, mean, standard deviation (n - 1), and the
        ends of the mean's 95% t interval ("low", "high"); the last three None with one seed.
    """
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for run in rows:
        groups.setdefault(tuple(run[key] for key in by), []).append(run)
    result = []
    for settings, runs in groups.items():
        for measure in MEASURES:
            values = np.array([run[measure] for run in runs if run.get(measure) is not None], dtype=float)
            if not len(values):  # Only other groups have it.
                continue
            low, high = t_interval(values)
            result.append(
                {
                    **dict(zip(by, settings, strict=True)),
                    "seeds": len(values),
                    "measure": measure,
                    "mean": float(values.mean()),
                    "std": float(values.std(ddof=1)) if len(values) > 1 else None,
                    "low": low,
                    "high": high,
                }
            )
    return result


def t_interval(values: np.ndarray) -> tuple[float, float] | tuple[None, None]:
    """Ends of Student's interval of the mean of values, (n,), of the level `LEVEL`; None with one value."""
    if len(values) < 2:
        return None, None
    mean, half = float(np.mean(values)), half_width(values)
    return mean - half, mean + half


def half_width(values: np.ndarray) -> float:
    """Half the length of that interval; 0 with one value."""
    n = len(values)
    if n < 2:
        return 0.0
    return float(special.stdtrit(n - 1, (1 + LEVEL) / 2) * np.std(values, ddof=1) / np.sqrt(n))


def headline(measures: Row) -> dict[str, float]:
    """Select those of a run's measures that `dvc exp show` has room for, with 4 significant digits."""
    return {name: float(f"{measures[key]:.4g}") for name, key in HEADLINE.items() if key in measures}


def details(measures: Row, null: Mapping[str, Any], environment: str) -> list[dict[str, Any]]:
    """All numbers of one run, a row each, beside the null distribution.

    Args:
        measures: the run's, from `with_excess`.
        null: the null distribution of its prior.
        environment: what the run was trained with.

    Returns:
        Rows of measure (its label), name, value, and the null's mean ("null") and the ends of its
        central 95% ("low", "high"), which are None where prior samples have no such number.
    """
    rows = [
        _detail(measure.label, name, measures[name], measure.band(null))
        for name, measure in MEASURES.items()
        if name in measures
    ]
    for name, value in measures.items():
        kind, *axes = name.split("_")
        if kind in ("mean", "covariance"):
            title = f"{kind} of {' and '.join(f'z{axis}' for axis in axes)}"
            rows.append(_detail(f"{title}, {TEST}", name, value))
    return [*rows, _detail("trained with", "trained_with", environment)]


def _detail(
    label: str, name: str, value: float | str, band: Mapping[str, float] | None = None
) -> dict[str, Any]:
    band = band or {}
    null = {"null": band.get("mean"), "low": band.get("low"), "high": band.get("high")}
    return {"measure": label, "name": name, "value": value, **null}
