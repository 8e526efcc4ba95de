"""Seconds a step on one GPU, beside its peers and beside its own graph with nothing around it."""

import time
from pathlib import Path
from typing import Any

import torch

from contestants import Project, make_contestant
from workers import run_alone

STEPS = 400  # Of a bare graph.
EPOCHS = 3  # Of each contestant; the first warms up, and captures.


def compare_on_gpu(folder: Path) -> list[dict[str, Any]]:
    """A row a contestant: milliseconds a step, those of the bare graph, and peak memory of the GPU.

    Args:
        folder: of the IDX files.
    """
    rows = [
        run_alone(time_project, folder, precision, late)
        for precision in ("float32", "bfloat16")
        for late in (False, True)
    ]
    rows += [run_alone(time_peer, name, folder) for name in ("pythae", "plain loop")]
    return [{"device": torch.cuda.get_device_name(), "torch": torch.__version__, **row} for row in rows]


def time_project(folder: Path, precision: str, late: bool) -> dict[str, Any]:
    """The project's captured step before refinement, or within it."""
    changes = {"refinement_start": 0.0} if late else {"code_buffer": 1}
    project = Project(folder, device="cuda", precision=precision, **changes)
    row = _timed(f"this project, {'late' if late else 'early'}", project)
    step: Any = project.trainer.run_step
    graph = list(step.graphs.values())[-1].args[0]
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(STEPS):
        graph.replay()
    torch.cuda.synchronize()
    return row | {"bare_graph_ms": (time.perf_counter() - start) / STEPS * 1000}


def time_peer(name: str, folder: Path) -> dict[str, Any]:
    """A peer's step in its own manner."""
    return _timed(name, make_contestant(name, folder, "cuda")) | {"bare_graph_ms": None}


def _timed(name: str, contestant: Any) -> dict[str, Any]:
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    contestant.run_epoch(count)
    torch.cuda.synchronize()
    steps, start = 0, time.perf_counter()
    for _ in range(EPOCHS - 1):
        contestant.run_epoch(count)
    torch.cuda.synchronize()
    return {
        "contestant": name,
        "precision": contestant.precision,
        "batch_size": contestant.batch_size,
        "ms_a_step": (time.perf_counter() - start) / steps * 1000,
        "peak_memory_mb": torch.cuda.max_memory_allocated() / 1e6,
    }
