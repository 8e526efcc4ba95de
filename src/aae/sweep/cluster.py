"""The engine, Dask: workers here or at a scheduler, and the cells spread over them."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from distributed import Client, Future, KilledWorker, LocalCluster, Lock, Variable, as_completed

from aae.config import TrainSettings
from aae.errors import UserError
from aae.sweep.commands import say
from aae.sweep.grid import Grid
from aae.sweep.worker import Job, Result, Source, describe, differences, run_cell, versions

PATIENCE = 60.0  # Seconds to wait for a scheduler.
TRIES = 2  # Of a cell that fails for reasons of its own.


@contextmanager
def local(workers: int, folder: Path) -> Iterator[Client]:
    """Workers on this machine, a process each; they end with the context."""
    with (
        LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, memory_limit=0,
            dashboard_address=None, local_directory=str(folder), silence_logs="ERROR",
        ) as cluster,
        Client(cluster) as client,
    ):  # fmt: skip
        yield client


@contextmanager
def remote(address: str, workers: int, name: str) -> Iterator[Client]:
    """At least so many workers of a scheduler, where no other head runs the grid `name` meanwhile.

    Raises:
        UserError: no scheduler answers within a minute, or another head is there.
    """
    try:
        client = Client(address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise UserError(f"no scheduler at {address}: {str(error).splitlines()[0]}") from None
    with client:
        if (there := len(client.nthreads())) < workers:  # A queue may take hours to start them.
            start = f"`dask worker {address} --nthreads 1` starts one"
            say(f"{there} workers at {address}, waiting for {workers}; {start}")
            client.wait_for_workers(workers)
        # A head that is killed leaves the lock after Dask's lease, half a minute.
        lock, holder = Lock(f"aae.sweep {name}"), Variable(f"aae.sweep {name}")
        if not lock.acquire(timeout=1):
            raise UserError(f"{_held_by(holder)} sweeps {name} at {address} already; wait until it ends")
        try:
            holder.set(f"process {os.getpid()} on {socket.gethostname()}")
            say(f"{len(client.nthreads())} workers at {address}")
            yield client
        finally:
            with suppress(OSError):  # The scheduler may be gone.
                lock.release()


def _held_by(holder: Variable) -> str:
    try:
        return str(holder.get(timeout=5))
    except TimeoutError:
        return "another head"


@dataclass(frozen=True)
class Workers:
    """Those of a client, all of one kind."""

    client: Client
    settings: TrainSettings
    machine: Mapping[str, str]
    """What `describe` says of each."""

    def spread(self, source: Source, grid: Grid, cells: Sequence[str]) -> Iterator[Result]:
        """The result of each cell as it comes, and each problem, which is final unless it says `again`."""
        device, precision = self.settings.device, self.settings.precision
        # A task and not scattered data: what a worker held that dies is then made again.
        package = self.client.submit(_itself, source, key=f"aae-source-{source.digest}")
        waiting = {
            _submit(self.client, package, job): job
            for job in (Job(grid, cell, self.machine, device, precision) for cell in cells)
        }
        tried: dict[str, set[str]] = {cell: set() for cell in cells}
        failures = dict.fromkeys(cells, 0)
        unfit: set[str] = set()
        queue = as_completed(list(waiting), with_results=False)
        for future in queue:
            job = waiting.pop(future)
            result = replace(_result(future, job), slots=sum(self.client.nthreads().values()))
            future.release()
            if not result.problem:
                yield result
                continue
            tried[job.cell].add(result.worker)
            if result.unfit:
                unfit.add(result.worker)
            else:  # A cell that nobody returned from has killed several workers already.
                failures[job.cell] += 1 if result.worker else TRIES
            fit = set(self.client.scheduler_info()["workers"]) - tried[job.cell] - unfit
            again = bool(fit) and failures[job.cell] < TRIES
            if again:
                second = _submit(self.client, package, job, sorted(fit))
                waiting[second] = job
                queue.add(second)
            yield replace(result, again=again)


def examine(client: Client, settings: TrainSettings) -> Workers:
    """The client's workers.

    Raises:
        UserError: they differ from each other, or in packages from this machine.
    """
    found = client.run(describe, settings.device, settings.precision, on_error="return")
    first, machine = next(iter(found.items()))
    for address, other in found.items():
        if isinstance(other, BaseException):
            hint = "; every worker needs this project: `pip install .[sweep]`"
            raise UserError(f"worker {address}: {_line(other)}{hint * isinstance(other, ImportError)}")
        if words := differences(other, versions()):
            raise UserError(f"worker {address} is not of this machine's version: {words}")
        if words := differences(other, machine):
            raise UserError(f"worker {address} is of another kind than {first}: {words}")
    return Workers(client, settings, machine)


def _itself(source: Source) -> Source:
    return source


def _submit(client: Client, package: Future[Source], job: Job, workers: Sequence[str] = ()) -> Future[Result]:
    # Not `pure`: a second head's sweep, or a second try, is a task of its own. Should the workers that are
    # asked for be gone when its turn comes, any other takes it.
    return client.submit(
        run_cell, package, job, pure=False, workers=list(workers) or None, allow_other_workers=bool(workers)
    )


def _result(future: Future[Result], job: Job) -> Result:
    try:
        error = future.exception()
    except CancelledError:
        raise UserError("the scheduler has lost the sweep; start both again to go on") from None
    if error is None:
        return future.result()
    if isinstance(error, KilledWorker):
        return Result(job.cell, "", problem="every worker that ran it died")
    return Result(job.cell, "", problem=_line(error))


def _line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
