"""Checkpoints, from which a killed training run resumes: its state at the end of an epoch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError, safe_open

from aae.system import artifacts

if TYPE_CHECKING:
    import torch

DAMAGE = (SafetensorError, TypeError, KeyError, ValueError)  # How reading a damaged file can fail.


@dataclass(frozen=True)
class Checkpoint:
    """A training run after some epoch."""

    tensors: dict[str, dict[str, torch.Tensor]]
    """Groups of tensors: those of `Trainer.state_dict`, and others."""
    history: list[dict[str, float]]
    """Mean losses, an epoch each."""


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint for `load`; until it is whole and on the disk, the old one stays."""
    tensors = {
        f"{group}/{name}": tensor.cpu()
        for group, members in checkpoint.tensors.items()
        for name, tensor in members.items()
    }
    notes = json.dumps(checkpoint.history)
    artifacts.save_tensors(tensors, path, {"history": notes, "sha256": _checksum(tensors, notes)})


def load(path: Path) -> Checkpoint:
    """Read what `save` wrote, but for groups without tensors.

    Raises:
        ValueError: a bit of it is not as it was written.
    """
    try:
        with safe_open(path, "pt") as file:
            flat = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
            metadata = file.metadata()
        if metadata["sha256"] != _checksum(flat, metadata["history"]):
            raise ValueError("its checksum is wrong")
        tensors: dict[str, dict[str, torch.Tensor]] = {}
        for name, tensor in flat.items():
            group, _, member = name.partition("/")
            tensors.setdefault(group, {})[member] = tensor
        return Checkpoint(tensors, json.loads(metadata["history"]))
    except DAMAGE as error:
        raise ValueError(f"{path} is damaged") from error


def _checksum(tensors: Mapping[str, torch.Tensor], notes: str) -> str:
    """SHA-256: safetensors itself notices a missing byte, but not a wrong one."""
    digest = hashlib.sha256(notes.encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tuple(tensor.shape)}".encode())
        digest.update(tensor.contiguous().reshape(-1).numpy().view("uint8").data)
    return digest.hexdigest()
