"""Processes of the benchmark: one a contestant, so that its peak memory is its own."""

import multiprocessing
import platform
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

# Nothing here imports torch before it must: what is measured are the processes that this one starts.
SPAWN = multiprocessing.get_context("spawn")


def run_alone(function: Callable[..., Any], *arguments: object) -> Any:
    """Run `function` in a fresh process and return its result."""
    with ProcessPoolExecutor(max_workers=1, mp_context=SPAWN) as pool:
        return pool.submit(function, *arguments).result()


def describe_machine() -> dict[str, object]:
    """Describe what the numbers depend on; neither a host's name nor a date."""
    import torch

    from aae.runs.machine import describe

    return {
        "machine": describe("cpu"),
        "threads": torch.get_num_threads(),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }


class Worker:
    """The driver's end of one contestant's process."""

    def __init__(self, name: str, folder: Path) -> None:
        """Start the process and wait until it is ready."""
        self.connection, theirs = SPAWN.Pipe()
        # A daemon: it ends with this process, whatever ends it.
        self.process = SPAWN.Process(target=serve, args=(theirs, name, folder), daemon=True)
        self.process.start()
        theirs.close()  # Else a worker that dies would not end `recv`.
        self.batch_size, self.precision, self.cycle = self.connection.recv()

    def train(self, steps: int) -> float:
        """The seconds that so many more steps take."""
        self.connection.send(steps)
        return float(self.connection.recv())

    def finish(self) -> float:
        """End the process.

        Returns:
            Its peak memory in MB.
        """
        self.connection.send(0)
        peak = float(self.connection.recv())
        self.process.join()
        return peak


def serve(connection: Connection, name: str, folder: Path) -> None:
    """Train as many steps as the connection asks for, again and again; answer with the seconds."""
    from contestant import StopTraining
    from contestants import make_contestant

    contestant = make_contestant(name, folder)
    connection.send((contestant.batch_size, contestant.precision, contestant.cycle))
    left = connection.recv()
    start = time.perf_counter()

    def on_step() -> None:
        nonlocal left, start
        left -= 1
        if left == 0:
            connection.send(time.perf_counter() - start)
            left = connection.recv()
            if left == 0:
                raise StopTraining
            start = time.perf_counter()

    with suppress(StopTraining):
        while True:
            contestant.run_epoch(on_step)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    connection.send(peak * (1 if sys.platform == "darwin" else 1024) / 1e6)  # Linux counts in KiB.
