"""The one evaluation path: a trained autoencoder and its codes in, numbers out."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import nn

from aae.measure import digits
from aae.measure.curves import training_curves
from aae.measure.distances import match_moments, sliced_w2_interval
from aae.measure.divergence import marginal_kl
from aae.measure.evidence import probes, seen
from aae.measure.scorecard import LEVEL, measure, measure_sets
from aae.model.networks import BATCH, Autoencoder
from aae.model.parts import run_prior
from aae.model.priors.base import Prior
from aae.model.randomness import named_generator
from aae.model.trainer import to_unit
from aae.settings.config import RunConfig

RANDOM_SETS = 20  # Of training codes, beside blocks of consecutive ones.
# Noise in the prior's standard deviations below which float32 codes do not show it.
RESOLUTION = float(np.finfo(np.float32).eps)

Numbers = dict[str, float]


class Evaluation(NamedTuple):
    """Measures, codes and curves of a trained autoencoder, without any null distribution."""

    measures: Numbers
    """By name (docs/measures.md)."""
    codes: pd.DataFrame
    """Codes of the evaluation images: label, z1, z2, ... (sampled) and mean1, mean2, ..."""
    curves: pd.DataFrame
    """Losses and fit over training, a row a recorded epoch."""


def evaluate(
    config: RunConfig,
    autoencoder: Autoencoder,
    discriminator: nn.Module | None,
    codes: Mapping[str, np.ndarray],
    images: tuple[np.ndarray, np.ndarray],
    x_training: np.ndarray,
    history: pd.DataFrame,
) -> Evaluation:
    """Measure a run's codes.

    Args:
        config: the run's settings.
        autoencoder: its trained networks.
        discriminator: as training left it; None where none tells codes by themselves.
        codes: what `aae.model.encoding` gave, by name: the final ones, and those of recorded epochs.
        images: evaluation images in [0, 1], (n, height, width), and their labels, (n,).
        x_training: training images, bytes, (m, height, width).
        history: the run's losses, a row an epoch.

    Raises:
        UserError: the codes lie on one line, at one point, or (all but a few) where p(z) is 0.
    """
    prior = run_prior(config)
    x, y = images
    z, mean, std = (codes[f"evaluation{part}"] for part in ("", " mean", " std"))
    z_training = codes["training"]
    decoded = autoencoder.decode(torch.from_numpy(z))
    measures = {
        "reconstruction_error": F.mse_loss(decoded, torch.from_numpy(x)).item(),
        **accuracies(z, y, prior),
        **fit(z, prior),
        "training_error": training_error(autoencoder, z_training, x_training),
        **fit_of_all(z, z_training, prior),
        **blocks(z_training, len(z), prior),
        **probes(z_training, prior),
        **(seen(discriminator, z_training, prior) if discriminator else {}),
        **encoder_noise(std / prior.std),
        **moments(z),
    }
    columns = {f"z{d + 1}": z[:, d] for d in range(prior.dim)}
    columns |= {f"mean{d + 1}": mean[:, d] for d in range(prior.dim)}
    curves = training_curves(history, codes, prior, config.labels)
    return Evaluation(measures, pd.DataFrame({"label": y, **columns}), curves)


def accuracies(z: np.ndarray, y: np.ndarray, prior: Prior) -> Numbers:
    """Measure how well codes, (n, dim), keep the digits, (n,), apart."""
    numbers = {"neighbour_accuracy": digits.neighbour_accuracy(z, y)}
    if prior.components:
        numbers["component_accuracy"] = digits.component_accuracy(z, y, prior)
    return numbers


def fit(z: np.ndarray, prior: Prior) -> Numbers:
    """Every measure of codes, (n, dim), as they are and whitened, and the interval of sliced W2."""
    whitened = measure(match_moments(z, prior), prior)
    low, high = sliced_w2_interval(z, prior, LEVEL)
    return {
        "codes": len(z),
        **measure(z, prior),
        **{f"{name}_whitened": value for name, value in whitened.items()},
        "sliced_w2_low": low,
        "sliced_w2_high": high,
    }


def fit_of_all(z: np.ndarray, z_training: np.ndarray, prior: Prior) -> Numbers:
    """The fit of the training codes, and the density of all codes together.

    Args:
        z: codes of the evaluation images, (n, dim).
        z_training: codes of the training images, (m, dim).
        prior: the distribution that they should follow.
    """
    numbers = measure_sets(z, z_training, prior)
    training = {f"{name}_training": numbers.pop(name) for name in ("kl", "sliced_w2")}
    return {"training_codes": len(z_training), **training, **numbers}


def training_error(autoencoder: Autoencoder, z_training: np.ndarray, x_training: np.ndarray) -> float:
    """Mean squared error a pixel of the training images, decoded from their codes.

    Args:
        autoencoder: the trained networks.
        z_training: (m, dim).
        x_training: bytes, (m, height, width).
    """
    total = 0.0
    for z, x in zip(torch.from_numpy(z_training).split(BATCH), _batches(x_training), strict=True):
        total += F.mse_loss(autoencoder.decode(z), x, reduction="sum").item()
    return total / x_training.size


def _batches(x: np.ndarray) -> Iterator[torch.Tensor]:
    for start in range(0, len(x), BATCH):
        yield to_unit(torch.tensor(x[start : start + BATCH]))


def blocks(z_training: np.ndarray, n: int, prior: Prior) -> Numbers:
    """KL divergence of as many training codes as there are evaluation codes: the null of the step to these.

    MNIST's images are not exchangeable: a block of consecutive ones fits worse than as many from all over.

    Args:
        z_training: (m, dim), in the images' order.
        n: of evaluation codes.
        prior: the distribution that codes should follow.

    Returns:
        "kl_blocks", "kl_blocks_low" and "kl_blocks_high", mean, least and most over blocks of n consecutive
        training codes, and "kl_random", the mean over `RANDOM_SETS` sets of n of them; nothing with fewer
        than two blocks.
    """
    if len(z_training) < 2 * n:
        return {}
    of_blocks = [
        marginal_kl(z_training[start : start + n], prior) for start in range(0, len(z_training) - n + 1, n)
    ]
    generator = named_generator(0, "random sets of training codes")
    random = [
        marginal_kl(z_training[torch.randperm(len(z_training), generator=generator)[:n].numpy()], prior)
        for _ in range(RANDOM_SETS)
    ]
    return {
        "kl_blocks": float(np.mean(of_blocks)),
        "kl_blocks_low": min(of_blocks),
        "kl_blocks_high": max(of_blocks),
        "kl_random": float(np.mean(random)),
    }


def encoder_noise(sigma: np.ndarray) -> Numbers:
    """Measure how random the encoder is.

    Args:
        sigma: standard deviations of q(z|x) in those of the prior, (n, dim).

    Returns:
        "sigma_median" and "sigma_p95" over images and dimensions; and, if there is any noise, "entropy":
        the mean over images of the entropy of N(., diag sigma^2) in nats, the prior's standard deviation
        as the unit. Where q(z|x) is no Gaussian its own entropy is lower.
    """
    numbers = {"sigma_median": float(np.median(sigma)), "sigma_p95": float(np.quantile(sigma, 0.95))}
    if sigma.any():
        log_sigma = np.log(np.maximum(sigma.astype(np.float64), RESOLUTION))
        numbers["entropy"] = float(np.mean((log_sigma + 0.5 * np.log(2 * np.pi * np.e)).sum(1)))
    return numbers


def moments(z: np.ndarray) -> Numbers:
    """Mean and covariance of codes, (n, dim): "mean_1", ..., "covariance_1_1", "covariance_1_2", ..."""
    mean, covariance = z.mean(0, dtype=np.float64), np.cov(z.astype(np.float64), rowvar=False)
    dims = range(z.shape[1])
    numbers = {f"mean_{i + 1}": float(mean[i]) for i in dims}
    return numbers | {f"covariance_{i + 1}_{j + 1}": float(covariance[i, j]) for i in dims for j in dims[i:]}
