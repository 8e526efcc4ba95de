"""Interface that the benchmark asks of each contestant, and what contestants share."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import torch

from aae.data import idx
from aae.data.datasets import SHAPE
from aae.data.images import to_unit

OnStep = Callable[[], None]
PIXELS = math.prod(SHAPE)
NO_SCHEDULE = math.inf  # Epochs of a contestant that could go on for ever.


class StopTraining(Exception):  # noqa: N818  (no error: it is how a step's callback ends an epoch early)
    """Raised by a callback that has seen enough steps."""


class Contestant(Protocol):
    """A training that can be run epoch by epoch and then asked for codes and reconstructions."""

    batch_size: int
    precision: str
    """Precision of its matrix products."""
    cycle: int
    """Steps after which the same work begins anew."""
    epochs: float
    """Epochs that its schedule has; `NO_SCHEDULE` without one."""

    def run_epoch(self, on_step: OnStep) -> None:
        """One epoch in its own manner; `on_step` is called after each step."""

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """Codes, (n, 2), of images (n, 784)."""

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """Images, (n, 784), of codes (n, 2)."""


def read_images(folder: Path, split: str) -> torch.Tensor:
    """Images in [0, 1], float32, (n, 784), of "train" or "t10k"."""
    return torch.from_numpy(to_unit(idx.read(folder, split)[0]).reshape(-1, PIXELS))
