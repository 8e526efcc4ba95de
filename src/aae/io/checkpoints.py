"""What a killed training run needs to resume: its state after each epoch, and a lock against a second writer.

Checkpoints lie in a folder a run, `<folder>/<run>/<key>.safetensors`, beside that run's `lock`.
"""

import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from aae.errors import UserError
from aae.io import artifacts

PATIENCE = 5.0  # Seconds: a training run whose dvc was killed has ended well before.
KEPT = 14 * 24 * 3600  # Seconds after which a run that nobody resumed counts as abandoned.
DAMAGE = (SafetensorError, TypeError, KeyError, ValueError)  # How reading a damaged file can fail.


@dataclass(frozen=True)
class Checkpoint:
    """A training run after some epoch."""

    tensors: dict[str, dict[str, torch.Tensor]]
    """What `Trainer.state_dict` gave, and other groups of tensors."""
    history: list[dict[str, float]]
    finished: bool


def key(files: Iterable[Path], environment: Mapping[str, object]) -> str:
    """A name for all that decides a training run's bits.

    Args:
        files: settings, images and code, of which the content counts.
        environment: what `aae.model.numerics.environment` says of the machine.
    """
    digest = hashlib.sha256()
    for file in files:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    digest.update(json.dumps(environment).encode())
    return digest.hexdigest()


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint for `load`; until it is whole and on the disk, the old one stays."""
    tensors = {
        f"{group}/{name}": tensor.cpu()
        for group, members in checkpoint.tensors.items()
        for name, tensor in members.items()
    }
    notes = json.dumps({"history": checkpoint.history, "finished": checkpoint.finished})
    artifacts.save_tensors(tensors, path, {"notes": notes, "sha256": _checksum(tensors, notes)})


def load(path: Path) -> Checkpoint:
    """What `save` wrote, but for groups without tensors.

    Raises:
        ValueError: a bit of it is not as it was written.
    """
    try:
        with safe_open(path, "pt") as file:
            flat = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
            metadata = file.metadata()
        if metadata["sha256"] != _checksum(flat, metadata["notes"]):
            raise ValueError("its checksum is wrong")
        tensors: dict[str, dict[str, torch.Tensor]] = {}
        for name, tensor in flat.items():
            group, _, member = name.partition("/")
            tensors.setdefault(group, {})[member] = tensor
        return Checkpoint(tensors, **json.loads(metadata["notes"]))
    except DAMAGE as error:
        raise ValueError(f"{path} is damaged") from error


@contextmanager
def lock(run: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Be the only process that trains a run. The kernel frees the lock of one that dies, however it dies.

    Args:
        run: the run's folder of checkpoints.
        patience: seconds to wait for another process to end.

    Raises:
        UserError: another process trains it.
    """
    run.mkdir(parents=True, exist_ok=True)
    with (run / "lock").open("a+") as file:
        deadline = time.monotonic() + patience
        while not _try_lock(file.fileno()):
            if time.monotonic() > deadline:
                file.seek(0)
                process = file.read() or "unknown"
                raise UserError(
                    f"process {process} is training {run.name} already; wait until it ends, or end it "
                    f"(kill {process}), then run this again"
                )
            time.sleep(0.1)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def tidy(folder: Path, keep: Path) -> None:
    """Remove what nobody will resume: finished, damaged, half-written and abandoned checkpoints.

    Args:
        folder: that of all runs. Runs whose lock another process holds are left alone.
        keep: the checkpoint of the run that asks, which holds its run's lock.
    """
    for file in folder.glob("*/lock"):
        with ExitStack() as stack:
            if file.parent != keep.parent:
                try:
                    stack.enter_context(lock(file.parent, patience=0))
                except UserError:
                    continue
            for path in file.parent.glob("*.safetensors"):
                if path != keep and not _wanted(path):
                    path.unlink()


def _wanted(path: Path) -> bool:
    if ".partial" in path.name or time.time() - path.stat().st_mtime > KEPT:
        return False
    try:
        with safe_open(path, "pt") as file:  # Reads no more than the header.
            return not json.loads(file.metadata()["notes"])["finished"]
    except DAMAGE:
        return False


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _checksum(tensors: Mapping[str, torch.Tensor], notes: str) -> str:
    """SHA-256: safetensors itself notices a missing byte, but not a wrong one."""
    digest = hashlib.sha256(notes.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tuple(tensor.shape)}".encode())
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
