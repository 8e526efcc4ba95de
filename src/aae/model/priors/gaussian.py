"""The Gaussian prior."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from aae.model.priors.base import Prior

if TYPE_CHECKING:
    import torch


class Gaussian(Prior):
    """N(0, std^2 I); in the plane with std = 1 the prior of Figure 2A."""

    name = "gaussian"

    @property
    def description(self) -> str:
        """N(0, I), or with its standard deviation."""
        return "N(0, I)" if self.std == 1 else f"N(0, {self.std:g}² I)"

    @property
    def mean(self) -> np.ndarray:
        """The origin."""
        return np.zeros(self.dim)

    @property
    def covariance(self) -> np.ndarray:
        """std^2 I."""
        return self.std**2 * np.eye(self.dim)

    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """Independent samples, float32 on the CPU, (n, dim)."""
        import torch

        return self.std * torch.randn(n, self.dim, generator=generator)

    def log_density(self, z: Any) -> Any:
        """Ln p(z) in nats, of arrays or tensors, (..., dim) -> (...)."""
        return -0.5 * ((z / self.std) ** 2).sum(-1) - 0.5 * self.dim * np.log(2 * np.pi * self.std**2)

    def to_uniform(self, z: np.ndarray) -> np.ndarray:
        """Each coordinate's percentile."""
        return special.ndtr(z / self.std)

    def from_uniform(self, u: np.ndarray) -> np.ndarray:
        """The inverse CDF of each coordinate (the "Gaussian percentiles" of Figure 2E)."""
        return self.std * special.ndtri(u)

    def to_normal(self, z: np.ndarray) -> np.ndarray:
        """The codes in standard deviations."""
        return z.astype(np.float64) / self.std

    def kl_divergence(self, mean: torch.Tensor, std: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """KL(N(mean, diag std^2) || p) of each row in nats, in closed form."""
        ratio = (std / self.std) ** 2
        return 0.5 * (ratio + (mean / self.std) ** 2 - 1 - ratio.log()).sum(1)

    def contour_levels(self) -> np.ndarray:
        """Exact: the disc of the plane that holds the mass m ends at the density (1 - m) / (2 pi std^2)."""
        return np.sort(1 - np.array(self.contour_masses)) / (2 * np.pi * self.std**2)

    def projected_cells(self, direction: np.ndarray, n: int) -> tuple[np.ndarray, float]:
        """Exact, and the same for every direction: any projection is N(0, std^2)."""
        if n not in self._cache:  # n (phi(a) - phi(b)) between the quantiles a and b.
            edges = special.ndtri(np.arange(n + 1) / n)
            density = np.exp(-0.5 * edges**2) / np.sqrt(2 * np.pi)
            self._cache[n] = (density[:-1] - density[1:]) * n
        means = self._cache[n]
        return self.std * means, float(self.std**2 * (1 - np.mean(means**2)))
