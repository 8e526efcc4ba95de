"""A finished training and the images, as the stages after it need them."""

from pathlib import Path

import _stage  # noqa: F401  (puts the library on the path)

import numpy as np
import torch

from aae import artifacts, mnist
from aae.config import RunConfig
from aae.errors import UserError
from aae.models import Autoencoder


def read_images(folder: Path, split: str) -> tuple[torch.Tensor, np.ndarray]:
    """Images in [0, 1], float32, (n, 784), and their labels (n,)."""
    x, y = mnist.read(folder, split)
    return torch.from_numpy(x.copy()).float() / 255, y


def read_run(folder: Path) -> tuple[RunConfig, Autoencoder]:
    """The settings and the trained networks of the run in `folder`."""
    config = artifacts.load_config(folder / "config.json")
    autoencoder = Autoencoder(config.encoder, config.model.hidden_units, config.seed)
    weights = folder / "weights.safetensors"
    try:
        autoencoder.load_state_dict(artifacts.load_tensors(weights))
    except RuntimeError:  # torch's own message is many lines long.
        raise UserError(f"{weights} are not of the networks in {folder / 'config.json'}") from None
    return config, autoencoder
