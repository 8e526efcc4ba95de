"""The one evaluation path: a trained autoencoder and labelled images in, codes and numbers out."""

from typing import Any

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F

from aae import fit
from aae.config import RunConfig
from aae.models import Autoencoder
from aae.priors import PRIORS, Gaussian, Prior
from aae.randomness import named_generator
from aae.scorecard import Null, measure, score

REFERENCE = Gaussian()  # What a code without a prior is held against: N(0, I).


def reference_prior(config: RunConfig) -> Prior:
    """The run's prior or, for a run without one, N(0, I)."""
    return PRIORS[config.prior] or REFERENCE


def encode_holdout(config: RunConfig, autoencoder: Autoencoder, x: torch.Tensor) -> np.ndarray:
    """Sampled codes, (n, 2): the same whenever asked for, with noise that depends on the seed alone."""
    return autoencoder.encode(x, named_generator(config.seed, "hold-out codes")).numpy()


def reconstruction_error(autoencoder: Autoencoder, z: np.ndarray, x: torch.Tensor) -> float:
    """Mean squared error per pixel, pixels in [0, 1], of the images decoded from their codes."""
    return F.mse_loss(autoencoder.decode(torch.from_numpy(z)), x.cpu()).item()


def evaluate(
    config: RunConfig,
    autoencoder: Autoencoder,
    x: torch.Tensor,
    y: np.ndarray,
    null: Null,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Encode the hold-out images and measure the codes.

    Args:
        config: the run's settings.
        autoencoder: its trained networks.
        x: hold-out images in [0, 1], (n, 784).
        y: their labels, (n,).
        null: the bands for n codes and the run's `reference_prior`.

    Returns:
        The codes, columns label, z1, z2 (sampled) and mean1, mean2; and the metrics.
    """
    z = encode_holdout(config, autoencoder, x)
    mean = autoencoder.encode_mean(x, named_generator(config.seed, "hold-out means")).numpy()
    codes = pd.DataFrame({"label": y, "z1": z[:, 0], "z2": z[:, 1], "mean1": mean[:, 0], "mean2": mean[:, 1]})
    prior = reference_prior(config)
    covariance = np.cov(z.astype(np.float64), rowvar=False)
    centre = z.mean(0, dtype=np.float64)
    codes_score = score(z, prior, null)
    metrics = {
        "reconstruction_error": reconstruction_error(autoencoder, z, x),
        "neighbour_accuracy": fit.neighbour_accuracy(z, y),
        "codes": codes_score,
        # A deterministic encoder's codes are their means, and need no second measuring.
        "means": codes_score["raw"] if np.array_equal(mean, z) else measure(mean, prior),
        "null": null,
        "code_mean": {"z1": centre[0], "z2": centre[1]},
        "code_covariance": {
            "z1z1": covariance[0, 0],
            "z1z2": covariance[0, 1],
            "z2z2": covariance[1, 1],
        },
    }
    return codes, metrics


def evaluate_training(
    config: RunConfig, autoencoder: Autoencoder, x: torch.Tensor, z: np.ndarray
) -> dict[str, float]:
    """The fit of training codes, and how far they are from the hold-out codes.

    Args:
        config: the run's settings.
        autoencoder: its trained networks.
        x: training images in [0, 1], (m, 784).
        z: hold-out codes, (n, 2), n <= m.

    Returns:
        Every measure of the first n training codes, and "shift": the sliced W2 between the hold-out
        codes and all training codes, which is misfit that no training can remove.
    """
    prior = reference_prior(config)
    z_train = autoencoder.encode(x, named_generator(config.seed, "train codes")).numpy()
    return {**measure(z_train[: len(z)], prior), "shift": fit.sliced_w2_between(z, z_train, prior.std)}


def percentile_grid(config: RunConfig, autoencoder: Autoencoder, x: torch.Tensor, size: int) -> np.ndarray:
    """Images decoded from an even grid of percentiles along each dimension of z (paper, Figure 2e).

    With a prior the percentiles are its own: its inverse CDF at the middles of `size` equal steps
    of (0, 1). Without one there is no p(z) to take percentiles of, so they are those of the codes
    themselves, dimension by dimension.

    Args:
        config: the run's settings.
        autoencoder: its trained networks.
        x: hold-out images in [0, 1], (n, 784), whose codes stand in for a missing prior.
        size: images along each side.

    Returns:
        Pixels in (0, 1), (size, size, 784); z1 grows along the second axis, z2 along the first.
    """
    u = (np.arange(size) + 0.5) / size
    prior = PRIORS[config.prior]
    if prior is None:
        z = encode_holdout(config, autoencoder, x)
        percentiles = np.quantile(z.astype(np.float64), u, axis=0)
    else:
        percentiles = prior.quantile(np.stack([u, u], axis=-1))
    z1, z2 = np.meshgrid(percentiles[:, 0], percentiles[:, 1])
    grid = torch.from_numpy(np.stack([z1, z2], axis=-1).reshape(-1, 2).astype(np.float32))
    return autoencoder.decode(grid).numpy().reshape(size, size, -1)
