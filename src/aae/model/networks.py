"""The autoencoder: encoder q(z|x) and decoder p(x|z) (paper, section 2 and appendix A.1)."""

from typing import Any

import torch
from torch import nn

from aae.model.encoders.base import Codes
from aae.model.parts import make_architecture, make_encoder
from aae.model.randomness import named_generator
from aae.settings.config import RunConfig

BATCH = 1000  # Images at a time outside training: bounds memory.


def apply(network: nn.Module, precision: str, x: torch.Tensor, *rest: object) -> Any:
    """Output, float32, of a network for a batch, by matrix products in the given precision."""
    # No cache: it keeps copies of weights, through updates as well.
    with torch.autocast(x.device.type, torch.bfloat16, enabled=precision == "bfloat16", cache_enabled=False):
        output = network(x, *rest)
    if isinstance(output, Codes):
        z, *moments = output
        return Codes(z.float(), *(None if part is None else part.float() for part in moments))
    return output.float()


class Autoencoder(nn.Module):
    """Encoder q(z|x) and decoder p(x|z): what a training run leaves behind."""

    def __init__(self, config: RunConfig, shape: tuple[int, int]) -> None:
        """Fresh weights, each network's from a generator of its own.

        Args:
            config: the run's settings.
            shape: height and width of the images.
        """
        super().__init__()
        self.shape = shape
        architecture = make_architecture(config, shape)
        self.encoder = make_encoder(config, architecture, named_generator(config.seed, "encoder weights"))
        self.decoder = architecture.decoder(named_generator(config.seed, "decoder weights"))

    @torch.inference_mode()
    def encode(self, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Sampled codes of any number of images, on the CPU: (n, height, width) -> (n, code_dim)."""
        return self.posterior(x, generator).z

    @torch.inference_mode()
    def posterior(self, x: torch.Tensor, generator: torch.Generator) -> Codes:
        """Sampled codes and, where it is a Gaussian, q(z|x), on the CPU: of images, (n, height, width)."""
        parts = [self.encoder(part, self._noise(part, generator)) for part in x.split(BATCH)]
        columns = ([part.cpu() for part in column if part is not None] for column in zip(*parts, strict=True))
        return Codes(*(torch.cat(column) if column else None for column in columns))  # type: ignore[arg-type]

    def _noise(self, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor | None:
        noise = self.encoder.draw_noise(len(x), generator)
        return None if noise is None else noise.to(x.device)

    @torch.inference_mode()
    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """Images in (0, 1) for any number of codes, on the CPU: (n, code_dim) -> (n, height, width)."""
        device = next(self.decoder.parameters()).device
        return torch.cat([torch.sigmoid(self.decoder(part.to(device))).cpu() for part in z.split(BATCH)])
