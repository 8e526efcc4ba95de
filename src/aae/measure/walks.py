"""Walks that Figure 3 decodes: one along each component of the prior."""

import numpy as np
import torch

from aae.model.networks import Autoencoder
from aae.model.parts import run_prior
from aae.settings.config import RunConfig


def component_walks(config: RunConfig, autoencoder: Autoencoder, columns: int) -> np.ndarray:
    """Images decoded along the middle of each component of the prior (paper, Figure 3).

    The first percentile goes through the components one after another: along a Gaussian's long axis,
    or along a tenth of the swiss roll. The second is 50%.

    Args:
        config: the run's settings; its prior has components.
        autoencoder: its trained networks.
        columns: images a component, at the middles of equal steps of its mass.

    Returns:
        Pixels in (0, 1), (components, columns, height, width).
    """
    prior = run_prior(config)
    steps = prior.components * columns
    u = np.stack([(np.arange(steps) + 0.5) / steps, np.full(steps, 0.5)], axis=-1)
    z = torch.from_numpy(prior.from_uniform(u).astype(np.float32))
    return autoencoder.decode(z).numpy().reshape(prior.components, columns, *autoencoder.shape)
