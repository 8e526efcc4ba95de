"""The deterministic encoder."""

import torch

from aae.model.encoders.base import Codes, Encoder


class DeterministicEncoder(Encoder):
    """z = f(x): q(z) has no randomness but the data's. The paper uses this one throughout."""

    def forward(self, x: torch.Tensor, noise: torch.Tensor | None) -> Codes:
        """f(x)."""
        return Codes(self.net(x, None))
