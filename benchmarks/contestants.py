"""Contestants that are compared: each trains the same three networks on the same images.

Encoder, decoder and discriminator of two hidden layers of 1000 ReLU units, a code of 2 dimensions,
60,000 images. What differs is the loop about them.
"""

from pathlib import Path

import torch

from aae.data.datasets import SHAPE
from aae.data.images import read_images
from aae.model.devices import resolve
from aae.model.numerics import prepare_process
from aae.model.randomness import named_generator
from aae.model.trainer import Trainer
from aae.settings.config import RunConfig
from aae.settings.params import parse_params
from contestant import Contestant, OnStep

ROOT = Path(__file__).resolve().parents[1]


class Project:
    """This project's own `Trainer`."""

    def __init__(self, folder: Path, **changes: object) -> None:
        """As params.yaml says, but for the changes to its `train` section."""
        self.config = run_config(**changes)
        self.batch_size = self.config.train.batch_size
        # Steps of two kinds may alternate, and the first ones fill the code buffer.
        self.cycle = self.config.train.regularization_interval * self.config.train.code_buffer
        self.epochs: float = self.config.train.epochs
        images = read_images(folder.parent, self.config)
        x = torch.tensor(images.x, device=self.config.train.device)
        self.trainer = Trainer(self.config, x, torch.from_numpy(images.y), images.total)
        self.precision: str = self.config.train.precision

    def run_epoch(self, on_step: OnStep) -> None:
        """One epoch; `on_step` is called after each step."""
        self.trainer.run_epoch(on_step)

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """Codes, (n, 2), of images (n, 784)."""
        return self.trainer.autoencoder.encode(
            x.unflatten(1, SHAPE), named_generator(self.config.seed, "benchmark")
        )

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """Images, (n, 784), of codes (n, 2)."""
        return self.trainer.autoencoder.decode(z).flatten(1)


def run_config(**changes: object) -> RunConfig:
    """The base run of params.yaml, but for the changes to its `train` section."""
    config = parse_params((ROOT / "params.yaml").read_text(encoding="utf-8")).base()
    train = config.train.model_copy(update={"device": "cpu", **changes})
    return resolve(config.model_copy(update={"train": train}))


def make_contestant(name: str, folder: Path, device: str = "cpu") -> Contestant:
    """The contestant of that name, with the IDX files in `folder`; peers on a device, the project on the CPU.

    A peer's module is imported for that peer alone, so that it does not count as the others' memory.
    """
    prepare_process(run_config().train)  # As the project's train stage does; its peers profit as well.
    match name:
        case "this project":
            return Project(folder)
        case "this project, early":
            return Project(folder, code_buffer=1)
        case "this project, early, float32":
            return Project(folder, code_buffer=1, precision="float32")
        case "this project, late":
            return Project(folder, refinement_start=0.0)
        case "this project, late, float32":
            return Project(folder, refinement_start=0.0, precision="float32")
        case "this project, like for like":
            # A constant weight, as theirs.
            weights = {"adversarial_weight_start": 0.0125, "adversarial_weight": 0.0125}
            changes = {"code_buffer": 1, **weights}
            return Project(folder, batch_size=100, precision="float32", **changes)
        case "plain loop":
            from peer_plain import PlainLoop

            return PlainLoop(folder, device)
        case "pythae":
            from peer_pythae import Pythae

            return Pythae(folder, device)
        case _:
            raise ValueError(f"no contestant {name!r}")
