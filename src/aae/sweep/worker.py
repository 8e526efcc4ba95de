"""What a worker does: run one cell of a grid in a checkout of its own, and push what came out."""

from __future__ import annotations

import fcntl
import importlib.metadata
import io
import platform
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

from distributed import get_worker

from aae.errors import UserError
from aae.sweep.commands import NoSpaceError, UnfitError, dvc, environment
from aae.sweep.grid import INPUTS, Grid, read_entries

PACKAGES = ("aae", "distributed", "dvc", "numpy", "scikit-learn", "scipy", "torch")


@dataclass(frozen=True)
class Source:
    """What a checkout is made of: it needs neither git nor the head's files."""

    tree: bytes
    """A tar archive of the commit's files that the grid's stages need."""
    locks: Mapping[str, str]
    """The text of each dvc.lock, by its path."""
    config: str
    """DVC's settings beside those of the commit: the remote."""
    cache: str
    """The cache that all workers share with the head; empty where a remote joins them."""

    @property
    def digest(self) -> str:
        """A name for all of it."""
        return sha256(
            repr((self.tree, sorted(self.locks.items()), self.config, self.cache)).encode()
        ).hexdigest()


@dataclass(frozen=True)
class Job:
    """One cell, and the machine that it is for."""

    grid: Grid
    cell: str
    machine: Mapping[str, str]
    """What `describe` says of a worker that may run it."""
    device: str
    precision: str


@dataclass(frozen=True)
class Result:
    """What became of a cell on a worker."""

    cell: str
    worker: str
    """Its address."""
    problem: str = ""
    """Why there is no result; one line."""
    unfit: bool = False
    """Whether the problem is the worker's, not the cell's."""
    again: bool = False
    """Whether another worker tries it next."""
    slots: int = 1
    """How many cells run at once, when it comes to the head."""
    trained: bool = False
    """Whether the cell was trained, not restored."""
    entries: Mapping[str, Any] = field(default_factory=dict)
    """Those of its stages in dvc.lock."""


def describe(device: str, precision: str) -> dict[str, str]:
    """What decides a cell's bytes on this worker, beside the commit.

    Args:
        device: `train.device`.
        precision: `train.precision`.
    """
    from aae.model import numerics  # Imports torch, which takes seconds.

    chosen = numerics.choose_device(device)
    return versions() | {
        "CPU capability": numerics.environment()["capability"],
        "device": chosen.type,
        "precision": numerics.choose_precision(precision, chosen),
    }


def versions() -> dict[str, str]:
    """Those of Python and of the packages that decide a cell's bytes, or with which this protocol works."""
    python = platform.python_version().rpartition(".")[0]
    return {"Python": python} | {name: _version(name) for name in PACKAGES}


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def differences(found: Mapping[str, str], expected: Mapping[str, str]) -> str:
    """What two machines differ in, in words; empty if in nothing."""
    return ", ".join(
        f"{name} {found.get(name, 'missing')} instead of {value}"
        for name, value in expected.items()
        if found.get(name) != value
    )


def run_cell(source: Source, job: Job) -> Result:
    """Run the stages of a cell that no cache has, and push outputs and run-cache entries.

    Returns:
        The result, or the problem: nothing that can go wrong on one worker ends the sweep.
    """
    worker = get_worker()

    def result(**more: Any) -> Result:
        return Result(job.cell, worker.address, **more)

    try:
        if other := differences(describe(job.device, job.precision), job.machine):
            return result(problem=f"of another kind: {other}", unfit=True)
        # Beside Dask's folder of this worker, which ends with it: a checkout outlives workers, so that a
        # training run that was killed resumes.
        with slot(Path(worker.local_directory).parent / "aae-sweep") as folder:
            trained, entries = _run_in(folder, source, job)
        return result(trained=trained, entries=entries)
    except NoSpaceError as error:
        return result(problem=f"no space left on device: {error}", unfit=True)
    except OSError as error:
        return result(problem=f"{error.filename or 'a file'}: {error.strerror or error}", unfit=True)
    except UserError as error:
        return result(problem=str(error), unfit=isinstance(error, UnfitError))


@contextmanager
def slot(base: Path) -> Iterator[Path]:
    """A folder below `base` that nobody else uses meanwhile; a kill frees it."""
    base.mkdir(parents=True, exist_ok=True)
    for number in count():
        with (base / f"{number}.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield base / str(number)
            return


def _run_in(folder: Path, source: Source, job: Job) -> tuple[bool, dict[str, Any]]:
    """Whether the cell was trained, and its entries in the lock."""
    tree, env = folder / "tree", environment()
    made = folder / "made-of"
    if not made.exists() or made.read_text() != source.digest:
        made.unlink(missing_ok=True)
        check_out(source, folder)
        try:
            dvc("checkout" if source.cache else "pull", "--force", *INPUTS, cwd=tree, env=env)
        except NoSpaceError:
            raise
        except UserError as error:  # The remote's keys may be missing here.
            raise UnfitError(str(error)) from None
        made.write_text(source.digest)
    try:
        return _run_stages(tree, source, job, env)
    except UserError:
        made.unlink()  # Whatever a kill may have left half-written there, the next cell starts afresh.
        raise


def _run_stages(tree: Path, source: Source, job: Job, env: Mapping[str, str]) -> tuple[bool, dict[str, Any]]:
    pull = [] if source.cache else ["--pull"]
    configure, train, evaluate = job.grid.stages(job.cell)
    # Device and precision are this machine's, not those of whichever machine filled the run cache.
    dvc("repro", "--force", "--single-item", configure, cwd=tree, env=env)
    printed = dvc("repro", *pull, evaluate, cwd=tree, env=env)
    if not source.cache:
        dvc("push", "--run-cache", configure, train, evaluate, cwd=tree, env=env)
    return f"Running stage '{train}'" in printed, read_entries(tree, job.grid, job.cell)


def check_out(source: Source, folder: Path) -> None:
    """Make the checkout in `folder`/tree anew; the cache beside it stays."""
    tree = folder / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    with tarfile.open(fileobj=io.BytesIO(source.tree)) as archive:
        # Which early releases of Python 3.11 do not have.
        archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, path: member)
        archive.extractall(tree)
    for path, text in source.locks.items():
        (tree / path).write_text(text, encoding="utf-8")
    cache = source.cache or str((folder / "cache").resolve())
    (tree / ".dvc/config.local").write_text(f"{source.config}[cache]\n    dir = {cache}\n", encoding="utf-8")
