"""The networks: three encoders, the decoder and the discriminator (paper, section 2 and appendix A.1).

All are two hidden layers of ReLU units with a linear last layer.
"""

import math
from collections.abc import Callable
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import nn

from aae.priors import CODE_DIM
from aae.randomness import named_generator

PIXELS = 28 * 28
NOISE_DIM = 10  # Dimensions of eta, the input noise of the universal approximator posterior.
MEAN_DRAWS = 16  # Draws of eta behind the mean code of the universal encoder, which has no closed form.
BATCH = 1000  # Images at a time outside training: bounds memory.


class _Linear(nn.Linear):
    """Without first weights, which PyTorch would draw from the global generator.

    (`nn.utils.skip_init` does the same, and takes two seconds to import what it needs for that.)
    """

    def reset_parameters(self) -> None:
        """Leave the weights as the memory is."""


def perceptron(inputs: int, hidden: int, outputs: int, generator: torch.Generator) -> nn.Sequential:
    """Two hidden layers of ReLU units, initialised as PyTorch does but from `generator`."""
    sizes = pairwise([inputs, hidden, hidden, outputs])
    layers = [_Linear(*size) for size in sizes]
    for layer in layers:
        bound = 1 / math.sqrt(layer.in_features)
        nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
        nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    first, second = nn.ReLU(inplace=True), nn.ReLU(inplace=True)  # Nothing else needs their inputs.
    return nn.Sequential(layers[0], first, layers[1], second, layers[2])


def noise(rows: int, columns: int, generator: torch.Generator, like: torch.Tensor) -> torch.Tensor:
    """Standard normal draws of shape (rows, columns), drawn on the CPU, on the device of `like`."""
    return torch.randn(rows, columns, generator=generator).to(like.device)


class Encoder(nn.Module):
    """q(z|x). Subclasses say how a code is drawn."""

    net: nn.Sequential

    def forward(self, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """One code for each image: (batch, 784) -> (batch, 2)."""
        raise NotImplementedError

    def mean(self, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """The mean of q(z|x) for each image: (batch, 784) -> (batch, 2)."""
        raise NotImplementedError


class DeterministicEncoder(Encoder):
    """z = f(x): q(z) has no randomness but the data's. The paper uses this one throughout."""

    def __init__(self, hidden: int, generator: torch.Generator) -> None:
        super().__init__()
        self.net = perceptron(PIXELS, hidden, CODE_DIM, generator)

    def forward(self, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """f(x); draws nothing from `generator`."""
        return self.net(x)

    def mean(self, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """f(x) as well."""
        return self.net(x)


class GaussianEncoder(Encoder):
    """z ~ N(mu(x), diag sigma(x)^2), reparametrised as mu + sigma * epsilon; sigma is a softplus."""

    def __init__(self, hidden: int, generator: torch.Generator) -> None:
        super().__init__()
        self.net = perceptron(PIXELS, hidden, 2 * CODE_DIM, generator)

    def forward(self, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """mu(x) + sigma(x) * epsilon."""
        mean, raw_std = self.net(x).chunk(2, dim=1)
        return mean + F.softplus(raw_std) * noise(len(x), CODE_DIM, generator, like=mean)

    def mean(self, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """mu(x); draws nothing from `generator`."""
        return self.net(x).chunk(2, dim=1)[0]


class UniversalEncoder(Encoder):
    """z = f(x, eta), eta ~ N(0, I): the paper's universal approximator posterior."""

    def __init__(self, hidden: int, generator: torch.Generator) -> None:
        super().__init__()
        self.net = perceptron(PIXELS + NOISE_DIM, hidden, CODE_DIM, generator)

    def forward(self, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """f(x, eta) for one draw of eta an image."""
        eta = noise(len(x), NOISE_DIM, generator, like=x)
        return self.net(torch.cat([x, eta], dim=1))

    def mean(self, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """The mean of f(x, eta) over `MEAN_DRAWS` draws of eta."""
        return torch.stack([self(x, generator) for _ in range(MEAN_DRAWS)]).mean(0)


class Decoder(nn.Module):
    """p(x|z), as one Bernoulli logit a pixel."""

    def __init__(self, hidden: int, generator: torch.Generator) -> None:
        super().__init__()
        self.net = perceptron(CODE_DIM, hidden, PIXELS, generator)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Logits of the pixels: (batch, 2) -> (batch, 784)."""
        return self.net(z)


class Discriminator(nn.Module):
    """Tells prior samples (true) from codes (false)."""

    def __init__(self, hidden: int, generator: torch.Generator) -> None:
        super().__init__()
        self.net = perceptron(CODE_DIM, hidden, 1, generator)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """Logit that z came from the prior: (batch, 2) -> (batch,)."""
        return self.net(z).squeeze(1)


ENCODERS: dict[str, Callable[[int, torch.Generator], Encoder]] = {
    "deterministic": DeterministicEncoder,
    "gaussian": GaussianEncoder,
    "universal": UniversalEncoder,
}


class Autoencoder(nn.Module):
    """Encoder and decoder: what a training leaves behind."""

    def __init__(self, encoder: str, hidden: int, seed: int) -> None:
        """Fresh weights, each network's from a generator of its own.

        Args:
            encoder: a key of `ENCODERS`.
            hidden: units in each hidden layer.
            seed: the run's seed.
        """
        super().__init__()
        self.encoder = ENCODERS[encoder](hidden, named_generator(seed, "encoder weights"))
        self.decoder = Decoder(hidden, named_generator(seed, "decoder weights"))

    @torch.inference_mode()
    def encode(self, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Sampled codes of any number of images, on the CPU: (n, 784) -> (n, 2)."""
        return torch.cat([self.encoder(part, generator).cpu() for part in x.split(BATCH)])

    @torch.inference_mode()
    def encode_mean(self, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Means of q(z|x) of any number of images, on the CPU: (n, 784) -> (n, 2)."""
        return torch.cat([self.encoder.mean(part, generator).cpu() for part in x.split(BATCH)])

    @torch.inference_mode()
    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """Images in (0, 1) for any number of codes, on the CPU: (n, 2) -> (n, 784)."""
        device = next(self.decoder.parameters()).device
        return torch.cat([torch.sigmoid(self.decoder(part.to(device))).cpu() for part in z.split(BATCH)])
