"""The one evaluation path: a trained autoencoder and labelled images in, codes and numbers out."""

from dataclasses import asdict

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F

from aae import fit
from aae.config import RunConfig
from aae.models import Autoencoder
from aae.priors import PRIORS, Gaussian, Prior
from aae.randomness import named_generator

REFERENCE = Gaussian()  # What a code without a prior is held against: N(0, I).


def reference_prior(config: RunConfig) -> Prior:
    """The run's prior or, for a run without one, N(0, I)."""
    return PRIORS[config.prior] or REFERENCE


def encode_images(
    config: RunConfig, autoencoder: Autoencoder, x: torch.Tensor, name: str
) -> tuple[np.ndarray, np.ndarray]:
    """Sampled codes and mean codes, each (n, 2), with noise that depends on the seed and `name` alone."""
    z = autoencoder.encode(x, named_generator(config.seed, f"{name} codes"))
    mean = autoencoder.encode_mean(x, named_generator(config.seed, f"{name} means"))
    return z.numpy(), mean.numpy()


def reconstruction_error(autoencoder: Autoencoder, z: np.ndarray, x: torch.Tensor) -> float:
    """Mean squared error per pixel, pixels in [0, 1], of the images decoded from their codes."""
    return F.mse_loss(autoencoder.decode(torch.from_numpy(z)), x.cpu()).item()


def measure_fit(z: np.ndarray, prior: Prior, null: fit.NullBand) -> dict[str, float]:
    """Distance to the prior, the same as a multiple of the null band's mean, and after whitening."""
    distance = fit.sliced_w2(z, prior)
    return {
        "sliced_w2": distance,
        "fit_ratio": distance / null.mean,
        "sliced_w2_whitened": fit.sliced_w2(fit.whiten(z) * prior.std, prior),
    }


def evaluate(
    config: RunConfig,
    autoencoder: Autoencoder,
    x: torch.Tensor,
    y: np.ndarray,
    null: fit.NullBand,
) -> tuple[pd.DataFrame, dict[str, object]]:
    """Encode the hold-out images and measure the codes.

    Args:
        config: the run's settings.
        autoencoder: its trained networks.
        x: hold-out images in [0, 1], (n, 784).
        y: their labels, (n,).
        null: the band for n codes and the run's `reference_prior`.

    Returns:
        The codes, columns label, z1, z2 (sampled) and mean1, mean2; and the metrics.
    """
    z, mean = encode_images(config, autoencoder, x, "hold-out")
    codes = pd.DataFrame({"label": y, "z1": z[:, 0], "z2": z[:, 1], "mean1": mean[:, 0], "mean2": mean[:, 1]})
    prior = reference_prior(config)
    covariance = np.cov(z.astype(np.float64), rowvar=False)
    centre = z.mean(0, dtype=np.float64)
    metrics = {
        "reconstruction_error": reconstruction_error(autoencoder, z, x),
        "neighbour_accuracy": fit.neighbour_accuracy(z, y),
        "codes": measure_fit(z, prior, null),
        "means": measure_fit(mean, prior, null),
        "sliced_w2_null": asdict(null),
        "code_mean": {"z1": centre[0], "z2": centre[1]},
        "code_covariance": {
            "z1z1": covariance[0, 0],
            "z1z2": covariance[0, 1],
            "z2z2": covariance[1, 1],
        },
    }
    return codes, metrics


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
        z, _ = encode_images(config, autoencoder, x, "hold-out")
        percentiles = np.quantile(z.astype(np.float64), u, axis=0)
    else:
        percentiles = prior.quantile(np.stack([u, u], axis=-1))
    z1, z2 = np.meshgrid(percentiles[:, 0], percentiles[:, 1])
    grid = torch.from_numpy(np.stack([z1, z2], axis=-1).reshape(-1, 2).astype(np.float32))
    return autoencoder.decode(grid).numpy().reshape(size, size, -1)
