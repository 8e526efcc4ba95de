"""Runs on a cluster: the same calls on the workers of a Dask scheduler.

Images go to the workers once; results come back to this machine's store, and are checked on arrival.
"""

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeVar

from aae.data.images import Images
from aae.model import parts
from aae.runs.code import meaning
from aae.runs.environment import Environment, find_environment
from aae.runs.evaluation import KIND as EVALUATION
from aae.runs.evaluation import evaluation_key
from aae.runs.grid import Found, ImagesByRun
from aae.runs.one import make
from aae.runs.progress import Progress
from aae.runs.store import Store, is_whole, say
from aae.runs.training import KIND as TRAINING
from aae.runs.training import training_key
from aae.settings.config import RunConfig
from aae.system.errors import UserError

PATIENCE = 30  # Seconds to wait for the scheduler.

Answer = TypeVar("Answer")
Files = dict[str, bytes]  # Of an entry, by name.


class Result(NamedTuple):
    """The files that come back from a worker."""

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
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # Exceptions say it too.
        try:
            self.client = Client(address, timeout=PATIENCE)
        except (OSError, TimeoutError, ValueError) as error:
            raise UserError(f"no Dask scheduler at {address}: {' '.join(str(error).split())}") from None

    def environment(self, config: RunConfig, store: Store) -> Environment:
        """The environment of all workers.

        Raises:
            UserError: there are none, they have more than one thread or another version of the code, or they
                would not give the same bits.
        """
        workers = self.workers()
        if not workers:
            raise UserError(f"the scheduler {self.client.scheduler.address} has no workers")
        if several := [name for name, each in workers.items() if each["nthreads"] != 1]:
            raise UserError(
                f"worker {several[0]} takes several runs at once; start workers with --nthreads 1"
            )
        codes = self.ask_all(code)
        if others := sorted(name for name, found in codes.items() if found != code()):
            raise UserError(
                f"worker {others[0]} has another version of this code; install the same everywhere"
            )
        found = self.ask_all(worker_environment, config.model_dump_json())
        names = {each.name for each in found.values()}
        if len(names) > 1:
            raise UserError(
                f"the workers would not give the same bits: {', '.join(sorted(names))}; a grid is of "
                "one kind of machine"
            )
        return max(found.values(), key=lambda each: each.seconds_a_step)

    def are_of(self, environment: str, store: Store) -> bool:
        """Not known: workers come and go."""
        return False

    def workers(self) -> Mapping[str, Mapping[str, Any]]:
        """The workers that are there, by address, each with what the scheduler says of it."""
        found: Mapping[str, Mapping[str, Any]] = self.client.scheduler_info(n_workers=-1)["workers"]
        return found

    def ask_all(self, function: Callable[..., Answer], *arguments: Any) -> dict[str, Answer]:
        """Call a function on each worker: results by address; raises a UserError if it fails on one."""
        answers: dict[str, Answer] = self.client.run(function, *arguments, on_error="return")
        for worker, answer in sorted(answers.items()):
            if isinstance(answer, UserError):
                raise UserError(f"worker {worker}: {answer}")
            if isinstance(answer, BaseException):
                raise UserError(
                    f"worker {worker} cannot run this code ({in_a_line(answer)}); install the same everywhere"
                )
        return answers

    def make(
        self, missing: Sequence[Found], images: ImagesByRun, store: Store, progress: Progress
    ) -> dict[str, str]:
        """Make runs; returns the reasons of those that failed, by name.

        A run whose worker dies is done by another. One whose workers keep dying is tried once more, alone, as
        another run may have ended them.
        """
        from distributed.scheduler import KilledWorker

        failures: dict[str, str] = {}
        suspects: list[Found] = []

        def end(found: Found, outcome: Result | Exception) -> None:
            name = found.wanted.run.name
            if isinstance(outcome, Result):
                try:
                    write_files(outcome.training, store, TRAINING)
                    write_files(outcome.evaluation, store, EVALUATION)
                except UserError as error:
                    outcome = error
            if isinstance(outcome, KilledWorker):
                failures[name] = (
                    f"every worker that tried it died, the last one {outcome.last_worker.address}"
                )
            elif isinstance(outcome, Exception):
                failures[name] = in_a_line(outcome)
            if name in failures:
                say(f"{name} failed: {failures[name]}")
            progress.ended(name)

        for found, outcome in self.outcomes(missing, images, store, progress):
            if isinstance(outcome, KilledWorker):
                suspects.append(found)
                progress.stopped(found.wanted.run.name)
            else:
                end(found, outcome)
        for suspect in suspects:
            say(f"{suspect.wanted.run.name}: its workers died; it is tried once more, alone")
            for found, outcome in self.outcomes([suspect], images, store, progress):
                end(found, outcome)
        return failures

    def outcomes(
        self, runs: Sequence[Found], images: ImagesByRun, store: Store, progress: Progress
    ) -> Iterator[tuple[Found, Result | Exception]]:
        """Make runs, one a worker at a time; yield the result of each, or what it failed with.

        No run waits at a worker, where another could end it too, nor do the files that it needs at the
        scheduler.

        Raises:
            UserError: the scheduler died.
        """
        from distributed import as_completed
        from distributed.client import FutureCancelledError

        waiting = list(reversed(runs))
        running: dict[Any, tuple[Found, str]] = {}  # And the worker it was sent to.
        sent: dict[str, Any] = {}
        ended = as_completed()
        while waiting or running:
            busy = {worker for _, worker in running.values()}
            free = sorted(set(self.workers()) - busy)
            if not (free or running):
                free = [""]  # None is there at the moment: whichever comes.
            for worker in free[: len(waiting)]:
                found = waiting.pop()
                of_run = images.of(found.wanted.run.config)
                if of_run.digest not in sent:
                    sent[of_run.digest] = self.send(of_run)
                # If that worker dies, another will do.
                where = {"workers": worker, "allow_other_workers": True} if worker else {}
                task = task_of(found, store)
                future = self.client.submit(work, task, sent[of_run.digest], pure=False, **where)
                running[future] = found, worker
                ended.add(future)
                progress.started(found.wanted.run.name)
            future = next(ended)
            found, _ = running.pop(future)
            try:
                yield found, future.result()
            except FutureCancelledError:  # Nothing cancels a run but the loss of the scheduler.
                raise UserError("the scheduler is gone; runs that finished are kept") from None
            except Exception as error:
                yield found, error
            future.release()

    def send(self, images: Images) -> Any:
        """Images on the cluster: a task that gives them, as scattered data would be lost with its workers."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sending large graph", category=UserWarning)
            return self.client.submit(given, images, pure=False)

    def close(self) -> None:
        """Let go of the scheduler; what runs on a worker goes on there, for nothing."""
        self.client.close()


def task_of(found: Found, store: Store) -> dict[str, Any]:
    """Describe a run to a worker, its weights and codes included if it is trained already."""
    trained = store.find(TRAINING, found.wanted.training_key, found.environment)
    return {
        "config": found.wanted.run.config.model_dump(),
        "extra": found.wanted.extra,
        "environment": found.environment,
        "training_key": found.wanted.training_key,
        "key": found.wanted.key,
        "trained": read_files(trained) if trained else None,
    }


def given(images: Images) -> Images:
    """The same."""
    return images


def work(task: dict[str, Any], images: Images) -> Result:
    """Train and evaluate a run on a worker, in a store that ends with it.

    Raises:
        UserError: the run failed, or the worker, which joined late, has another version of the code or would
            give other bits.
    """
    config, extra = RunConfig.model_validate(task["config"]), tuple(task["extra"])
    keys = training_key(config, images), evaluation_key(config, images, extra)
    if keys != (task["training_key"], task["key"]):
        raise UserError("a worker joined that has another version of this code")
    with TemporaryDirectory(prefix="aae-") as folder:
        store = Store(Path(folder))
        if task["trained"]:
            write_files(task["trained"], store, TRAINING)
        elif (environment := find_environment(config, store).name) != task["environment"]:
            raise UserError(f"a worker joined that would give other bits: {environment}")
        make(task, images, store, lambda share: None)
        entries = (TRAINING, task["training_key"]), (EVALUATION, task["key"])
        training, evaluation = (store.find(kind, key, task["environment"]) for kind, key in entries)
        assert training is not None
        assert evaluation is not None
        return Result(read_files(training), read_files(evaluation))


def read_files(folder: Path) -> Files:
    """An entry's files."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def write_files(files: Files, store: Store, kind: str) -> None:
    """Make files an entry, if they are whole."""
    with TemporaryDirectory(prefix="aae-") as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        if not is_whole(Path(folder)):
            raise UserError("its results were damaged on the way")
        store.adopt(kind, Path(folder))


@cache
def code() -> str:
    """A name for all code that a worker may run."""
    tables = (parts.PRIORS, parts.ENCODERS, parts.OBJECTIVES)
    places = [parts.UNREGULARIZED, *(place for table in tables for place in table.values())]
    own = {place.partition(":")[0] for place in places}
    return meaning(["aae.runs.one", "aae.runs.environment", *own], inside="aae")


def worker_environment(config: str) -> Environment:
    """This worker's, for a run's settings as JSON."""
    with TemporaryDirectory(prefix="aae-") as folder:
        return find_environment(RunConfig.model_validate_json(config), Store(Path(folder)))


def in_a_line(error: BaseException) -> str:
    """Put an error in one line, with its kind for those that say little."""
    said = " ".join(str(error).split())[:300]
    return said if isinstance(error, UserError) else f"{type(error).__name__}: {said}"
