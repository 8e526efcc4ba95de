"""The mixture of Gaussians of the paper's Figure 2B."""

import sys
from typing import Any

import numpy as np
from scipy import special

from aae.model.priors.base import Prior


class Mixture(Prior):
    """Ten elongated Gaussians of equal weight in a ring, their long axes along the radii (Figure 2B).

    The percentiles are those of the component (the first coordinate holds its number, then the place
    along its long axis) and of the place along its short axis. They ignore that components overlap,
    which concerns 0.02% of the mass: a code counts as of the component where its density is highest.
    """

    name = "mixture"
    coordinates = ("component and place along it", "place across the component")
    components = 10
    planar = True
    LONG, SHORT = 0.32, 0.06  # Standard deviations of a component where std is 1.

    def __init__(self, std: float = 1.0, dim: int = 2) -> None:
        """One of the given scale."""
        super().__init__(std, dim)
        self._axes_there: dict[tuple[str, str], list[Any]] = {}

    @property
    def description(self) -> str:
        """Number and kind of its components."""
        return "a ring of ten Gaussians"

    @property
    def covariance(self) -> np.ndarray:
        """std^2 I: half of it is (radius^2 + LONG^2 + SHORT^2) std^2."""
        return self.std**2 * np.eye(2)

    @property
    def mean(self) -> np.ndarray:
        """The centre of the ring."""
        return np.zeros(2)

    @property
    def _scales(self) -> tuple[float, float, float]:
        """Radius of the ring, and a component's two standard deviations."""
        radius = np.sqrt(2 - self.LONG**2 - self.SHORT**2)
        return self.std * float(radius), self.std * self.LONG, self.std * self.SHORT

    @property
    def _axes(self) -> np.ndarray:
        """Unit vectors along and across each component, (2, 10, 2)."""
        angle = 2 * np.pi * np.arange(self.components) / self.components
        along = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        return np.stack([along, np.stack([-along[:, 1], along[:, 0]], axis=-1)])

    def _scores(self, z: Any) -> tuple[Any, Any]:
        """Positions along and across each component's axes, in standard deviations, (..., 10) each."""
        radius, long, short = self._scales
        xp = _namespace(z)
        place = (str(z.dtype), str(z.device))
        if place not in self._axes_there:  # Copied once: a step captured in a CUDA graph may copy nothing.
            self._axes_there[place] = [
                xp.asarray(axis, dtype=z.dtype, device=z.device) for axis in self._axes
            ]
        along, across = self._axes_there[place]
        return (z @ along.T - radius) / long, z @ across.T / short

    def log_density(self, z: Any) -> Any:
        """Ln p(z) in nats, of arrays or tensors, (..., 2) -> (...)."""
        xp = _namespace(z)
        _, long, short = self._scales
        along, across = self._scores(z)
        exponents = -0.5 * (along**2 + across**2)
        largest = xp.amax(exponents, -1)
        total = xp.log(xp.exp(exponents - largest[..., None]).sum(-1)) + largest
        return total - np.log(self.components * 2 * np.pi * long * short)

    def to_uniform(self, z: np.ndarray) -> np.ndarray:
        """The component and the percentile along it, in one number, and the percentile across it."""
        along, across = self._scores(z.astype(np.float64))
        nearest = np.argmin(along**2 + across**2, axis=-1)[..., None]
        u = special.ndtr(np.stack([np.take_along_axis(t, nearest, -1)[..., 0] for t in (along, across)], -1))
        return np.stack([(nearest[..., 0] + u[..., 0]) / self.components, u[..., 1]], axis=-1)

    def from_uniform(self, u: np.ndarray) -> np.ndarray:
        """Codes of percentiles, as `to_uniform` has them."""
        radius, long, short = self._scales
        scaled = u[..., 0] * self.components
        which = np.minimum(scaled.astype(int), self.components - 1)
        # A percentile at the very border of a component would lie at infinity.
        inside = np.clip(scaled - which, 1e-16, 1 - 1e-16)
        along, across = self._axes[:, which]
        z = along * (radius + long * special.ndtri(inside))[..., None]
        return z + across * (short * special.ndtri(u[..., 1]))[..., None]


def _namespace(z: Any) -> Any:
    """The module of the array: PyTorch's has the functions used here under NumPy's names."""
    return np if isinstance(z, np.ndarray) else sys.modules["torch"]
