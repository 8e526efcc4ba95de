"""Run the missing cells of a grid on several workers, then what depends on them here.

Usage: python -m aae.sweep [TARGET] [--scheduler ADDRESS] [--workers N] [--remote NAME]
"""

from __future__ import annotations

import argparse
import fcntl
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aae.errors import UserError
from aae.params import parse_params
from aae.sweep.commands import dvc, run, say
from aae.sweep.grid import INPUTS, Grid, check_committed, find_grid, merge_entries, missing_cells

if TYPE_CHECKING:
    from aae.sweep.worker import Result


def main() -> None:
    """Sweep the grid that the command line names."""
    arguments = parse_arguments()
    try:
        import distributed  # noqa: F401
    except ImportError:
        sys.exit("aae.sweep: Dask is missing; `pip install .[sweep]` brings it")
    try:
        sweep(arguments)
    except UserError as error:
        sys.exit(f"aae.sweep: {error}")
    except KeyboardInterrupt:
        sys.exit("aae.sweep: interrupted; run it again to go on")


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m aae.sweep", description="Run the missing cells of a grid on several workers."
    )
    add = parser.add_argument
    add("target", nargs="?", default="ablation", help="ablation (the default), or a study's name")
    add("--scheduler", metavar="ADDRESS", help="of a Dask scheduler; without it workers are started here")
    add(
        "--workers", metavar="N", type=_positive,
        help="to start here (default: cores / train.threads), or to wait for at the scheduler (default: 1)",
    )  # fmt: skip
    add("--remote", metavar="NAME", help="the DVC remote that joins the machines; default: DVC's default")
    return parser.parse_args()


def _positive(text: str) -> int:
    if (value := int(text)) < 1:
        raise ValueError
    return value


def sweep(arguments: argparse.Namespace) -> None:
    """Run the missing cells on workers, take their results over, and reproduce the target here.

    Raises:
        UserError: something the user can mend, or cells that failed; what succeeded is kept.
    """
    from dask.system import CPU_COUNT

    from aae.sweep import cluster
    from aae.sweep.remote import find_remote, make_source, push_inputs

    root = Path(run("git", "rev-parse", "--show-toplevel", cwd=Path.cwd()).strip())
    grid = find_grid(root, arguments.target)
    with only_head(root), ExitStack() as stack:
        check_committed(root, grid)
        joined = arguments.scheduler or arguments.remote
        remote = find_remote(root, arguments.remote) if joined else None
        settings = parse_params((root / "params.yaml").read_text(encoding="utf-8")).train
        workers = None
        if arguments.scheduler:  # Whatever is wrong there is told before anything runs here.
            client = cluster.remote(arguments.scheduler, arguments.workers or 1, grid.name)
            workers = cluster.examine(stack.enter_context(client), settings)
        dvc("repro", *INPUTS, cwd=root, show=True)
        with suppress(UserError):  # What has results already, no worker need be asked for.
            take(root, grid, grid.cells, remote)
        missing = missing_cells(root, grid)
        say(f"{grid.name}: {len(grid.cells)} cells, {len(missing)} missing")
        if missing:
            if remote:
                push_inputs(root, remote)
            if workers is None:
                number = min(arguments.workers or max(1, CPU_COUNT // settings.threads), len(missing))
                client = cluster.local(number, root / ".dvc/tmp/sweep")
                workers = cluster.examine(stack.enter_context(client), settings)
            results = workers.spread(make_source(root, grid, remote), grid, missing)
            collect(root, grid, missing, remote, results)
        printed = dvc("repro", grid.target, cwd=root, show=True)
    trained = [cell for cell in grid.cells if f"Running stage '{grid.stages(cell)[1]}'" in printed]
    if trained:
        raise UserError(f"{', '.join(trained)}: trained here again, though a worker had; please report this")


def collect(
    root: Path, grid: Grid, missing: Sequence[str], remote: str | None, results: Iterable[Result]
) -> None:
    """Take over the results of the missing cells, as they come.

    Raises:
        UserError: some failed; the others are taken over.
    """
    entries: dict[str, Any] = {}
    done: list[Result] = []
    failed: dict[str, str] = {}
    start = time.monotonic()
    try:
        for result in results:
            if not result.problem:
                done.append(result)
                entries |= result.entries
            else:
                if not result.again:
                    failed[result.cell] = result.problem
                then = "; another worker tries it" if result.again else ""
                say(f"{result.cell} failed on worker {result.worker}: {result.problem}{then}")
            say(progress(len(done), len(failed), len(missing), result.slots, time.monotonic() - start))
    finally:  # Whatever ends the sweep: what is done stays done.
        keep(root, grid, entries)
    take(root, grid, [result.cell for result in done], remote)
    if remote:  # The entries too, so that whatever shares a cell with this grid finds it here.
        dvc("fetch", "--run-cache", "--remote", remote, INPUTS[0], cwd=root)
    trained = sum(result.trained for result in done)
    say(f"{trained} cells trained, {len(done) - trained} restored, {len(failed)} failed")
    if failed:
        lines = [f"\n  {cell}: {problem}" for cell, problem in failed.items()]
        raise UserError(f"{len(failed)} of {len(missing)} cells failed; the others are kept{''.join(lines)}")


def progress(done: int, failed: int, cells: int, slots: int, seconds: float) -> str:
    """How far the sweep is, in one line.

    Args:
        done: number of cells that are.
        failed: number of those that failed for good.
        cells: number of all.
        slots: how many run at once.
        seconds: since the start.
    """
    ended = done + failed
    left = cells - ended
    line = f"{done} of {cells} cells done, {min(left, slots)} running, {failed} failed"
    return f"{line}, about {left * seconds / ended / 60:.0f} min left" if left and ended else line


def keep(root: Path, grid: Grid, entries: Mapping[str, Any]) -> None:
    """Enter the stages that workers ran into the grid's lock."""
    if not entries:
        return
    path = root / grid.lock
    merged = merge_entries(path.read_text(encoding="utf-8") if path.exists() else "", entries)
    part = path.with_name("dvc.partial.lock")
    part.write_text(merged, encoding="utf-8")
    os.replace(part, path)
    run("git", "add", grid.lock, cwd=root)  # As dvc does (core.autostage).


def take(root: Path, grid: Grid, cells: Sequence[str], remote: str | None) -> None:
    """Bring into the workspace what the lock says of these cells, from the remote or DVC's cache.

    Raises:
        UserError: not all of it is there.
    """
    stages = [stage for cell in cells for stage in grid.stages(cell)]
    try:
        if remote and stages:
            dvc("fetch", "--remote", remote, *stages, cwd=root)
    finally:
        if stages:
            dvc("checkout", "--force", "--allow-missing", *stages, cwd=root)


@contextmanager
def only_head(root: Path) -> Iterator[None]:
    """Keep a second sweep out of this repository; a kill frees it."""
    path = root / ".dvc/tmp/sweep.lock"
    path.parent.mkdir(exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise UserError(f"process {file.read()} sweeps in {root} already; wait until it ends") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


if __name__ == "__main__":
    main()
