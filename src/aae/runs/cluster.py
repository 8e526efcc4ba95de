"""Runs on a cluster: the same calls on the workers of a Dask scheduler.

Images go to the workers once; results come back to this machine's store, and are checked on arrival.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from aae.data.images import Images
from aae.errors import UserError
from aae.runs.code import meaning
from aae.runs.environment import Environment, find_environment
from aae.runs.evaluation import KIND as EVALUATION
from aae.runs.grid import Found, ImagesByRun
from aae.runs.one import make
from aae.runs.progress import Progress
from aae.runs.store import Store, is_whole, say
from aae.runs.training import KIND as TRAINING
from aae.settings.config import RunConfig

PATIENCE = 30  # Seconds to wait for the scheduler.

Files = dict[str, bytes]  # Of an entry, by name.


class Result(NamedTuple):
    """What comes back from a worker."""

    environment: str
    code: str
    training: Files
    evaluation: Files


class Cluster:
    """The workers of a Dask scheduler."""

    def __init__(self, address: str) -> None:
        """Connect; a UserError says why not."""
        try:
            from distributed import Client
        except ImportError:
            raise UserError("a cluster needs the extra: pip install '.[cluster]'") from None
        try:
            self.client = Client(address, timeout=PATIENCE)
        except (OSError, TimeoutError, ValueError) as error:
            raise UserError(f"no Dask scheduler at {address}: {' '.join(str(error).split())}") from None

    def environment(self, config: RunConfig, store: Store) -> Environment:
        """That of all workers.

        Raises:
            UserError: there are none, they have more than one thread or another version of the code, or they
                would not give the same bits.
        """
        workers: Mapping[str, Mapping[str, Any]] = self.client.scheduler_info(n_workers=-1)["workers"]
        if not workers:
            raise UserError(f"the scheduler {self.client.scheduler.address} has no workers")
        if several := [name for name, each in workers.items() if each["nthreads"] != 1]:
            raise UserError(
                f"worker {several[0]} takes several runs at once; start workers with --nthreads 1"
            )
        codes = self.client.run(code)
        if others := sorted(name for name, found in codes.items() if found != code()):
            raise UserError(
                f"worker {others[0]} has another version of this code; install the same everywhere"
            )
        found: Mapping[str, Environment] = self.client.run(local_environment, config.model_dump_json())
        names = {each.name for each in found.values()}
        if len(names) > 1:
            raise UserError(
                f"the workers would not give the same bits: {', '.join(sorted(names))}; a grid is of "
                "one kind of machine"
            )
        return max(found.values(), key=lambda each: each.seconds_a_step)

    def make(
        self, missing: Sequence[Found], images: ImagesByRun, store: Store, progress: Progress
    ) -> dict[str, str]:
        """Make runs; returns the reasons of those that failed, by name.

        A run whose worker dies is done by another; one that kills its workers fails alone.
        """
        from distributed import as_completed

        scattered: dict[str, Any] = {}
        tasks: dict[Any, Found] = {}
        for found in missing:
            config = found.wanted.run.config
            of_run = images.of(config)
            if of_run.digest not in scattered:
                scattered[of_run.digest] = self.client.scatter(of_run, broadcast=True)
            trained = store.find(TRAINING, found.wanted.training_key, found.environment)
            task = {
                "config": config.model_dump(),
                "extra": found.wanted.extra,
                "environment": found.environment,
                "training_key": found.wanted.training_key,
                "key": found.wanted.key,
                "trained": read_files(trained) if trained else None,
            }
            tasks[self.client.submit(work, task, scattered[of_run.digest], pure=False)] = found
            progress.started(found.wanted.run.name)
        failures: dict[str, str] = {}
        for future in as_completed(tasks):
            name = tasks[future].wanted.run.name
            try:
                take(future.result(), tasks[future], store)
            except Exception as error:
                failures[name] = " ".join(str(error).split())[:300] or type(error).__name__
                say(f"{name} failed: {failures[name]}")
            progress.ended(name)
        return failures

    def close(self) -> None:
        """Let go of the scheduler; what still runs is cancelled."""
        self.client.close()


def work(task: dict[str, Any], images: Images) -> Result:
    """Train and evaluate a run on a worker, in a store that ends with it."""
    config = RunConfig.model_validate(task["config"])
    environment = local_environment(config.model_dump_json()).name
    with TemporaryDirectory(prefix="aae-") as folder:
        store = Store(Path(folder))
        if task["trained"]:
            write_files(task["trained"], store, TRAINING, task["training_key"], task["environment"])
        elif environment != task["environment"]:
            raise UserError(f"a worker joined that would give other bits: {environment}")
        make(task, images, store, lambda share: None)
        entries = (TRAINING, task["training_key"]), (EVALUATION, task["key"])
        training, evaluation = (store.find(kind, key, task["environment"]) for kind, key in entries)
        assert training is not None
        assert evaluation is not None
        return Result(environment, code(), read_files(training), read_files(evaluation))


def take(result: Result, found: Found, store: Store) -> None:
    """Put a worker's results into the store.

    Raises:
        UserError: they are of another version of the code, or a byte of them is wrong.
    """
    if result.code != code():
        raise UserError("it was made by another version of this code")
    write_files(result.training, store, TRAINING, found.wanted.training_key, found.environment)
    write_files(result.evaluation, store, EVALUATION, found.wanted.key, found.environment)


def read_files(folder: Path) -> Files:
    """An entry's files."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def write_files(files: Files, store: Store, kind: str, key: str, environment: str) -> None:
    """Make files an entry, if they are whole."""
    with store.lock(kind, key, environment), TemporaryDirectory(prefix="aae-") as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        if not is_whole(Path(folder)):
            raise UserError("its results were damaged on the way")
        store.adopt(kind, Path(folder))


@cache
def code() -> str:
    """A name for all code that a worker runs."""
    return meaning(["aae.runs.one"], inside="aae")


@cache
def local_environment(config: str) -> Environment:
    """This worker's, for a run's settings as JSON."""
    with TemporaryDirectory(prefix="aae-") as folder:
        return find_environment(RunConfig.model_validate_json(config), Store(Path(folder)))
