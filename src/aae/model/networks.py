"""The networks: three encoders, and the autoencoder they are part of (paper, section 2 and appendix A.1).

All are two hidden layers of ReLU units with a linear last layer.
"""

import math
from itertools import pairwise
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import nn

from aae.config import ModelSettings, RunConfig
from aae.randomness import named_generator

PIXELS = 28 * 28
NORMAL_STD = 0.01  # Of first weights with model.initial_weights: normal (paper, appendix A.1).
HE_GAIN = math.sqrt(6)  # With model.initial_weights: he. The variance of PyTorch's weights is 1/(3 inputs).
NOISE_DIM = 10  # Dimensions of eta, the input noise of the universal approximator posterior.
BATCH = 1000  # Images at a time outside training: bounds memory.


def perceptron(inputs: int, outputs: int, settings: ModelSettings, generator: torch.Generator) -> nn.Module:
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


def standard_normal(like: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Standard normal samples, drawn on the CPU, of the shape and on the device of another tensor."""
    return torch.randn(like.shape, generator=generator).to(like.device)


class Codes(NamedTuple):
    """Codes of some images, and q(z|x) where it is a Gaussian."""

    z: torch.Tensor
    """A sample of q(z|x) for each image, (batch, code_dim)."""
    mean: torch.Tensor | None = None
    """Mean of q(z|x), (batch, code_dim)."""
    std: torch.Tensor | None = None
    """Standard deviation of q(z|x), (batch, code_dim)."""


class Encoder(nn.Module):
    """q(z|x). Subclasses say how a code is drawn."""

    inputs = PIXELS
    outputs_a_dimension = 1

    def __init__(self, settings: ModelSettings, generator: torch.Generator) -> None:
        super().__init__()
        self.settings = settings
        self.net = perceptron(self.inputs, self.outputs_a_dimension * settings.code_dim, settings, generator)

    def forward(self, x: torch.Tensor, generator: torch.Generator) -> Codes:
        """One code for each image, (batch, 784)."""
        raise NotImplementedError


class DeterministicEncoder(Encoder):
    """z = f(x): q(z) has no randomness but the data's. The paper uses this one throughout."""

    def forward(self, x: torch.Tensor, generator: torch.Generator) -> Codes:
        """f(x); draws nothing from `generator`."""
        return Codes(self.net(x))


class GaussianEncoder(Encoder):
    """z ~ N(mu(x), diag sigma(x)^2), reparametrised as mu + sigma * epsilon; sigma is a softplus."""

    outputs_a_dimension = 2

    def forward(self, x: torch.Tensor, generator: torch.Generator) -> Codes:
        """mu(x) + sigma(x) * epsilon."""
        mean, raw_std = self.net(x).chunk(2, dim=1)
        std = F.softplus(raw_std)
        return Codes(mean + std * standard_normal(mean, generator), mean, std)


class FixedSigmaEncoder(Encoder):
    """The Gaussian encoder with the standard deviation `model.sigma`, in those of the prior."""

    def forward(self, x: torch.Tensor, generator: torch.Generator) -> Codes:
        """mu(x) + sigma * epsilon."""
        mean = self.net(x)
        std = torch.full_like(mean, self.settings.prior_std * float(self.settings.sigma))
        return Codes(mean + std * standard_normal(mean, generator), mean, std)


class UniversalEncoder(Encoder):
    """z = f(x, eta), eta ~ N(0, I): the paper's universal approximator posterior."""

    inputs = PIXELS + NOISE_DIM

    def forward(self, x: torch.Tensor, generator: torch.Generator) -> Codes:
        """f(x, eta) for one sample of eta an image."""
        eta = torch.randn(len(x), NOISE_DIM, generator=generator).to(x.device)
        return Codes(self.net(torch.cat([x, eta], dim=1)))


def apply(network: nn.Module, precision: str, x: torch.Tensor, *rest: object) -> Any:
    """What a network gives for a batch, float32, of matrix products in the given precision."""
    # One context a call: within one, autocast keeps its copies of weights, through updates as well.
    with torch.autocast(x.device.type, torch.bfloat16, enabled=precision == "bfloat16"):
        output = network(x, *rest)
    if isinstance(output, Codes):
        z, *moments = output
        return Codes(z.float(), *(None if part is None else part.float() for part in moments))
    return output.float()


ENCODERS: dict[str, type[Encoder]] = {
    "deterministic": DeterministicEncoder,
    "gaussian": GaussianEncoder,
    "universal": UniversalEncoder,
}


class Autoencoder(nn.Module):
    """Encoder q(z|x) and decoder p(x|z): what a training run leaves behind."""

    def __init__(self, config: RunConfig) -> None:
        """Fresh weights, each network's from a generator of its own."""
        super().__init__()
        settings = config.model
        encoder = ENCODERS[config.encoder] if settings.sigma == "learned" else FixedSigmaEncoder
        self.encoder = encoder(settings, named_generator(config.seed, "encoder weights"))
        # Logits of the pixels: (batch, code_dim) -> (batch, 784).
        generator = named_generator(config.seed, "decoder weights")
        self.decoder = perceptron(settings.code_dim, PIXELS, settings, generator)

    @torch.inference_mode()
    def encode(self, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Sampled codes of any number of images, on the CPU: (n, 784) -> (n, code_dim)."""
        return self.posterior(x, generator).z

    @torch.inference_mode()
    def posterior(self, x: torch.Tensor, generator: torch.Generator) -> Codes:
        """Sampled codes and, where it is a Gaussian, q(z|x) of any number of images (n, 784), on the CPU."""
        parts = [self.encoder(part, generator) for part in x.split(BATCH)]
        columns = ([part.cpu() for part in column if part is not None] for column in zip(*parts, strict=True))
        return Codes(*(torch.cat(column) if column else None for column in columns))  # type: ignore[arg-type]

    @torch.inference_mode()
    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """Images in (0, 1) for any number of codes, on the CPU: (n, code_dim) -> (n, 784)."""
        device = next(self.decoder.parameters()).device
        return torch.cat([torch.sigmoid(self.decoder(part.to(device))).cpu() for part in z.split(BATCH)])
