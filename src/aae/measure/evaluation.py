"""The one evaluation path: a trained autoencoder and labelled images in, codes and numbers out."""

from typing import Any

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F

from aae.config import RunConfig
from aae.measure import digits, distances
from aae.measure.scorecard import Null, measure, score
from aae.model.networks import Autoencoder
from aae.model.priors import run_prior
from aae.randomness import named_generator


def encode(config: RunConfig, autoencoder: Autoencoder, x: torch.Tensor) -> np.ndarray:
    """Sampled codes, (n, code_dim), of the evaluation images: noise depends on the seed alone."""
    return autoencoder.encode(x, named_generator(config.seed, "evaluation codes")).numpy()


def reconstruction_error(autoencoder: Autoencoder, z: np.ndarray, x: torch.Tensor) -> float:
    """Mean squared error per pixel, pixels in [0, 1], of the images decoded from their codes."""
    return F.mse_loss(autoencoder.decode(torch.from_numpy(z)), x.cpu()).item()


def evaluate(
    config: RunConfig, autoencoder: Autoencoder, x: torch.Tensor, y: np.ndarray, null: Null
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Encode the evaluation images and measure the codes.

    Args:
        config: the run's settings.
        autoencoder: its trained networks.
        x: evaluation images in [0, 1], (n, 784).
        y: their digits, (n,).
        null: the bands for n codes and the run's prior.

    Returns:
        The codes, columns label, z1, z2, ... (sampled) and mean1, mean2, ...; and the metrics.
    """
    prior = run_prior(config)
    z = encode(config, autoencoder, x)
    mean = autoencoder.encode_mean(x, named_generator(config.seed, "evaluation means")).numpy()
    columns = {f"z{d + 1}": z[:, d] for d in range(prior.dim)}
    columns |= {f"mean{d + 1}": mean[:, d] for d in range(prior.dim)}
    codes_score = score(z, prior, null)
    accuracies = {"neighbour_accuracy": digits.neighbour_accuracy(z, y)}
    if prior.components:
        accuracies["component_accuracy"] = digits.component_accuracy(z, y, prior)
    metrics = {
        "reconstruction_error": reconstruction_error(autoencoder, z, x),
        **accuracies,
        "codes": codes_score,
        # A deterministic encoder's codes are their means, and need no second measuring.
        "means": codes_score["raw"] if np.array_equal(mean, z) else measure(mean, prior),
        "code_mean": z.mean(0, dtype=np.float64).tolist(),
        "code_covariance": np.cov(z.astype(np.float64), rowvar=False).tolist(),
    }
    return pd.DataFrame({"label": y, **columns}), metrics


def evaluate_training(
    config: RunConfig, autoencoder: Autoencoder, x: torch.Tensor, z: np.ndarray
) -> dict[str, float]:
    """The fit of training codes, and how far they are from the codes of the evaluation images.

    Args:
        config: the run's settings.
        autoencoder: its trained networks.
        x: training images in [0, 1], (m, 784).
        z: codes of the evaluation images, (n, code_dim).

    Returns:
        Every measure of the first n training codes, or of all m if fewer, and "shift": the sliced W2
        between the two sets of codes, where m >= n.
    """
    prior = run_prior(config)
    z_train = autoencoder.encode(x, named_generator(config.seed, "train codes")).numpy()
    numbers = measure(z_train[: len(z)], prior)
    if len(z_train) >= len(z):
        numbers["shift"] = distances.sliced_w2_between(z, z_train, prior.std)
    return numbers
