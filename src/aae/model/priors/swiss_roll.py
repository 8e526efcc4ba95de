"""The swiss roll of the paper's Figure 3, whose exact coordinates take some geometry."""

import numpy as np
from scipy import special

from aae.model.priors.base import Prior

TURN = 2 * np.pi
START, END = 0.75 * TURN, 2.75 * TURN  # Angles at which the spiral begins and ends.
MARGIN = 0.5  # How far beyond the ends feet are looked for.
OFFSET = 0.06 * TURN  # Standard deviation across the spiral: 6% of the distance between turns.
STEPS = 5  # Of Newton's method.


class SwissRoll(Prior):
    """Uniform along an Archimedean spiral, Gaussian across it (Figure 3).

    With t the angle and c the spiral's pitch the curve is c t (cos t, sin t); a code is its foot on
    the curve plus an offset along the normal there. The percentiles are those of the arc length of
    the foot and of the offset. p(z) follows by change of variables; beyond the ends it is 0.
    """

    name = "swiss_roll"
    coordinates = ("arc length", "offset")
    components = 10
    positive_density = False
    planar = True

    def __init__(self, std: float = 1.0, dim: int = 2) -> None:
        """One of the given scale."""
        super().__init__(std, dim)
        self._pitch = 1.0
        self._pitch = std / float(np.sqrt(np.trace(self.covariance) / 2))
        self._cache.clear()

    @property
    def description(self) -> str:
        """Its name in words."""
        return "a swiss roll"

    def log_density(self, z: np.ndarray) -> np.ndarray:
        """Ln p(z) in nats, (..., 2) -> (...): minus infinity beyond the ends of the spiral."""
        t, offset = self._foot(z)
        # An area at the offset w along the normal is 1 - w k times that on the curve, k its curvature.
        stretch = 1 - offset * _curvature(t)
        inside = (t >= START) & (t <= END) & (stretch > 0)
        area = self._pitch**2 * TOTAL_LENGTH * np.sqrt(2 * np.pi) * OFFSET * np.where(inside, stretch, 1)
        return np.where(inside, -0.5 * (offset / OFFSET) ** 2 - np.log(area), -np.inf)

    def to_uniform(self, z: np.ndarray) -> np.ndarray:
        """Percentiles of the arc length of the foot, and of the offset."""
        t, offset = self._foot(z)
        along = (_length(t) - _length(START)) / TOTAL_LENGTH
        return np.stack([np.clip(along, 0, 1), special.ndtr(offset / OFFSET)], axis=-1)

    def from_uniform(self, u: np.ndarray) -> np.ndarray:
        """Codes of percentiles, as `to_uniform` has them."""
        lengths = _length(START) + u[..., 0] * TOTAL_LENGTH
        t = np.sqrt(2 * lengths)  # Exact far from the centre; Newton's method does the rest.
        for _ in range(STEPS):
            t = t - (_length(t) - lengths) / np.sqrt(1 + t**2)
        z = self._pitch * np.exp(1j * t) * (t + OFFSET * special.ndtri(u[..., 1]) * _normal(t))
        return np.stack([z.real, z.imag], axis=-1)

    def _foot(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Angle of the nearest point of the spiral, and the signed distance from it, in pitches."""
        z = z.astype(np.float64) / self._pitch
        plane = z[..., 0] + 1j * z[..., 1]
        angle = np.angle(plane)
        # The turn next to the code on the inside, of those that the spiral has.
        first = (START - MARGIN - angle) // TURN + 1
        last = (END + MARGIN - angle) // TURN - 1
        below = np.clip(np.floor((np.abs(plane) - angle) / TURN), first, last)
        feet, distances, offsets = [], [], []
        for turn in (below, below + 1):
            t = angle + TURN * turn
            for _ in range(STEPS):  # Along the curve to where the gap is at a right angle to it.
                gap = (plane * np.exp(-1j * t) - t) * np.conj(_normal(t))
                bend = np.maximum(1 - gap.real * _curvature(t), 0.2)
                t = np.clip(t - gap.imag / (bend * np.sqrt(1 + t**2)), START - MARGIN, END + MARGIN)
            gap = (plane * np.exp(-1j * t) - t) * np.conj(_normal(t))
            feet.append(t)
            distances.append(np.abs(gap))
            offsets.append(gap.real)
        inner = distances[0] <= distances[1]
        return np.where(inner, *feet), np.where(inner, *offsets)


# Of the spiral of pitch 1; directions are complex numbers in a plane that turns with its angle t.


def _length(t: np.ndarray | float) -> np.ndarray:
    """Arc length from the origin to the angle t."""
    return (t * np.sqrt(1 + np.square(t)) + np.arcsinh(t)) / 2


def _curvature(t: np.ndarray) -> np.ndarray:
    return (2 + t**2) / (1 + t**2) ** 1.5


def _normal(t: np.ndarray) -> np.ndarray:
    """The unit normal towards the centre: the tangent is 1 + i t, the normal i times that."""
    return (1j - t) / np.sqrt(1 + t**2)


TOTAL_LENGTH = float(_length(END) - _length(START))
