"""Priors p(z) over the plane of codes: one class each.

To add one: write a class with the methods of `Prior`, enter it in `PRIORS`, and add its name to
`aae.config.PriorName`. Training, fit and figures need nothing more.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy import special

if TYPE_CHECKING:
    import torch

CODE_DIM = 2  # The figures show the plane of codes, as the paper's Figure 2 does.
FIXED_SAMPLE = 200_000  # Draws, at least, that stand for a prior whose projections have no closed form.


class Prior(Protocol):
    """A distribution over codes z in the plane. Subclasses give all but `projected_cells`."""

    @property
    def std(self) -> float:
        """Standard deviation of each coordinate: the unit in which misfit is measured."""

    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """Independent draws, float32 on the CPU, of shape (n, 2)."""

    def log_density(self, z: np.ndarray) -> np.ndarray:
        """Ln p(z) in nats: (..., 2) -> (...)."""

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Inverse CDF of each coordinate: percentiles u in (0, 1), of shape (..., 2) -> (..., 2)."""

    def projected_cells(self, angle: float, n: int) -> tuple[np.ndarray, float]:
        """The projection of p(z) on the direction `angle` (radians), cut into n cells of equal mass.

        From a large sample, the same for every angle; a prior that knows its projections' quantiles
        is exact instead.

        Returns:
            The cells' means, ascending, of shape (n,), and the mean variance inside the cells.
        """
        # Priors are frozen dataclasses, which have a hash; a protocol cannot say so.
        return _cells_of_fixed_sample(self, angle, n)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Gaussian(Prior):
    """N(0, std^2 I) in the plane; with std = 1 the prior of Figure 2A."""

    std: float = 1.0

    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """Independent draws, float32 on the CPU, of shape (n, 2)."""
        # Imported here because plot-2A draws contours and needs no torch, whose import takes seconds.
        import torch

        return self.std * torch.randn(n, CODE_DIM, generator=generator)

    def log_density(self, z: np.ndarray) -> np.ndarray:
        """Ln p(z) in nats: (..., 2) -> (...)."""
        return -0.5 * ((z / self.std) ** 2).sum(-1) - np.log(2 * np.pi * self.std**2)

    def quantile(self, u: np.ndarray) -> np.ndarray:
        """Inverse CDF of each coordinate (the "Gaussian percentiles" of Figure 2E)."""
        return self.std * special.ndtri(u)

    def projected_cells(self, angle: float, n: int) -> tuple[np.ndarray, float]:
        """Means of, and mean variance in, n cells of equal mass; the same for every angle.

        Any projection of N(0, std^2 I) is N(0, std^2).
        """
        means = _standard_normal_cells(n)
        return self.std * means, float(self.std**2 * (1 - np.mean(means**2)))


@functools.lru_cache(maxsize=64)  # The null band asks for the same angles hundreds of times.
def _cells_of_fixed_sample(prior: Prior, angle: float, n: int) -> tuple[np.ndarray, float]:
    from aae.randomness import named_generator  # Imports torch: see `Gaussian.sample`.

    draws = n * -(-FIXED_SAMPLE // n)
    z = prior.sample(draws, named_generator(0, "fixed sample")).numpy().astype(np.float64)
    cells = np.sort(z @ [np.cos(angle), np.sin(angle)]).reshape(n, -1)
    return cells.mean(1), float(cells.var(1).mean())


@functools.cache  # The same for every angle and for each of the null band's hundreds of samples.
def _standard_normal_cells(n: int) -> np.ndarray:
    """Means of n cells of equal mass of N(0, 1): n (phi(a) - phi(b)) between the quantiles a and b."""
    edges = special.ndtri(np.arange(n + 1) / n)
    density = np.exp(-0.5 * edges**2) / np.sqrt(2 * np.pi)
    return (density[:-1] - density[1:]) * n


PRIORS: dict[str, Prior | None] = {
    "gaussian": Gaussian(),
    # The same autoencoder without a discriminator: nothing draws its codes anywhere.
    "none": None,
}
