"""Small weights beside those of the run that they are of."""

import numpy as np
import torch

from aae.model.networks import BATCH, Autoencoder
from aae.pretrained.network import Network
from aae.system.errors import UserError

ROUNDING = 0.01  # Of the farthest code: far more than that of half floats.


@torch.inference_mode()
def fidelity(network: Network, autoencoder: Autoencoder, x: torch.Tensor) -> dict[str, float]:
    """Measure how far codes and images of small weights are from those of all weights.

    Args:
        network: the small weights.
        autoencoder: all of them.
        x: images in [0, 1], (n, height, width).

    Returns:
        "code", the largest distance of any code in the prior's standard deviations; "pixel", the largest
        difference of any pixel, in [0, 1], of the images decoded from the codes; and "encoder_units" and
        "decoder_units", the hidden units that are left.

    Raises:
        UserError: the encoder's code is not what its network gives.
    """
    code = pixel = reach = 0.0
    for part in x.split(BATCH):
        noise = autoencoder.encoder.draw_noise(len(part), torch.Generator())
        z = autoencoder.encoder(part, None if noise is None else torch.zeros_like(noise)).z
        small = network.encode(part.numpy())
        code = max(code, float(np.linalg.norm(small - z.numpy(), axis=1).max()))
        reach = max(reach, float(z.abs().max()))
        difference = network.decode(z.numpy()) - autoencoder.decode(z).numpy()
        pixel = max(pixel, float(np.abs(difference).max()))
    if code > ROUNDING * reach:
        raise UserError(
            f"small weights give other codes than the run ({network.title}): of an encoder they have the "
            f"first {network.dim} outputs of its network alone; run the other stages by their names"
        )
    units = {
        f"{name}_units": sum(len(layer.bias) for layer in layers[:-1])
        for name, layers in (("encoder", network.encoder), ("decoder", network.decoder))
    }
    return {"code": code / network.prior_std, "pixel": pixel, **units}
