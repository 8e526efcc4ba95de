"""The engine, Dask: workers here or at a scheduler, and the cells spread over them."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from distributed import Client, Future, KilledWorker, LocalCluster, Lock, Variable, as_completed

from aae.errors import UserError
from aae.sweep.worker import Job, Result, Source, describe, differences, run_cell, versions

PATIENCE = 60.0  # Seconds to wait for a scheduler, and then for its workers.
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
    """The workers of a scheduler, where no other head runs the grid `name` meanwhile.

    Raises:
        UserError: no scheduler or fewer than `workers` workers within a minute, or another head.
    """
    try:
        client = Client(address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise UserError(f"no scheduler at {address}: {str(error).splitlines()[0]}") from None
    with client:
        try:
            client.wait_for_workers(workers, timeout=PATIENCE)
        except TimeoutError:
            there = len(client.nthreads())
            raise UserError(
                f"{there} workers at {address} after {PATIENCE:.0f} s, {workers} needed; "
                f"`dask worker {address} --nthreads 1` starts one"
            ) from None
        # A head that is killed leaves the lock after Dask's lease, half a minute.
        lock, holder = Lock(f"aae.sweep {name}"), Variable(f"aae.sweep {name}")
        if not lock.acquire(timeout=1):
            raise UserError(f"{_held_by(holder)} sweeps {name} at {address} already; wait until it ends")
        try:
            holder.set(f"process {os.getpid()} on {socket.gethostname()}")
            yield client
        finally:
            with suppress(OSError):  # The scheduler may be gone.
                lock.release()


def _held_by(holder: Variable) -> str:
    try:
        return str(holder.get(timeout=5))
    except TimeoutError:
        return "another head"


def machine_of(client: Client, device: str, precision: str) -> Mapping[str, str]:
    """What `describe` says of all workers.

    Raises:
        UserError: they differ from each other, or in packages from this machine.
    """
    found = client.run(describe, device, precision, on_error="return")
    first = next(iter(found.values()))
    for address, machine in found.items():
        if isinstance(machine, BaseException):
            raise UserError(
                f"worker {address}: {_line(machine)}; it needs this project: `pip install .[sweep]`"
            )
        if other := differences(machine, versions()):
            raise UserError(f"worker {address} is not of this machine's version: {other}")
        if other := differences(machine, first):
            raise UserError(f"worker {address} is of another kind than {next(iter(found))}: {other}")
    return dict(first)


def spread(client: Client, source: Source, jobs: Sequence[Job]) -> Iterator[Result]:
    """The result of each job as it comes; a problem only where no worker is left to try it."""
    # A task and not scattered data: what a worker held that dies is then made again.
    package = client.submit(_itself, source, key=f"aae-source-{source.digest}")
    waiting = {_submit(client, package, job): job for job in jobs}
    tried: dict[str, set[str]] = {job.cell: set() for job in jobs}
    failures = dict.fromkeys(tried, 0)
    unfit: set[str] = set()
    queue = as_completed(list(waiting), with_results=False)
    for future in queue:
        job = waiting.pop(future)
        result = _result(future, job)
        future.release()
        if not result.problem:
            yield result
            continue
        tried[job.cell].add(result.worker)
        if result.unfit:
            unfit.add(result.worker)
        else:  # A cell that nobody returned from has killed several workers already.
            failures[job.cell] += 1 if result.worker else TRIES
        fit = set(client.scheduler_info()["workers"]) - tried[job.cell] - unfit
        if not fit or failures[job.cell] >= TRIES:
            yield result
            continue
        yield replace(result, again=True)
        again = _submit(client, package, job, sorted(fit))
        waiting[again] = job
        queue.add(again)


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
        return Result(job.cell, "", 0.0, problem="every worker that ran it died")
    return Result(job.cell, "", 0.0, problem=_line(error))


def _line(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
