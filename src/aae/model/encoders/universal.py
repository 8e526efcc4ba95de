"""The universal approximator posterior."""

import torch

from aae.model.encoders.base import Codes, Encoder

NOISE_DIM = 10  # Dimensions of eta, its input noise.


class UniversalEncoder(Encoder):
    """z = f(x, eta), eta ~ N(0, I): the paper's universal approximator posterior."""

    noise = NOISE_DIM

    def draw_noise(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """Eta ~ N(0, I), (n, `NOISE_DIM`)."""
        return torch.randn(n, NOISE_DIM, generator=generator)

    def forward(self, x: torch.Tensor, noise: torch.Tensor | None) -> Codes:
        """f(x, eta) for one sample of eta an image."""
        assert noise is not None
        return Codes(self.net(x, noise))
