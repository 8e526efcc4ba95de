"""Images and labels of a run: which ones it learns from, and on which it is evaluated."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from aae.data import idx
from aae.data.datasets import UNLABELLED
from aae.settings.config import RunConfig
from aae.system.errors import UserError

HELD_OUT = 6  # The last sixth of the training images is the validation set: 10,000 of 60,000.


@dataclass(frozen=True)
class Images:
    """Data that a run learns from and is evaluated on. Images are bytes."""

    x: np.ndarray
    """Training images, (n, height, width)."""
    y: np.ndarray
    """Their labels, or `UNLABELLED`, int64, (n,)."""
    y_known: np.ndarray
    """All of their labels, (n,): for measures, whatever the run is told."""
    total: int
    """Training images that the data set has: as many as an epoch passes over, whatever n is."""
    x_evaluation: np.ndarray
    """Test images or, for `data.validation`, validation images, (m, height, width)."""
    y_evaluation: np.ndarray
    """Their labels, (m,)."""
    x_validation: np.ndarray
    """The last sixth of the training images, on which recipes and bandwidths are chosen."""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all of it."""
        digest = hashlib.sha256(str(self.total).encode())
        for array in (self.x, self.y, self.x_evaluation, self.y_evaluation, self.x_validation):
            digest.update(f"{array.dtype} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()


def read_images(folder: Path, config: RunConfig) -> Images:
    """The images of a run.

    Args:
        folder: holds a folder of four IDX files for each data set, by its name.
        config: the run's settings.

    Raises:
        UserError: more images or labels are asked for than there are.
    """
    data = config.data
    x, y = idx.read(folder / data.name, "train")
    first = len(x) - len(x) // HELD_OUT  # Of the validation set.
    there = first if data.validation else len(x)
    n = there if data.images == "all" else data.images
    if n > there:
        raise UserError(f"params.yaml: data.images: {n} is more than the {there} training images")
    y_known = y[:n].astype(np.int64)
    told = _told(y_known, config.labels)
    evaluation = (x[first:], y[first:]) if data.validation else idx.read(folder / data.name, "t10k")
    return Images(x[:n], told, y_known, len(x), *evaluation, x[first:])


def to_unit(x: np.ndarray) -> np.ndarray:
    """Bytes as numbers in [0, 1], float32."""
    return x.astype(np.float32) / 255


def _told(y: np.ndarray, labels: int) -> np.ndarray:
    """The first so many labels, and `UNLABELLED` for the others; all of them where none is asked for."""
    if labels > len(y):
        raise UserError(f"params.yaml: labels: {labels} is more than the {len(y)} training images")
    told = y.copy()
    if labels:
        told[labels:] = UNLABELLED
    return told
