"""The model of a large sweep, on made-up measurements."""

import pandas as pd
import pytest

from sweep_model import CELL, Costs, fit, predict, restored, sweep_tables

N = pd.Series([50.0, 100.0, 200.0])
GROWTH = pd.DataFrame(
    {
        "stages": N,
        "restore_seconds": 1 + 0.1 * N + 0.002 * N**2,
        "in_order_seconds": 1 + 0.01 * N,
        "push_entries_seconds": 0.02 * N,
        "fetch_entries_seconds": 0.03 * N,
    }
)
WAYS = pd.DataFrame(
    [
        ("dvc repro", 1, 2, 4, 100.0, 0.0, 60.0),
        ("sweep, two workers", 2, 1, 4, 60.0, 20.0, 60.0),
        ("sweep, one worker", 1, 2, 4, 120.0, 20.0, 60.0),
        ("sweep, one worker, S3", 1, 2, 4, 140.0, 30.0, 60.0),
    ],
    columns=["way", "workers", "threads", "cells", "cells_seconds", "head_seconds", "outputs_mb"],
)
MACHINE = {"cpu": "a CPU", "cores": 2, "capability": "AVX2", "torch": "2", "threads": 2}
FREE = Costs(overhead=0, entry=0, in_order=0, restore=(0, 0, 0), start=0, megabytes=0)


def test_the_costs_are_those_of_the_measurements() -> None:
    costs = fit(WAYS, GROWTH)
    assert costs.overhead == pytest.approx(10)
    assert costs.entry == pytest.approx(0.05)
    assert costs.in_order == pytest.approx(0.01)
    assert costs.restore == pytest.approx((0.002, 0.1, 1))
    assert (costs.start, costs.megabytes) == (30, 15)


def test_a_sweep_without_costs_takes_its_cells_in_rounds() -> None:
    assert predict(FREE, 1000, 100) == {"cells": 10 * CELL, "overhead": 0, "entries": 0, "head": 0}
    assert predict(FREE, 1001, 100)["cells"] == 11 * CELL


def test_the_entries_grow_with_the_square_of_the_cells_and_with_latency() -> None:
    costs = fit(WAYS, GROWTH)
    small, large = (predict(costs, cells, 10)["entries"] for cells in (100, 200))
    assert large == pytest.approx(4 * small)
    assert predict(costs, 100, 10, latency=0.025)["entries"] == pytest.approx(2 * small)


def test_restoring_by_dvc_grows_with_the_square_of_the_cells() -> None:
    assert restored(fit(WAYS, GROWTH), 1000) == pytest.approx(1 + 0.1 * 3000 + 0.002 * 3000**2)


def test_the_page_says_overhead_gain_and_limit() -> None:
    text = sweep_tables(MACHINE, WAYS, GROWTH)
    assert "costs 5.0 s a cell with a shared cache, 10.0 s with the S3 server" in text
    assert "two workers of one thread are 2.00 times as fast as one of two" in text
    assert "what limits it on a network is the run cache's entries" in text
    assert "5.1 hours" in text
