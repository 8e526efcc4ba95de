"""Differences of two known densities in the plane: sums over a fine grid, as oracles for estimates."""

from typing import NamedTuple

import numpy as np

from aae.model.priors.base import Prior

STEP = 0.02


class Misfit(NamedTuple):
    """Misfit of q to p, both in the plane."""

    kl: float
    """KL(q || p) in nats, of q where p > 0."""
    jensen_shannon: float
    """In nats."""
    total_variation: float
    below_half: float
    """Share of p where q / p is below 1/2."""
    below_quarter: float


def plane(reach: float = 6.0) -> np.ndarray:
    """The middles of the cells of a grid, (side, side, 2)."""
    axis = np.arange(-reach + STEP / 2, reach, STEP)
    return np.stack(np.meshgrid(axis, axis), axis=-1)


def misfit(q: np.ndarray, p: np.ndarray) -> Misfit:
    """Misfit of densities on `plane`."""
    q, p = q.ravel() * STEP**2, p.ravel() * STEP**2
    with np.errstate(divide="ignore"):
        log_q, log_p = np.log(q), np.log(p)
    log_middle = np.logaddexp(log_q, log_p) - np.log(2)
    inside = (p > 0) & (q > 0)
    mass = q[inside].sum()
    kl = np.sum(q[inside] / mass * (log_q[inside] - np.log(mass) - log_p[inside]))
    halves = [
        np.sum(each[there] * (log_each[there] - log_middle[there]))
        for each, log_each, there in ((q, log_q, q > 0), (p, log_p, p > 0))
    ]
    return Misfit(
        kl=float(kl),
        jensen_shannon=float(sum(halves) / 2),
        total_variation=float(np.abs(q - p).sum() / 2),
        below_half=float(p[q < p / 2].sum()),
        below_quarter=float(p[q < p / 4].sum()),
    )


def misfit_of(q: Prior, p: Prior) -> Misfit:
    """Misfit of one prior's samples held against another."""
    z = plane()
    return misfit(np.exp(q.log_density(z)), np.exp(p.log_density(z)))
