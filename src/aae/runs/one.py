"""One run in a process of its own: train it, evaluate it, and leave it in the store.

Usage: python -m aae.runs.one, with a task as JSON on its standard input (`aae.runs.side_by_side`). It says
after each epoch which share of them is done, a JSON object a line.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from aae.data.images import Images, read_images
from aae.runs.store import Store
from aae.settings.config import RunConfig
from aae.system.errors import UserError
from aae.system.processes import end_with_parent

GPU_RUNS = 2  # At a time on one GPU; others prepare or evaluate on the cores meanwhile.


def main() -> None:
    """Do what standard input says; an error ends in one line on stderr and exit code 1."""
    task = json.load(sys.stdin)
    end_with_parent()
    if os.getppid() != task["parent"]:  # It has died already.
        sys.exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, which ends this process.
    try:
        images = read_images(Path(task["images"]), RunConfig.model_validate(task["config"]))
        store = Store(Path(task["store"]))
        make(task, images, store, lambda share: print(json.dumps({"share": share}), flush=True))
    except UserError as error:
        sys.exit(str(error))
    except OSError as error:  # A full disk, a read-only folder, a file in the way.
        sys.exit(f"{error.filename or 'a file'}: {error.strerror or error}")


def make(task: dict[str, Any], images: Images, store: Store, on_epoch: Callable[[float], object]) -> None:
    """Train and evaluate the run of a task.

    Args:
        task: "config" (as asked), "environment" and "extra" (measures).
        images: what it learns from and is evaluated on.
        store: where its results go.
        on_epoch: called after each epoch with the share of them that is done.
    """
    from aae.runs.evaluation import evaluate_run  # These import PyTorch, which takes seconds.
    from aae.runs.training import train_run

    config = RunConfig.model_validate(task["config"])
    epochs = config.train.epochs
    with gpu_slot(config, store):
        train_run(config, images, store, task["environment"], lambda epoch, _: on_epoch(epoch / epochs))
    evaluate_run(config, images, store, task["environment"], tuple(task["extra"]))


@contextmanager
def gpu_slot(config: RunConfig, store: Store) -> Iterator[None]:
    """Be one of at most `GPU_RUNS` processes that train on the GPU, where the run trains on one."""
    from aae.model.devices import resolve

    if resolve(config).train.device != "cuda":
        yield
        return
    store.folder.mkdir(parents=True, exist_ok=True)
    locks = [FileLock(store.folder / f"gpu-{place}.lock") for place in range(GPU_RUNS)]
    while True:
        for lock in locks:
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            try:
                yield
            finally:
                lock.release()
            return
        time.sleep(0.1)


if __name__ == "__main__":
    main()
