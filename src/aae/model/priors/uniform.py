"""The uniform prior."""

import numpy as np

from aae.model.priors.base import Prior


class Uniform(Prior):
    """Uniform on a cube about the origin whose edges give each coordinate the variance std^2."""

    name = "uniform"
    contour_masses = (1.0,)
    positive_density = False

    @property
    def _half(self) -> float:
        return float(np.sqrt(3) * self.std)

    @property
    def description(self) -> str:
        """The interval of each coordinate."""
        return f"U[-{self._half:.3g}, {self._half:.3g}]" + ("²" if self.dim == 2 else f"^{self.dim}")

    @property
    def mean(self) -> np.ndarray:
        """The origin."""
        return np.zeros(self.dim)

    @property
    def covariance(self) -> np.ndarray:
        """std^2 I."""
        return self.std**2 * np.eye(self.dim)

    def log_density(self, z: np.ndarray) -> np.ndarray:
        """Ln p(z) in nats, (..., dim) -> (...): minus infinity outside."""
        inside = (np.abs(z) <= self._half).all(-1)
        return np.where(inside, -self.dim * np.log(2 * self._half), -np.inf)

    def to_uniform(self, z: np.ndarray) -> np.ndarray:
        """Each coordinate's percentile."""
        return np.clip((z / self._half + 1) / 2, 0, 1)

    def from_uniform(self, u: np.ndarray) -> np.ndarray:
        """The inverse CDF of each coordinate."""
        return self._half * (2 * u - 1)
