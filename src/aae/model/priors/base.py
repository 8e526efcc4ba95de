"""Interface that training, measures and figures ask of a prior p(z) over codes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from scipy import special

from aae.system.errors import UserError

if TYPE_CHECKING:
    import torch  # Figures draw contours and need no torch, whose import takes seconds.

EDGE = special.ndtr(-3.6)  # Percentile, and distance from the other end, up to which figures show a prior.
GRID = 200  # Percentiles along each axis that are looked at for the limits of a prior.
POINTS = 200_000  # At least so many stand for a prior where it has no closed form.


class Prior(ABC):
    """A distribution over codes z.

    A subclass gives `description`, `log_density`, `to_uniform` and `from_uniform`, and scales itself
    so that its coordinates have the variance `std`^2 on average. The rest follows from these, and is
    overridden where a closed form is better.
    """

    name: ClassVar[str]
    """Name in params.yaml and in the file of null bands."""
    coordinates: ClassVar[tuple[str, str]] = ("$z_1$", "$z_2$")
    """Coordinates that the first two columns of `to_uniform` are percentiles of; Figure 2E's axes."""
    contour_masses: ClassVar[tuple[float, ...]] = (0.5, 0.9, 0.99)
    """Shares of the prior's mass that the contours in figures hold."""
    components: ClassVar[int] = 0
    """Parts of equal mass that a digit can be assigned to (Figure 3); 0 where there are none."""
    positive_density: ClassVar[bool] = True
    """Tells if p(z) > 0 everywhere, as KL(q(z|x) || p(z)) needs."""
    constrains: ClassVar[bool] = True
    """Tells if anything draws codes to it."""
    planar: ClassVar[bool] = False
    """Tells if it exists in the plane alone."""

    def __init__(self, std: float = 1.0, dim: int = 2) -> None:
        """One prior of its kind.

        Args:
            std: root mean square of the coordinates' standard deviations: the unit of misfit.
            dim: dimensions of a code.

        Raises:
            UserError: this prior exists in the plane alone, and `dim` is not 2.
        """
        if self.planar and dim != 2:
            raise UserError(f"params.yaml: model.code_dim: prior {self.name} needs 2, not {dim}")
        self.std = std
        self.dim = dim
        self._cache: dict[int, np.ndarray] = {}

    def require_plane(self, what: str) -> None:
        """Raise a UserError unless codes lie in a plane, as `what` needs."""
        if self.dim != 2:
            raise UserError(f"params.yaml: model.code_dim: {what} needs 2, not {self.dim}")

    @property
    @abstractmethod
    def description(self) -> str:
        """Name in figures, such as "N(0, I)"."""

    @property
    def mean(self) -> np.ndarray:
        """E[z], (dim,)."""
        return self._points(POINTS).mean(0)

    @property
    def covariance(self) -> np.ndarray:
        """Cov[z], (dim, dim)."""
        return np.cov(self._points(POINTS), rowvar=False)

    @abstractmethod
    def log_density(self, z: Any) -> Any:
        """Ln p(z) in nats, (..., dim) -> (...); of tensors as well where `positive_density`."""

    @abstractmethod
    def to_uniform(self, z: np.ndarray) -> np.ndarray:
        """The Rosenblatt transform, (..., dim) -> percentiles in [0, 1]: of samples it is uniform."""

    @abstractmethod
    def from_uniform(self, u: np.ndarray) -> np.ndarray:
        """Its inverse: percentiles in (0, 1), (..., dim), to codes."""

    def sample(self, n: int, generator: torch.Generator) -> torch.Tensor:
        """Independent samples, float32 on the CPU, (n, dim)."""
        return self._from_tensor(self._uniform(n, generator))

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Independent samples, float64, (n, dim), for figures: without torch, whose import takes seconds."""
        return self.from_uniform(rng.random((n, self.dim)))

    def sample_components(self, components: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """A sample of each of the given components, or of all of p(z) where one is `self.components`.

        Args:
            components: integers, (n,).
            generator: of the samples.
        """
        u = self._uniform(len(components), generator)
        first = (components + u[:, 0]) / self.components
        u[:, 0] = first.where(components < self.components, u[:, 0])
        return self._from_tensor(u)

    def component(self, z: np.ndarray) -> np.ndarray:
        """The component that a code lies in, an integer from 0: equal steps of the first percentile."""
        return np.minimum(self.to_uniform(z)[..., 0] * self.components, self.components - 1).astype(int)

    def to_normal(self, z: np.ndarray) -> np.ndarray:
        """The normal scores of codes: N(0, I) of samples, so that tests for N(0, I) serve every prior."""
        return special.ndtri(np.clip(self.to_uniform(z.astype(np.float64)), 1e-16, 1 - 1e-16))

    def percentiles(self, u: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Codes that Figure 2E decodes, at percentiles of the prior.

        Args:
            u: percentiles in (0, 1), (..., dim).
            z: codes of the evaluation images, which a prior has no need of.
        """
        return self.from_uniform(u)

    def kl_divergence(self, mean: torch.Tensor, std: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        """KL(N(mean, diag std^2) || p) of each row in nats, by one sample z of it a row (Monte Carlo)."""
        log_q = -0.5 * (((z - mean) / std) ** 2 + np.log(2 * np.pi)).sum(1) - std.log().sum(1)
        return log_q - self.log_density(z)

    def projected_cells(self, direction: np.ndarray, n: int) -> tuple[np.ndarray, float]:
        """The projection of p(z) on a unit vector, cut into n cells of equal mass.

        By default from a large set of points, the same for every direction.

        Returns:
            The cells' means, ascending, (n,), and the mean variance inside the cells.
        """
        points = self._points(n * -(-POINTS // n))
        cells = np.sort(points @ direction).reshape(n, -1)
        return cells.mean(1), float(cells.var(1).mean())

    def limits(self) -> tuple[np.ndarray, np.ndarray]:
        """Lower left and upper right corner of the part of the plane that holds nearly all of it."""
        z = self._grid(np.concatenate([[EDGE], np.linspace(0, 1, GRID)[1:-1], [1 - EDGE]]))
        return z.min(0), z.max(0)

    def contour_levels(self) -> np.ndarray:
        """The densities, ascending, whose contours hold `contour_masses`."""
        density = np.exp(self.log_density(self._points(POINTS)))
        levels = np.unique(np.quantile(density, [1 - mass for mass in self.contour_masses]))
        return levels * (1 - 1e-9)  # Just below, so that the rim of a flat density has a contour.

    def _grid(self, u: np.ndarray) -> np.ndarray:
        """Codes at a grid of percentiles of each component in the plane, (n, 2)."""
        parts = max(self.components, 1)
        first = ((np.arange(parts)[:, None] + u) / parts).ravel()
        return self.from_uniform(np.stack(np.meshgrid(first, u), axis=-1).reshape(-1, 2))

    def _points(self, n: int) -> np.ndarray:
        """Codes at n percentiles that cover (0, 1)^dim more evenly than a sample, (n, dim)."""
        if n not in self._cache:
            from scipy.stats import qmc  # Takes half a second to import.

            self._cache[n] = self.from_uniform(qmc.Halton(self.dim, rng=0).random(n))
        return self._cache[n]

    def _uniform(self, n: int, generator: torch.Generator) -> torch.Tensor:
        import torch

        return torch.rand(n, self.dim, generator=generator, dtype=torch.float64).clamp(min=2**-54)

    def _from_tensor(self, u: torch.Tensor) -> torch.Tensor:
        import torch

        return torch.from_numpy(self.from_uniform(u.numpy())).float()
