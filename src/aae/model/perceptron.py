"""Two hidden layers of ReLU units (paper, appendix A.1)."""

import math
from itertools import pairwise

import torch
from torch import nn

from aae.settings.config import ModelSettings

NORMAL_STD = 0.01  # Of first weights with model.initial_weights: normal (paper, appendix A.1).
HE_GAIN = math.sqrt(6)  # With model.initial_weights: he. The variance of PyTorch's weights is 1/(3 inputs).


def perceptron(
    inputs: int, outputs: int, settings: ModelSettings, generator: torch.Generator
) -> nn.Sequential:
    """Two hidden layers of ReLU units.

    Args:
        inputs: units of the first layer.
        outputs: units of the last layer, which is linear.
        settings: hidden units, and the distribution of the first weights: PyTorch's own uniform one; "he",
            the same but wider between the hidden layers, with the variance 2/inputs of He et al.
            (arXiv:1502.01852); or "normal", N(0, 0.01^2) with biases of 0.
        generator: of the first weights.
    """
    hidden = settings.hidden_units
    with torch.random.fork_rng(devices=[]):  # PyTorch's own first weights come from its global generator.
        layers = [nn.Linear(*sizes) for sizes in pairwise([inputs, hidden, hidden, outputs])]
    for layer in layers:
        if settings.initial_weights == "normal":
            nn.init.normal_(layer.weight, std=NORMAL_STD, generator=generator)
            nn.init.zeros_(layer.bias)
        else:
            bound = 1 / math.sqrt(layer.in_features)
            gain = HE_GAIN if settings.initial_weights == "he" and layer is layers[1] else 1.0
            nn.init.uniform_(layer.weight, -gain * bound, gain * bound, generator=generator)
            nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    first, second = nn.ReLU(inplace=True), nn.ReLU(inplace=True)  # Nothing else needs their inputs.
    return nn.Sequential(layers[0], first, layers[1], second, layers[2])
