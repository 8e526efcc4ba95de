"""A trained encoder and decoder in NumPy: PyTorch takes seconds to import, and a picture needs none of it."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from aae.pretrained.arrays import as_images, as_numbers
from aae.system import artifacts
from aae.system.errors import UserError

NOTES = "about"  # The one key of the file's metadata: of several the order would not repeat.
BATCH = 1000  # Images at a time: bounds memory.
FARTHEST = 1e6  # Of a code's coordinates, in the prior's standard deviations; beyond, float32 could overflow.


class Layer(NamedTuple):
    """A linear layer."""

    weight: np.ndarray
    """(outputs, inputs), float16, or float32 where these are few."""
    bias: np.ndarray
    """(outputs,), float32."""


@dataclass(frozen=True)
class Network:
    """Encoder and decoder of a run: perceptrons with ReLU units.

    Of a random encoder it has the mean, or for a universal one the code without noise.
    """

    encoder: Sequence[Layer] = field(repr=False)
    decoder: Sequence[Layer] = field(repr=False)
    shape: tuple[int, int]
    """Height and width of the images."""
    title: str
    """Title of the run: its encoder and prior."""
    prior: str
    """Name of the prior that the codes were drawn to."""
    prior_std: float
    run: str
    """Key of the training run."""

    @property
    def dim(self) -> int:
        """Dimensions of a code."""
        return len(self.encoder[-1].bias)

    def encode(self, images: ArrayLike) -> np.ndarray:
        """Codes of images.

        Args:
            images: numbers from 0 to 1 or from 0 to 255, (n, height, width), or as `as_images` takes them;
                digits are light on a dark ground.

        Returns:
            (n, dim), float32; of one image n is 1.

        Raises:
            UserError: images of another shape, or other numbers.
        """
        x = as_images(images, self.shape)
        if x.shape[1:] != self.shape:
            height, width = self.shape
            raise UserError(f"expected images of {height} x {width} pixels, found shape {x.shape}")
        return _through(self.encoder, x.reshape(len(x), math.prod(self.shape)))

    def decode(self, z: ArrayLike) -> np.ndarray:
        """Images of codes.

        Args:
            z: (n, dim), or one code, (dim,).

        Returns:
            Pixels in (0, 1), (n, height, width), float32; of one code n is 1.

        Raises:
            UserError: codes of another number of dimensions, not finite, or unheard-of far out.
        """
        codes = as_numbers(z).astype(np.float64)
        if codes.shape == (self.dim,):
            codes = codes[None]
        if codes.ndim != 2 or codes.shape[1] != self.dim:
            hint = "; did you mean codes.T?" if codes.ndim == 2 and len(codes) == self.dim else ""
            raise UserError(f"expected codes of shape (n, {self.dim}), found {codes.shape}{hint}")
        distances, farthest = np.abs(codes).max(axis=1), FARTHEST * self.prior_std
        far = np.flatnonzero(~(distances <= farthest))  # NaN is far.
        if len(far):
            raise UserError(
                f"code {far[0] + 1} has a coordinate of size {distances[far[0]]:.3g}; allowed: up to "
                f"{farthest:g}"
            )
        codes = codes.astype(np.float32)
        # Not 1 / (1 + exp(-logit)), which overflows.
        return 0.5 + 0.5 * np.tanh(0.5 * _through(self.decoder, codes).reshape(-1, *self.shape))

    def save(self, path: Path) -> None:
        """Write the file that `load` reads."""
        layers = {"encoder": self.encoder, "decoder": self.decoder}
        arrays = {
            f"{name}.{place}.{part}": array
            for name, network in layers.items()
            for place, layer in enumerate(network)
            for part, array in layer._asdict().items()
        }
        notes = {
            "shape": self.shape, "title": self.title, "prior": self.prior, "prior_std": self.prior_std,
            "run": self.run,
        }  # fmt: skip
        artifacts.save_arrays(arrays, path, {NOTES: json.dumps(notes)})


def load(path: Path) -> Network:
    """Read what `Network.save` wrote.

    Raises:
        UserError: the file is missing or damaged.
    """
    arrays = artifacts.load_arrays(path)
    notes = artifacts.read(path, lambda: json.loads(artifacts.load_notes(path).get(NOTES, "")))
    of: dict[str, list[Layer]] = {"encoder": [], "decoder": []}
    for name, layers in of.items():
        while f"{name}.{len(layers)}.weight" in arrays:
            start = f"{name}.{len(layers)}"
            layers.append(Layer(arrays[f"{start}.weight"], arrays[f"{start}.bias"]))
    height, width = notes.pop("shape")
    return Network(of["encoder"], of["decoder"], (height, width), **notes)


def _through(layers: Sequence[Layer], x: np.ndarray) -> np.ndarray:
    """Outputs of layers with ReLU units between them, (n, inputs) -> (n, outputs), float32."""
    weights = [layer.weight.astype(np.float32).T for layer in layers]
    parts = []
    for start in range(0, max(len(x), 1), BATCH):
        h = x[start : start + BATCH]
        for place, (weight, layer) in enumerate(zip(weights, layers, strict=True)):
            h = h @ weight + layer.bias
            if place + 1 < len(layers):
                np.maximum(h, 0, out=h)
        parts.append(h)
    return np.concatenate(parts)
