"""Perceptrons without the units that never are awake, in half floats."""

from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from aae.model.networks import BATCH
from aae.system.errors import UserError

SMALL = 10_000  # Weights up to which a layer keeps its float32.


class Layer(NamedTuple):
    """A linear layer."""

    weight: np.ndarray
    """(outputs, inputs), float16, or float32 where these are few."""
    bias: np.ndarray
    """(outputs,), float32."""


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
            "the live plane of the report computes perceptrons alone; set model.architecture: perceptron, "
            "or run the other stages by their names"
        )
    layers = [part for part in parts if isinstance(part, nn.Linear)]
    awake = [torch.ones(layers[0].in_features, dtype=torch.bool)]
    awake += [torch.zeros(layer.out_features, dtype=torch.bool) for layer in layers[:-1]]
    with torch.inference_mode():
        for part in x.split(10 * BATCH):
            h = part
            for layer, units in zip(layers[:-1], awake[1:], strict=True):
                h = torch.relu(layer(h))
                units |= (h > 0).any(0)
    awake.append(torch.ones(layers[-1].out_features, dtype=torch.bool))
    return [
        Layer(
            _short(layer.weight.detach()[awake[place + 1]][:, awake[place]].numpy()),
            layer.bias.detach()[awake[place + 1]].numpy(),
        )
        for place, layer in enumerate(layers)
    ]


def _short(weight: np.ndarray) -> np.ndarray:
    return weight if weight.size <= SMALL else weight.astype(np.float16)
