"""Content of Figure 2E: images decoded from an even grid of percentiles."""

import numpy as np
import torch

from aae.model.networks import Autoencoder
from aae.model.parts import run_prior
from aae.model.priors.base import Prior
from aae.settings.config import RunConfig


def percentile_grid(config: RunConfig, autoencoder: Autoencoder, z: np.ndarray, side: int) -> np.ndarray:
    """Images decoded from an even grid of percentiles along each dimension of z (paper, Figure 2e).

    The percentiles are the prior's own, at the middles of `side` equal steps of (0, 1).

    Args:
        config: the run's settings.
        autoencoder: its trained networks.
        z: codes of the evaluation images, (n, 2), whose percentiles stand in for a missing prior's.
        side: images along each side.

    Returns:
        Pixels in (0, 1), (side, side, height, width); the first coordinate grows along the second axis.
        None of them, (0, 0, height, width), where codes do not lie in a plane.
    """
    prior = run_prior(config)
    if prior.dim != 2:
        return np.empty((0, 0, *autoencoder.shape), np.float32)
    grid = torch.from_numpy(percentile_codes(prior, z, side).astype(np.float32))
    return autoencoder.decode(grid).numpy().reshape(side, side, *autoencoder.shape)


def percentile_codes(prior: Prior, z: np.ndarray, side: int) -> np.ndarray:
    """The codes of these images, (side * side, 2): row by row, the first coordinate grows along a row.

    Args:
        prior: whose percentiles they are.
        z: codes, (n, 2), whose percentiles stand in for a missing prior's.
        side: percentiles along each dimension.
    """
    u = (np.arange(side) + 0.5) / side
    return prior.percentiles(np.stack(np.meshgrid(u, u), axis=-1).reshape(-1, 2), z)
