"""What is compared: each contestant trains the same three networks on the same images, on the CPU.

Encoder, decoder and discriminator of two hidden layers of 1000 ReLU units, a code of 2 dimensions,
60,000 images. What differs is the loop about them.
"""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import torch

from aae import mnist
from aae.config import RunConfig
from aae.params import parse_params
from aae.randomness import named_generator
from aae.training import Trainer, prepare_process

ROOT = Path(__file__).resolve().parents[1]
OnStep = Callable[[], None]
NO_SCHEDULE = math.inf  # Epochs of a contestant that could go on for ever.


class StopTraining(Exception):  # noqa: N818  (no error: it is how a step's callback ends an epoch early)
    """Raised by a callback that has seen enough steps."""


class Contestant(Protocol):
    """A training that can be run epoch by epoch and then asked for codes and reconstructions."""

    batch_size: int
    precision: str
    """Of its matrix products."""
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


class Project:
    """This project's own `Trainer`."""

    def __init__(self, folder: Path, **changes: object) -> None:
        """As params.yaml says, but for the changes to its `train` section."""
        self.config = run_config(**changes)
        self.batch_size = self.config.train.batch_size
        self.cycle = self.config.train.regularization_interval
        self.epochs: float = self.config.train.epochs
        self.trainer = Trainer(self.config, torch.from_numpy(mnist.read(folder, "train")[0].copy()))
        self.precision = self.trainer.precision

    def run_epoch(self, on_step: OnStep) -> None:
        """One epoch; `on_step` is called after each step."""
        self.trainer.run_epoch(lambda losses: on_step())

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """Codes, (n, 2), of images (n, 784)."""
        return self.trainer.autoencoder.encode(x, named_generator(self.config.seed, "benchmark"))

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """Images, (n, 784), of codes (n, 2)."""
        return self.trainer.autoencoder.decode(z)


def run_config(**changes: object) -> RunConfig:
    """The base run of params.yaml, but for the changes to its `train` and `model` sections."""
    params = parse_params((ROOT / "params.yaml").read_text(encoding="utf-8"))
    units = {key: changes.pop(key) for key in ("hidden_units",) if key in changes}
    return RunConfig(
        encoder=params.encoder,
        prior=params.prior,
        seed=params.seed,
        model=params.model.model_copy(update=units),
        train=params.train.model_copy(update=changes),
    )


def read_images(folder: Path, split: str) -> torch.Tensor:
    """Images in [0, 1], float32, (n, 784)."""
    return torch.from_numpy(mnist.read(folder, split)[0].copy()).float() / 255


def make_contestant(name: str, folder: Path) -> Contestant:
    """The contestant of that name, with the IDX files in `folder`.

    A peer's module is imported for that peer alone, lest it count as the others' memory.
    """
    prepare_process()  # As the project's train stage does; its peers profit as well.
    match name:
        case "this project":
            return Project(folder)
        case "this project, early":
            return Project(folder, recall_start=1.0)
        case "this project, early, float32":
            return Project(folder, recall_start=1.0, precision="float32")
        case "this project, late":
            return Project(folder, recall_start=0.0)
        case "this project, like for like":
            return Project(
                folder, batch_size=100, regularization_interval=1, input_dropout=0.0, precision="float32"
            )
        case "plain loop":
            from peer_plain import PlainLoop

            return PlainLoop(folder)
        case "pythae" | "pythae, sampling":
            from peer_pythae import Pythae

            return Pythae(folder, deterministic=name == "pythae")
        case _:
            raise ValueError(f"no contestant {name!r}")
