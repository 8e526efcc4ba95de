"""Grids of runs: which are there, which are missing, where each comes from."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from aae.data.images import Images, read_images
from aae.runs.evaluation import KIND as EVALUATION
from aae.runs.evaluation import MEASURES, evaluation_key
from aae.runs.progress import Progress, minutes
from aae.runs.side_by_side import Local
from aae.runs.store import Store, say
from aae.runs.training import KIND as TRAINING
from aae.runs.training import training_key
from aae.settings.config import RunConfig
from aae.settings.params import Run
from aae.system import artifacts
from aae.system.errors import UserError

if TYPE_CHECKING:
    from aae.runs.cluster import Cluster

    Machines: TypeAlias = Local | Cluster

SCHEDULER = "DASK_SCHEDULER_ADDRESS"
ALLOW_REPEAT = "AAE_REPEAT"  # Set to 1, runs that another kind of machine made are repeated here.
Row = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """A run of a grid, and the names of its results."""

    run: Run
    extra: tuple[str, ...]
    training_key: str
    key: str
    """Names its evaluation."""
    steps: int
    """Updates of the training run."""


class Found(NamedTuple):
    """A run with the source of its results."""

    wanted: Wanted
    environment: str
    row: Row | None
    """Its row in an earlier runs.csv, if that has one."""


class ImagesByRun:
    """The images of runs, read once for runs that have the same."""

    def __init__(self, folder: Path) -> None:
        """The folder that holds those of the data sets."""
        self.folder = folder
        self._known: dict[str, Images] = {}

    def of(self, config: RunConfig) -> Images:
        """A run's; raises a UserError if there are not enough."""
        name = f"{config.data.model_dump_json()} {config.labels}"
        if name not in self._known:
            self._known[name] = read_images(self.folder, config)
        return self._known[name]


def wanted(runs: Sequence[Run], images: ImagesByRun, extra: Sequence[str] = ()) -> list[Wanted]:
    """The runs of a grid with the names of their results."""
    result = []
    for run in runs:
        of_run = images.of(run.config)
        keys = training_key(run.config, of_run), evaluation_key(run.config, of_run, tuple(extra))
        train = run.config.train
        steps = train.epochs * (of_run.total // train.batch_size)
        result.append(Wanted(run, tuple(extra), *keys, steps))
    return result


def fill(
    name: str,
    grid: Sequence[Wanted],
    images: ImagesByRun,
    store: Store,
    rows: Sequence[Mapping[str, Any]] = (),
) -> list[Found]:
    """Make the runs of a grid that are neither in earlier rows nor in the store; all in one environment.

    Args:
        name: of the grid, for messages.
        grid: its runs.
        images: theirs.
        store: where results lie.
        rows: of an earlier runs.csv.

    Raises:
        UserError: a run failed (after the others have finished, and are kept), or the grid would repeat
            runs of another kind of machine.
    """
    known = {(row["key"], row["environment"]): dict(row) for row in rows}
    with open_machines() as machines:
        found: list[Found] = []
        for part in _alike(grid):
            environment = choose(name, part, known, store, machines)
            found += [Found(each, environment, known.get((each.key, environment))) for each in part]
        missing = [
            each
            for each in found
            if not (each.row or store.find(EVALUATION, each.wanted.key, each.environment))
        ]
        if missing:
            progress = Progress(
                name, [(each.wanted.run.name, each.wanted.steps) for each in missing], len(grid)
            )
            failures = machines.make(missing, images, store, progress)
            if failures:
                # The first in the grid's order, not in time: the same line every time.
                first = next(each.wanted.run.name for each in missing if each.wanted.run.name in failures)
                others = f" ({len(failures) - 1} more failed)" if len(failures) > 1 else ""
                raise UserError(f"{first}: {failures[first]}{others}; runs that finished are kept")
    places = {each.wanted.key: each for each in found}
    return [places[each.key] for each in grid]


@contextmanager
def open_machines() -> Iterator["Machines"]:
    """This machine or, with `DASK_SCHEDULER_ADDRESS`, a cluster."""
    if address := os.environ.get(SCHEDULER):
        from aae.runs.cluster import Cluster

        with closing(Cluster(address)) as cluster:
            yield cluster
    else:
        yield Local()


def choose(
    name: str,
    part: Sequence[Wanted],
    known: Mapping[tuple[str, str], Row],
    store: Store,
    machines: "Machines",
) -> str:
    """The environment of runs: one for all, that of the machines at hand, or else one that has them all.

    Raises:
        UserError: neither, and runs that another environment has would be repeated here.
    """
    there: dict[str, set[str]] = {}
    for each in part:
        environments = {environment for key, environment in known if key == each.key}
        environments |= set(store.environments(EVALUATION, each.key))
        environments |= set(store.environments(TRAINING, each.training_key))
        for environment in environments:
            there.setdefault(environment, set()).add(each.key)
    for environment, keys in sorted(there.items()):
        if len(keys) == len(part) and machines.are_of(environment, store):
            return environment
    here = machines.environment(part[0].run.config, store)
    own = there.pop(here.name, set())
    if len(own) == len(part):
        return here.name
    for environment, keys in sorted(there.items()):
        if len(keys) == len(part):
            say(f"{name}: all {len(part)} runs are of another kind of machine ({environment})")
            return environment
    repeated = set[str]().union(*there.values()) - own
    if repeated and os.environ.get(ALLOW_REPEAT) != "1":
        steps = sum(each.steps for each in part if each.key not in own)
        raise UserError(
            f"{len(repeated)} of {len(part)} runs were made on another kind of machine "
            f"({', '.join(sorted(there))}) and would be repeated here, as a grid is of one kind: about "
            f"{minutes(steps * here.seconds_a_step)}; to allow it: {ALLOW_REPEAT}=1 dvc repro ..."
        )
    return here.name


def row_of(found: Found, settings: Sequence[str], store: Store) -> Row:
    """A run's row: the names of its results, its settings, and what was measured.

    Args:
        found: from `fill`.
        settings: the keys, such as "train.epochs", that the grid's variants change.
        store: where its evaluation lies, if the row is new.
    """
    if found.row is not None:
        return found.row
    config = found.wanted.run.config
    folder = evaluation_of(found, store)
    return {
        "key": found.wanted.key,
        "environment": found.environment,
        "variant": found.wanted.run.variant,
        "seed": config.seed,
        **{key: reduce(getattr, key.split("."), config) for key in settings},
        **artifacts.load_json(folder / MEASURES),
    }


def evaluation_of(found: Found, store: Store) -> Path:
    """The folder of a run's evaluation."""
    folder = store.find(EVALUATION, found.wanted.key, found.environment)
    if folder is None:  # Removed or damaged since.
        raise UserError(
            f"{found.wanted.run.name}: its evaluation is no longer in {store.folder}; run this again"
        )
    return folder


def training_of(found: Found, store: Store) -> Path:
    """The folder of a trained run."""
    folder = store.find(TRAINING, found.wanted.training_key, found.environment)
    if folder is None:
        raise UserError(f"{found.wanted.run.name}: its weights are not in {store.folder}; run this again")
    return folder


def _alike(grid: Sequence[Wanted]) -> list[list[Wanted]]:
    """Runs that ask for the same device, precision and threads, and so have one environment."""
    groups: dict[tuple[object, ...], list[Wanted]] = {}
    for each in grid:
        train = each.run.config.train
        groups.setdefault((train.device, train.precision, train.threads), []).append(each)
    return list(groups.values())
