"""MNIST's images and digits as tensors: which ones a run learns from, and on which it is evaluated."""

from pathlib import Path

import numpy as np
import torch

from aae.config import UNLABELLED, DataSettings, RunConfig
from aae.errors import UserError
from aae.io import mnist

HELD_OUT = 6  # The last sixth of the training images is the validation set: 10,000 of 60,000.


def read_training(folder: Path, config: RunConfig) -> tuple[torch.Tensor, torch.Tensor, int]:
    """The images that a run learns from, without the validation set where there is one.

    Args:
        folder: holds the four IDX files.
        config: how many images, and how many of these with their labels; the first ones in both cases.

    Returns:
        Images, bytes, (n, 784); digits, or `UNLABELLED`, (n,); and how many training images MNIST has.

    Raises:
        UserError: more images or labels are asked for than there are.
    """
    x, y = mnist.read(folder, "train")
    total = len(x)
    there = total - total // HELD_OUT if config.data.validation else total
    n = there if config.data.images == "all" else config.data.images
    if n > there:
        raise UserError(f"params.yaml: data.images: {n} is more than the {there} training images")
    if config.labels > n:
        raise UserError(f"params.yaml: labels: {config.labels} is more than the {n} training images")
    digits = torch.from_numpy(y[:n].astype(np.int64))
    if config.labels:
        digits[config.labels :] = UNLABELLED
    return torch.from_numpy(x[:n].copy()), digits, total


def read_evaluation(folder: Path, data: DataSettings) -> tuple[torch.Tensor, np.ndarray]:
    """The images that a run is evaluated on: the test set or, for `data.validation`, the validation set.

    Returns:
        Images in [0, 1], float32, (n, 784), and their digits, (n,).
    """
    if data.validation:
        x, y = mnist.read(folder, "train")
        x, y = x[len(x) - len(x) // HELD_OUT :], y[len(y) - len(y) // HELD_OUT :]
    else:
        x, y = mnist.read(folder, "t10k")
    return to_floats(x), y


def to_floats(x: np.ndarray) -> torch.Tensor:
    """Bytes as numbers in [0, 1], float32."""
    return torch.from_numpy(x.copy()).float() / 255
