"""Codes of many images, outside of training steps."""

import torch

from aae.model.networks import Autoencoder
from aae.model.randomness import named_generator
from aae.model.trainer import to_unit
from aae.settings.config import RunConfig

DRAWS = 16  # Codes of an image, where q(z|x) has no closed form, from which its mean and spread are taken.

Tensors = dict[str, torch.Tensor]


def final_codes(
    config: RunConfig, autoencoder: Autoencoder, x_training: torch.Tensor, x_evaluation: torch.Tensor
) -> Tensors:
    """Codes of all images after training, whose noise depends on the seed alone.

    Args:
        config: the run's settings.
        autoencoder: its trained networks.
        x_training: bytes, or floats in [0, 1], (m, height, width), on the device of the networks.
        x_evaluation: likewise, (n, height, width).

    Returns:
        On the CPU: "training", sampled codes, (m, code_dim); "evaluation", likewise, (n, code_dim); and
        "evaluation mean" and "evaluation std", those of q(z|x): the encoder's own where it gives them, else
        of `DRAWS` codes an image, or none at all where a second draw gives the same codes.
    """
    x = to_unit(x_evaluation)
    z, mean, std = autoencoder.posterior(x, named_generator(config.seed, "evaluation codes"))
    if mean is None or std is None:
        mean, std = _moments(autoencoder, x, z, named_generator(config.seed, "evaluation means"))
    z_training = autoencoder.encode(to_unit(x_training), named_generator(config.seed, "train codes"))
    return {"evaluation": z, "evaluation mean": mean, "evaluation std": std, "training": z_training}


def epoch_codes(
    config: RunConfig,
    autoencoder: Autoencoder,
    epoch: int,
    x_evaluation: torch.Tensor,
    x_training: torch.Tensor,
) -> Tensors:
    """Codes after an epoch, for curves over training: a new measure costs no new training run.

    Args:
        config: the run's settings.
        autoencoder: its networks.
        epoch: its number.
        x_evaluation: images as in `final_codes`.
        x_training: some training images, likewise.

    Returns:
        On the CPU, named after the epoch: "evaluation 000001", "training 000001" and, where q(z|x) is a
        Gaussian, its standard deviations for the evaluation images, "sigma 000001".
    """
    name = f"{epoch:06d}"
    generator = named_generator(config.seed, f"evaluation codes of epoch {epoch}")
    posterior = autoencoder.posterior(to_unit(x_evaluation), generator)
    codes = {f"evaluation {name}": posterior.z}
    if posterior.std is not None:
        codes[f"sigma {name}"] = posterior.std
    generator = named_generator(config.seed, f"training codes of epoch {epoch}")
    codes[f"training {name}"] = autoencoder.encode(to_unit(x_training), generator)
    return codes


def _moments(
    autoencoder: Autoencoder, x: torch.Tensor, z: torch.Tensor, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    draws = [autoencoder.encode(x, generator)]
    if torch.equal(draws[0], z):
        return z.clone(), torch.zeros_like(z)
    draws += [autoencoder.encode(x, generator) for _ in range(DRAWS - 1)]
    stacked = torch.stack(draws)
    return stacked.mean(0), stacked.std(0)
