"""Interface that encoders and the autoencoder ask of an architecture."""

import torch
from torch import nn

from aae.settings.config import ModelSettings


class Architecture:
    """Makes the networks of encoder and decoder, whatever q(z|x) is, for images of one shape."""

    def __init__(self, settings: ModelSettings, shape: tuple[int, int]) -> None:
        """Nothing is made yet.

        Args:
            settings: of the networks.
            shape: height and width of the images.
        """
        self.settings = settings
        self.shape = shape

    def encoder(self, outputs: int, noise: int, generator: torch.Generator) -> nn.Module:
        """The network below q(z|x).

        Args:
            outputs: numbers that it gives for an image.
            noise: numbers that it takes beside an image; 0 for none.
            generator: of its first weights.

        Returns:
            A module of images in [0, 1], (batch, height, width), and noise, (batch, noise) or None; it
            gives (batch, outputs).
        """
        raise NotImplementedError

    def decoder(self, generator: torch.Generator) -> nn.Module:
        """The network of p(x|z): codes, (batch, code_dim), to logits of pixels, (batch, height, width)."""
        raise NotImplementedError
