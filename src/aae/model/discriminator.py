"""The discriminator (paper, appendix A.1), and cosines of codes that it may see beside them."""

import math

import torch
import torch.nn.functional as F
from torch import nn

from aae.model.perceptron import perceptron
from aae.model.randomness import named_generator
from aae.settings.config import RunConfig


def make_discriminator(config: RunConfig, classes: int) -> nn.Sequential:
    """A run's discriminator with fresh weights: (n, code_dim + classes) -> logits, (n, 1).

    Args:
        config: the run's settings.
        classes: columns beside a code, for its label; 0 if the discriminator sees none.
    """
    model = config.model
    weights = named_generator(config.seed, "discriminator weights")
    layers = perceptron(model.code_dim + classes + model.fourier_features, 1, model, weights)
    if not model.fourier_features:
        return layers
    generator = named_generator(config.seed, "Fourier features")
    features = FourierFeatures(
        model.fourier_features, model.code_dim, model.fourier_frequency, model.prior_std, generator
    )
    return nn.Sequential(features, *layers)


class FourierFeatures(nn.Module):
    """Puts cos(w z + b) beside codes z, for random frequencies w and phases b; not in the paper.

    A network of ReLU units learns what varies slowly first (Rahaman et al. 2019, arXiv:1806.08734), and may
    never see fine structure of q(z). From cosines that vary as fast as that structure it can (Tancik et al.
    2020, arXiv:2006.10739).
    """

    frequencies: torch.Tensor
    phases: torch.Tensor

    def __init__(self, count: int, dim: int, highest: float, std: float, generator: torch.Generator) -> None:
        """Fixed frequencies and phases.

        Args:
            count: of the cosines.
            dim: dimensions of a code; directions of w are uniform in them.
            highest: angular frequency, in radians a standard deviation of the prior; lengths of w are
                log-uniform from 1 to it.
            std: the prior's standard deviation.
            generator: of both.
        """
        super().__init__()
        directions = F.normalize(torch.randn(count, dim, generator=generator))
        lengths = highest ** torch.rand(count, 1, generator=generator) / std
        self.register_buffer("frequencies", directions * lengths)
        self.register_buffer("phases", 2 * math.pi * torch.rand(count, generator=generator))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """(n, dim and columns that stay as they are) -> (n, as many and the cosines)."""
        z = inputs[:, : self.frequencies.shape[1]]
        # Always float32: bfloat16 would round an angle of 60 radians by a quarter.
        with torch.autocast(z.device.type, enabled=False):
            angles = F.linear(z, self.frequencies, self.phases)
        return torch.cat([inputs, angles.cos()], dim=1)
