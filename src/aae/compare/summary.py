"""Flat tables of what was measured: a row a run, a row a variant and measure, and the base run's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from aae.measure.distances import excess
from aae.settings.config import RunConfig

Row = Mapping[str, Any]

VARIANT = ["encoder", "prior"]
LEVEL = 0.95  # Of intervals over seeds.


@dataclass(frozen=True)
class Column:
    """One number of a run: what it is called, and what prior samples give."""

    title: str
    codes: str
    """Whose codes it is of: test, training or all. (Test stands for validation where that is asked for.)"""
    null: tuple[str, ...] | None = None
    """Where null distributions have it; None where prior samples have no such number."""


def _of_test_codes(name: str, title: str) -> dict[str, Column]:
    return {name: Column(title, "test", ("raw", name))}


def _of_whitened_codes(name: str, title: str) -> dict[str, Column]:
    return {f"{name}_whitened": Column(title, "test, whitened", ("whitened", name))}


def _of_all_codes(name: str, title: str) -> dict[str, Column]:
    return {name: Column(title, "all", ("density", name))}


KL, W2 = "KL(q || p), nats", "sliced W2"
COLUMNS: dict[str, Column] = {
    "reconstruction_error": Column("squared error a pixel", "test"),
    "neighbour_accuracy": Column("neighbour accuracy", "test"),
    "component_accuracy": Column("component accuracy", "test"),
    **_of_test_codes("kl", KL),
    **_of_test_codes("sliced_w2", W2),
    "sliced_w2_excess": Column("excess sliced W2", "test"),
    "sliced_w2_low": Column("sliced W2, bootstrap interval from", "test"),
    "sliced_w2_high": Column("sliced W2, bootstrap interval to", "test"),
    **_of_test_codes("c2st_accuracy", "C2ST accuracy"),
    **_of_test_codes("holes", "holes"),
    **_of_test_codes("ks_radius", "KS, radius"),
    **_of_test_codes("outside", "outside p's support"),
    **_of_whitened_codes("kl", KL),
    **_of_whitened_codes("sliced_w2", W2),
    "kl_training": Column(KL, "training", ("training", "kl")),
    "sliced_w2_training": Column(W2, "training", ("training", "sliced_w2")),
    "sliced_w2_training_excess": Column("excess sliced W2", "training"),
    "shift": Column("sliced W2 of test to training codes", "all", ("shift",)),
    "shift_excess": Column("excess sliced W2 of test to training codes", "all"),
    **_of_all_codes("total_variation", "total variation"),
    **_of_all_codes("below_half", "prior mass with q/p below 1/2"),
    **_of_all_codes("below_quarter", "prior mass with q/p below 1/4"),
    "probe_jsd": Column("JSD that a fresh probe finds, nats", "training"),
    "jsd": Column("JSD that the discriminator's loss implies, nats", "training"),
    "gap": Column("discriminator gap, nats", "training"),
    "sigma_median": Column("sigma(x), median, in the prior's", "test"),
    "sigma_p95": Column("sigma(x), 95th percentile, in the prior's", "test"),
    "entropy": Column("entropy of q(z|x), mean, nats", "test"),
}
HEADLINE = {  # What metrics/testset.json calls the columns that it shows.
    "kl": "kl",
    "kl_training": "kl_training",
    "sliced_w2_excess": "sliced_w2_excess",
    "squared_error": "reconstruction_error",  # A metric called "error" is one to DVC.
    "neighbours": "neighbour_accuracy",
    "total_variation": "total_variation",
    "below_quarter": "below_quarter",
    "probe_jsd": "probe_jsd",
    "gap": "gap",
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
        f"{name}_excess": excess(measures[name], null_band(null, name)["mean"])
        for name, alike in judged.items()
        if alike and name in measures
    }
    return {**measures, **found}


def run_row(config: RunConfig, measures: Row) -> dict[str, Any]:
    """A run's row of the tables: encoder, prior, seed, and those of `COLUMNS` that it has.

    Args:
        config: the run's settings.
        measures: its own, by name.
    """
    names = {"encoder": config.encoder, "prior": config.prior, "seed": config.seed}
    return names | {name: measures[name] for name in COLUMNS if measures.get(name) is not None}


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
        band = null_band(nulls[row["prior"]], row["measure"])
        variant = f"{row['encoder']}, {row['prior']}"
        result.append({"variant": variant, **row, "null": band.get("mean"), "null_high": band.get("high")})
    return result


def over_seeds(rows: Sequence[Row], by: Sequence[str]) -> list[dict[str, Any]]:
    """Mean and interval over seeds of every number of runs with equal settings.

    Args:
        rows: a row a run, with some of `COLUMNS`.
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
        for measure in COLUMNS:
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


def t_interval(values: np.ndarray, level: float = LEVEL) -> tuple[float, float] | tuple[None, None]:
    """Ends of Student's interval of the mean of values, (n,); None with one value."""
    if len(values) < 2:
        return None, None
    mean, half = float(np.mean(values)), half_width(values, level)
    return mean - half, mean + half


def half_width(values: np.ndarray, level: float = LEVEL) -> float:
    """Half the length of that interval; 0 with one value."""
    n = len(values)
    if n < 2:
        return 0.0
    return float(special.stdtrit(n - 1, (1 + level) / 2) * np.std(values, ddof=1) / np.sqrt(n))


def headline(measures: Row) -> dict[str, float]:
    """Of a run's measures what `dvc exp show` has room for, with 4 significant digits."""
    return {name: float(f"{measures[key]:.4g}") for name, key in HEADLINE.items() if key in measures}


def details(measures: Row, null: Mapping[str, Any], environment: str) -> list[dict[str, Any]]:
    """All numbers of one run, a row each, beside the null distribution.

    Args:
        measures: the run's, from `with_excess`.
        null: the null distribution of its prior.
        environment: what the run was trained with.

    Returns:
        Rows of measure (a title), name, codes, value, and the null's mean ("null") and the ends of its
        central 95% ("low", "high"), which are None where prior samples have no such number.
    """
    rows = [
        _detail(column.title, name, column.codes, measures[name], null_band(null, name))
        for name, column in COLUMNS.items()
        if name in measures
    ]
    for name, value in measures.items():
        kind, *axes = name.split("_")
        if kind in ("mean", "covariance"):
            title = f"{kind} of {' and '.join(f'z{axis}' for axis in axes)}"
            rows.append(_detail(title, name, "test", value))
    return [*rows, _detail("trained with", "trained_with", "", environment)]


def _detail(
    title: str, name: str, codes: str, value: float | str, band: Mapping[str, float] | None = None
) -> dict[str, Any]:
    band = band or {}
    null = {"null": band.get("mean"), "low": band.get("low"), "high": band.get("high")}
    return {"measure": title, "name": name, "codes": codes, "value": value, **null}


def null_band(null: Mapping[str, Any], name: str) -> Mapping[str, float]:
    """The null distribution of one of `COLUMNS`: mean, std, low, high; empty where there is none."""
    found: Any = null
    for key in COLUMNS[name].null or (None,):
        found = found.get(key, {})
    return found
