"""Interface that training asks of an encoder q(z|x)."""

from typing import NamedTuple

import torch
from torch import nn

from aae.model.architectures.base import Architecture
from aae.settings.config import ModelSettings


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

    noise = 0
    """Numbers that its network takes beside an image."""

    def __init__(
        self, settings: ModelSettings, architecture: Architecture, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.settings = settings
        self.net = architecture.encoder(self.outputs(settings), self.noise, generator)

    @staticmethod
    def outputs(settings: ModelSettings) -> int:
        """Numbers that its network gives for an image."""
        return settings.code_dim

    def draw_noise(self, n: int, generator: torch.Generator) -> torch.Tensor | None:
        """The randomness of n codes, on the CPU, (n, ...); None where there is none."""
        return None

    def forward(self, x: torch.Tensor, noise: torch.Tensor | None) -> Codes:
        """One code for each image, (batch, height, width), with what `draw_noise` gave."""
        raise NotImplementedError
