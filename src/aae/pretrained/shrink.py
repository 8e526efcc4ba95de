"""Perceptrons without the units that never are awake, in half floats."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import nn

from aae.model.networks import BATCH, Autoencoder
from aae.model.parts import run_prior
from aae.model.priors.base import Prior
from aae.model.randomness import named_generator
from aae.pretrained.network import Layer, Network
from aae.settings.config import RunConfig
from aae.system.errors import UserError

SMALL = 10_000  # Weights up to which a layer keeps its float32.
AROUND = (1.0, 1.5, 2.0)  # Scales of the prior samples at which units of the decoder may be awake,
SAMPLES = 50_000  # and how many there are of each.


def shrunk(config: RunConfig, autoencoder: Autoencoder, x: torch.Tensor, run: str) -> Network:
    """A run's encoder and decoder as they are kept in git.

    Args:
        config: the run's settings.
        autoencoder: its trained networks.
        x: images in [0, 1], (n, height, width): hidden units that none of them wakes are left out.
        run: its key.

    Raises:
        UserError: the networks are no perceptrons.
    """
    prior = run_prior(config)
    encoder = small_encoder(autoencoder, x, prior.dim)
    network = Network(encoder, [], autoencoder.shape, config.title, config.prior, config.model.prior_std, run)
    z = torch.from_numpy(network.encode(x.numpy()))
    return replace(network, decoder=shrink(autoencoder.decoder, torch.cat([z, around(prior)])))


def small_encoder(autoencoder: Autoencoder, x: torch.Tensor, dim: int) -> list[Layer]:
    """The layers from an image to its code, that of a random encoder without noise.

    Args:
        autoencoder: whose encoder it is.
        x: images in [0, 1], (n, height, width), which wake what is left.
        dim: dimensions of a code.

    Raises:
        UserError: the encoder is no perceptron.
    """
    images = x.flatten(1)
    inputs = torch.cat([images, torch.zeros(len(x), autoencoder.encoder.noise)], dim=1)
    first, *others, last = shrink(autoencoder.encoder.net, inputs)
    return [
        Layer(first.weight[:, : images.shape[1]], first.bias),  # The others are of noise, which is 0.
        *others,
        Layer(last.weight[:dim], last.bias[:dim]),  # The others are of sigma(x).
    ]


def around(prior: Prior) -> torch.Tensor:
    """Codes all about a prior, (n, dim), beyond where it has mass as well."""
    generator = named_generator(0, "codes at which a decoder is shrunk")
    return torch.cat([scale * prior.sample(SAMPLES, generator) for scale in AROUND])


def shrink(network: nn.Module, x: torch.Tensor) -> list[Layer]:
    """The layers of a perceptron without the hidden units that are 0 for all of x, which add nothing there.

    Of those that MNIST trains in the second hidden layer of a decoder most never are anything else.

    Args:
        network: linear layers, with ReLU units between them.
        x: inputs, (n, inputs), at which units may be awake.

    Raises:
        UserError: it is no perceptron.
    """
    parts = list(network.children())
    if not all(isinstance(part, nn.Linear | nn.ReLU | nn.Unflatten) for part in parts):
        raise UserError(
            "small weights and the live plane of the report are of perceptrons alone; set "
            "model.architecture: perceptron, or run the other stages by their names"
        )
    layers = [part for part in parts if isinstance(part, nn.Linear)]
    awake = [torch.ones(layers[0].in_features, dtype=torch.bool), *_awake(layers, x)]
    awake.append(torch.ones(layers[-1].out_features, dtype=torch.bool))
    return [
        Layer(
            _short(layer.weight.detach()[awake[place + 1]][:, awake[place]].numpy()),
            layer.bias.detach()[awake[place + 1]].numpy(),
        )
        for place, layer in enumerate(layers)
    ]


def _awake(layers: Sequence[nn.Linear], x: torch.Tensor) -> list[torch.Tensor]:
    """For each hidden layer the units that are above 0 at any of x, (units,)."""
    awake = [torch.zeros(layer.out_features, dtype=torch.bool) for layer in layers[:-1]]
    with torch.inference_mode():
        for part in x.split(10 * BATCH):
            h = part
            for layer, units in zip(layers[:-1], awake, strict=True):
                h = torch.relu(layer(h))
                units |= (h > 0).any(0)
    return awake


def _short(weight: np.ndarray) -> np.ndarray:
    return weight if weight.size <= SMALL else weight.astype(np.float16)
