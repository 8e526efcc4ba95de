"""The one evaluation path: a trained autoencoder and images in, codes and numbers out."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F

from aae.config import RunConfig
from aae.measure import digits
from aae.measure.distances import excess
from aae.measure.probe import jensen_shannon
from aae.measure.scorecard import Null, measure, measure_sets, score
from aae.model.networks import Autoencoder
from aae.model.priors import Prior, run_prior
from aae.randomness import named_generator

PARTS = 5  # Of an evaluation, of a few seconds each.
DRAWS = 16  # Codes of an image, where q(z|x) has no closed form, from which its mean and spread are taken.
# Noise in the prior's standard deviations below which float32 codes do not show it.
RESOLUTION = float(np.finfo(np.float32).eps)


class Posterior(NamedTuple):
    """q(z|x) of n images: a sample of each, means and standard deviations, (n, code_dim) each."""

    z: np.ndarray
    mean: np.ndarray
    std: np.ndarray


class Evaluation(NamedTuple):
    """What there is to know of a trained autoencoder."""

    codes: pd.DataFrame
    """Of the evaluation images: label, z1, z2, ... (sampled) and mean1, mean2, ..."""
    training_codes: np.ndarray
    """Of the training images, sampled, (m, code_dim)."""
    metrics: dict[str, Any]
    """Numbers, nested as evaluation.json is (docs/measures.md)."""


def evaluate(
    config: RunConfig,
    autoencoder: Autoencoder,
    evaluation_images: tuple[torch.Tensor, np.ndarray],
    training_images: torch.Tensor,
    history: pd.DataFrame,
    null: Null,
    on_part: Callable[[], object] = lambda: None,
) -> Evaluation:
    """Encode all images and measure the codes.

    Args:
        config: the run's settings.
        autoencoder: its trained networks.
        evaluation_images: in [0, 1], (n, 784), and their digits, (n,).
        training_images: in [0, 1], (m, 784).
        history: the run's losses, a row an epoch.
        null: the bands for n and m codes and the run's prior.
        on_part: called after each of `PARTS` parts of the work.

    Raises:
        UserError: the codes lie on one line, at one point, or (all but a few) where p(z) is 0.
    """
    prior = run_prior(config)
    x, y = evaluation_images
    z, mean, std = encode(config, autoencoder, x)
    z_training = autoencoder.encode(training_images, named_generator(config.seed, "train codes")).numpy()
    on_part()
    codes = score(z, prior, null)
    on_part()
    # A deterministic encoder's codes are their means, and need no second measuring.
    means = codes["raw"] if np.array_equal(mean, z) else measure(mean, prior)
    on_part()
    all_codes = fit_of_all_codes(z, z_training, prior, null)
    on_part()
    gap = discriminator_gap(z_training, prior, last_discriminator_jsd(config, history))
    on_part()
    metrics = {
        "reconstruction_error": F.mse_loss(autoencoder.decode(torch.from_numpy(z)), x.cpu()).item(),
        **accuracies(z, y, prior),
        "codes": codes,
        "means": means,
        **all_codes,
        "discriminator": gap,
        "encoder": encoder_noise(std / prior.std),
        "code_mean": z.mean(0, dtype=np.float64).tolist(),
        "code_covariance": np.cov(z.astype(np.float64), rowvar=False).tolist(),
    }
    columns = {f"z{d + 1}": z[:, d] for d in range(prior.dim)}
    columns |= {f"mean{d + 1}": mean[:, d] for d in range(prior.dim)}
    return Evaluation(pd.DataFrame({"label": y, **columns}), z_training, metrics)


def encode(config: RunConfig, autoencoder: Autoencoder, x: torch.Tensor) -> Posterior:
    """Sampled codes of the evaluation images, (n, 784), whose noise depends on the seed alone, and q(z|x).

    Mean and standard deviation are the encoder's own where it gives them. Else they are those of `DRAWS`
    codes an image, or none at all where a second draw gives the same codes.
    """
    z, mean, std = autoencoder.posterior(x, named_generator(config.seed, "evaluation codes"))
    if mean is not None and std is not None:
        return Posterior(z.numpy(), mean.numpy(), std.numpy())
    generator = named_generator(config.seed, "evaluation means")
    draws = [autoencoder.encode(x, generator)]
    if torch.equal(draws[0], z):
        return Posterior(z.numpy(), z.numpy(), np.zeros_like(z.numpy()))
    draws += [autoencoder.encode(x, generator) for _ in range(DRAWS - 1)]
    stacked = torch.stack(draws)
    return Posterior(z.numpy(), stacked.mean(0).numpy(), stacked.std(0).numpy())


def accuracies(z: np.ndarray, y: np.ndarray, prior: Prior) -> dict[str, float]:
    """How well codes, (n, dim), keep the digits, (n,), apart."""
    numbers = {"neighbour_accuracy": digits.neighbour_accuracy(z, y)}
    if prior.components:
        numbers["component_accuracy"] = digits.component_accuracy(z, y, prior)
    return numbers


def fit_of_all_codes(z: np.ndarray, z_training: np.ndarray, prior: Prior, null: Null) -> dict[str, Any]:
    """The fit of the training codes, and the density of all codes together.

    Args:
        z: codes of the evaluation images, (n, dim).
        z_training: codes of the training images, (m, dim).
        prior: the distribution that they should follow.
        null: the bands for n and m codes.

    Returns:
        "training" and "density", as evaluation.json has them. Without excess where the bands are for
        other numbers of codes, and without shift where m < n.
    """
    numbers = measure_sets(z, z_training, prior)
    training: dict[str, float] = {"n": len(z_training)}
    training |= {name: numbers.pop(name) for name in ("kl", "sliced_w2", "shift") if name in numbers}
    if null["training"]["n"] == len(z_training):
        training["sliced_w2_excess"] = excess(training["sliced_w2"], null["training"]["sliced_w2"]["mean"])
        if null["n"] == len(z) and "shift" in training:
            training["shift_excess"] = excess(training["shift"], null["shift"]["mean"])
    return {"training": training, "density": {"n": len(z) + len(z_training), **numbers}}


def last_discriminator_jsd(config: RunConfig, history: pd.DataFrame) -> float | None:
    """The Jensen-Shannon divergence in nats that the training discriminator's last loss implies.

    None without a discriminator, and with `labels`, as it then tells pairs of code and label.
    """
    if config.labels or "discriminator_loss" not in history or history["discriminator_loss"].isna().iloc[-1]:
        return None
    return float(np.log(2) - history["discriminator_loss"].iloc[-1])


def discriminator_gap(z_training: np.ndarray, prior: Prior, jsd: float | None) -> dict[str, float]:
    """What a fresh classifier sees of the training codes' misfit, and the training discriminator did not.

    Args:
        z_training: (m, dim).
        prior: the distribution that they should follow.
        jsd: what the training discriminator saw, in nats, if there is one.

    Returns:
        "probe_jsd", "jsd" and their difference "gap", in nats; the last two with a discriminator only.
    """
    probe = jensen_shannon(z_training, prior)
    return {"probe_jsd": probe} if jsd is None else {"probe_jsd": probe, "jsd": jsd, "gap": probe - jsd}


def encoder_noise(sigma: np.ndarray) -> dict[str, float]:
    """How random the encoder is.

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
