"""Runs side by side: a process each, as many at a time as there are cores for their threads."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

import aae
from aae.runs.machine import remembers
from aae.runs.store import Store, say
from aae.settings.config import RunConfig

if TYPE_CHECKING:
    from aae.runs.environment import Environment
    from aae.runs.grid import Found, ImagesByRun
    from aae.runs.progress import Progress

LAST_LINES = 3  # Of what a process that died said.


class Local:
    """This machine."""

    def environment(self, config: RunConfig, store: Store) -> Environment:
        """Its own; raises a UserError if it lacks the device that a run asks for."""
        from aae.runs.environment import find_environment  # Imports PyTorch, which takes seconds.

        return find_environment(config, store)

    def are_of(self, environment: str, store: Store) -> bool:
        """By its processor's name."""
        return remembers(store, environment)

    def make(
        self, missing: Sequence[Found], images: ImagesByRun, store: Store, progress: Progress
    ) -> dict[str, str]:
        """Make runs in processes of this machine; returns the reasons of those that failed, by name."""
        from joblib import cpu_count  # Knows affinity and control groups, and takes a while to import.

        waiting = list(reversed(missing))
        failures: dict[str, str] = {}
        running: dict[str, Process] = {}
        free = cpu_count()
        with selectors.DefaultSelector() as selector:
            try:
                while waiting or running:
                    while waiting and (not running or _threads(waiting[-1]) <= free):
                        process = Process(waiting.pop(), images.folder, store)
                        running[process.name] = process
                        free -= _threads(process.found)
                        selector.register(process.stdout, selectors.EVENT_READ, process)
                        progress.started(process.name)
                    for key, _ in selector.select():
                        process = key.data
                        if line := process.stdout.readline():
                            progress.epoch(process.name, json.loads(line)["share"])
                            continue
                        selector.unregister(process.stdout)
                        del running[process.name]
                        free += _threads(process.found)
                        if reason := process.end():
                            failures[process.name] = reason
                            say(f"{process.name} failed: {reason}")
                        progress.ended(process.name)
            finally:
                for process in running.values():
                    process.kill()
        return failures


class Process:
    """A run in a process of its own, which ends with this one."""

    def __init__(self, found: Found, folder: Path, store: Store) -> None:
        """Start it."""
        self.found = found
        self.name = found.wanted.run.name
        task = {
            "config": found.wanted.run.config.model_dump(),
            "extra": found.wanted.extra,
            "environment": found.environment,
            "images": str(folder.absolute()),
            "store": str(store.folder),
            "parent": os.getpid(),
        }
        self.said = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed in `end`)
        # This copy's library, whatever is installed.
        paths = [str(Path(aae.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "aae.runs.one"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.said,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
        )
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(task))
        self.process.stdin.close()

    @property
    def stdout(self) -> IO[str]:
        """Its reports of what happens, a JSON object a line."""
        assert self.process.stdout is not None
        return self.process.stdout

    def end(self) -> str | None:
        """Wait for its end; the reason if it failed."""
        status = self.process.wait()
        self.stdout.close()
        with self.said as file:
            file.seek(0)
            lines = file.read().strip().splitlines()
        if status == 0:
            return None
        if status < 0:
            lines = [*lines, f"ended by signal {-status}"]
        return " ".join(lines[-LAST_LINES:] if status < 0 else lines[-1:]) or f"exit code {status}"

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()


def _threads(found: Found) -> int:
    return found.wanted.run.config.train.threads
