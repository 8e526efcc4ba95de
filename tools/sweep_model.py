"""What a large sweep takes, by what `benchmarks/sweep.py` measured of a small one, and the tables of both."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from aae.report.results import table
from tables import describe

STAGES = 3  # Of a cell; each leaves an entry in dvc.lock and one in the run cache.
CELL = 150.0  # Seconds of a cell of the committed recipe on two cores: training run and evaluation.
BANDWIDTH = 100.0  # MB a second between the head and its remote.
LATENCY = 0.02  # Seconds that a request takes on a network, beyond those on loopback.
PARTS = {
    "cells": "the cells themselves",
    "overhead": "the commands around them",
    "entries": "the run cache's entries, all of which each cell's worker copies",
    "head": "the head: pulling results, dvc's look at every stage",
}


@dataclass(frozen=True)
class Costs:
    """What was measured, in seconds."""

    overhead: float
    """Of a cell on a worker with a remote, beyond `dvc repro` of the same cell."""
    entry: float
    """To fetch and to push one entry of the run cache."""
    in_order: float
    """Of one stage, when `dvc repro` finds it in order."""
    restore: tuple[float, float, float]
    """Coefficients, the highest power first, of restoring n stages by `dvc repro`."""
    start: float
    """Of the head, before and after the cells, whatever their number."""
    megabytes: float
    """That a cell leaves."""


def fit(ways: pd.DataFrame, growth: pd.DataFrame) -> Costs:
    """The costs in the two tables of the benchmark."""
    rows = {row["way"]: row for row in ways.to_dict("records")}
    serial, last = rows["dvc repro"], rows["sweep, one worker, S3"]
    n = growth["stages"].to_numpy(float)
    copies = growth["push_entries_seconds"] + growth["fetch_entries_seconds"]
    a, b, c = (float(value) for value in np.polyfit(n, growth["restore_seconds"].to_numpy(float), 2))
    return Costs(
        overhead=last["cells_seconds"] / last["cells"] - serial["cells_seconds"] / serial["cells"],
        entry=_slope(n, copies.to_numpy(float)),
        in_order=_slope(n, growth["in_order_seconds"].to_numpy(float)),
        restore=(a, b, c),
        start=last["head_seconds"],
        megabytes=last["outputs_mb"] / last["cells"],
    )


def _slope(x: np.ndarray, y: np.ndarray) -> float:
    return float(np.polyfit(x, y, 1)[0])


def predict(costs: Costs, cells: int, machines: int, latency: float = 0.0) -> dict[str, float]:
    """Seconds of a sweep by its parts, which follow each other.

    Args:
        costs: from `fit`.
        cells: number of cells, all of which are missing.
        machines: number of workers, each of which runs one cell at a time.
        latency: seconds that each copied entry takes longer than was measured.
    """
    rounds = math.ceil(cells / machines)
    entry = costs.entry + 2 * latency  # One fetched, one pushed.
    stages = STAGES * cells
    return {
        "cells": rounds * CELL,
        "overhead": rounds * costs.overhead,
        # They grow from none to all while the sweep goes on.
        "entries": rounds * entry * stages / 2,
        "head": costs.start + stages * (costs.in_order + entry / 2) + cells * costs.megabytes / BANDWIDTH,
    }


def restored(costs: Costs, cells: int) -> float:
    """Seconds that the head would take to restore as many cells by `dvc repro`."""
    return float(np.polyval(costs.restore, STAGES * cells))


def sweep_tables(machine: dict[str, Any], ways: pd.DataFrame, growth: pd.DataFrame) -> str:
    """What was measured, and what the model says of 1,000 cells on 100 machines."""
    costs = fit(ways, growth)
    lines = [["way", "workers", "threads of each", "seconds a cell", "head, seconds"], ["---"] * 5]
    for row in ways.to_dict("records"):
        per_cell = row["cells_seconds"] / row["cells"]
        head = f"{row['head_seconds']:.0f}" if row["way"] != "dvc repro" else ""
        lines.append([str(row["way"]), f"{row['workers']}", f"{row['threads']}", f"{per_cell:.1f}", head])
    seconds = ways.set_index("way")["cells_seconds"]
    gain = seconds["sweep, one worker"] / seconds["sweep, two workers"]
    overhead = (seconds["sweep, one worker"] - seconds["dvc repro"]) / ways["cells"].iloc[0]
    return (
        f"{describe(machine)}; {ways['cells'].iloc[0]} cells.\n\n{table(lines)}\n"
        f"A sweep costs {overhead:.1f} s a cell with a shared cache, {costs.overhead:.1f} s with the S3 "
        f"server. On two cores, two workers of one thread are {gain:.2f} times as fast as one of two.\n\n"
        f"{_prediction(costs, 1000, 100)}"
    )


def _prediction(costs: Costs, cells: int, machines: int) -> str:
    here, there = (predict(costs, cells, machines, latency) for latency in (0.0, LATENCY))
    lines = [
        ["minutes", "requests as on loopback", f"{1000 * LATENCY:.0f} ms more a request"],
        ["---"] * 3,
        *([PARTS[part], f"{here[part] / 60:.0f}", f"{there[part] / 60:.0f}"] for part in PARTS),
        ["in all", f"{sum(here.values()) / 60:.0f}", f"{sum(there.values()) / 60:.0f}"],
    ]
    limit = max((part for part in PARTS if part != "cells"), key=lambda part: there[part])
    return (
        f"**{cells:,} cells on {machines} machines**, by the model in "
        f"[tools/sweep_model.py](../tools/sweep_model.py):\n\n{table(lines)}\n"
        f"Beside the cells, what limits it on a network is {PARTS[limit]}. Had the head restored the cells "
        f"by `dvc repro`, which reads and writes dvc.lock for every stage, that alone would take "
        f"{restored(costs, cells) / 3600:.1f} hours.\n"
    )
