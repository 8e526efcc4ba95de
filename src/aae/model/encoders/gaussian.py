"""The Gaussian encoder, with a standard deviation that it learns or that is fixed."""

import torch
import torch.nn.functional as F

from aae.model.encoders.base import Codes, Encoder
from aae.settings.config import ModelSettings


class GaussianEncoder(Encoder):
    """z ~ N(mu(x), diag sigma(x)^2), reparametrised as mu + sigma * epsilon.

    sigma is a softplus or, with a number as `model.sigma`, that many of the prior's standard deviations.
    """

    @staticmethod
    def outputs(settings: ModelSettings) -> int:
        """A mean a dimension and, where it is learned, a standard deviation."""
        return settings.code_dim * (2 if settings.sigma == "learned" else 1)

    def draw_noise(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """Epsilon ~ N(0, I), (n, code_dim)."""
        return torch.randn(n, self.settings.code_dim, generator=generator)

    def forward(self, x: torch.Tensor, noise: torch.Tensor | None) -> Codes:
        """mu(x) + sigma(x) * epsilon."""
        assert noise is not None
        if self.settings.sigma == "learned":
            mean, raw_std = self.net(x, None).chunk(2, dim=1)
            std = F.softplus(raw_std)
        else:
            mean = self.net(x, None)
            std = torch.full_like(mean, self.settings.prior_std * float(self.settings.sigma))
        return Codes(mean + std * noise, mean, std)
