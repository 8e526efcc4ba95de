"""The paper's networks: two hidden layers of ReLU units each (appendix A.1)."""

import math

import torch
from torch import nn

from aae.model.architectures.base import Architecture
from aae.model.perceptron import perceptron


class Perceptrons(Architecture):
    """Encoder and decoder see an image as a vector of pixels."""

    def encoder(self, outputs: int, noise: int, generator: torch.Generator) -> nn.Module:
        """A perceptron of pixels and noise."""
        return OfImages(*perceptron(math.prod(self.shape) + noise, outputs, self.settings, generator))

    def decoder(self, generator: torch.Generator) -> nn.Module:
        """A perceptron whose outputs are put in rows."""
        layers = perceptron(self.settings.code_dim, math.prod(self.shape), self.settings, generator)
        return nn.Sequential(*layers, nn.Unflatten(1, self.shape))


class OfImages(nn.Sequential):
    """Layers that take an image and noise as one vector."""

    def forward(  # type: ignore[override]
        self, x: torch.Tensor, noise: torch.Tensor | None
    ) -> torch.Tensor:
        """(batch, height, width) and (batch, noise) -> (batch, outputs)."""
        x = x.flatten(1)
        return super().forward(x if noise is None else torch.cat([x, noise], dim=1))
