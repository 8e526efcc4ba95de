"""What training asks of an encoder q(z|x)."""

from typing import NamedTuple

import torch
from torch import nn

from aae.model.perceptron import perceptron
from aae.settings.config import ModelSettings

PIXELS = 28 * 28


class Codes(NamedTuple):
    """Codes of some images, and q(z|x) where it is a Gaussian."""

    z: torch.Tensor
    """A sample of q(z|x) for each image, (batch, code_dim)."""
    mean: torch.Tensor | None = None
    """Mean of q(z|x), (batch, code_dim)."""
    std: torch.Tensor | None = None
    """Standard deviation of q(z|x), (batch, code_dim)."""


class Encoder(nn.Module):
    """q(z|x). Subclasses say how a code is drawn; what is random about it they draw apart."""

    inputs = PIXELS
    outputs_a_dimension = 1

    def __init__(self, settings: ModelSettings, generator: torch.Generator) -> None:
        super().__init__()
        self.settings = settings
        self.net = perceptron(self.inputs, self.outputs_a_dimension * settings.code_dim, settings, generator)

    def draw_noise(self, n: int, generator: torch.Generator) -> torch.Tensor | None:
        """The randomness of n codes, on the CPU, (n, ...); None where there is none."""
        return None

    def forward(self, x: torch.Tensor, noise: torch.Tensor | None) -> Codes:
        """One code for each image, (batch, 784), with what `draw_noise` gave."""
        raise NotImplementedError
