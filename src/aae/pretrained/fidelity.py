"""Small weights beside those of the run that they are of."""

import numpy as np
import torch

from aae.model.networks import BATCH, Autoencoder
from aae.pretrained.network import Network
from aae.pretrained.shrink import without_noise


@torch.inference_mode()
def fidelity(network: Network, autoencoder: Autoencoder, x: torch.Tensor) -> dict[str, float]:
    """How far codes and images of small weights are from those of all weights.

    Args:
        network: the small weights.
        autoencoder: all of them.
        x: images in [0, 1], (n, height, width).

    Returns:
        "code", the largest distance of any code in the prior's standard deviations; "pixel", the largest
        difference of any pixel of the images decoded from the codes; and "encoder_units" and "decoder_units",
        the hidden units that are left.
    """
    code = pixel = 0.0
    for part in x.split(BATCH):
        z = autoencoder.encoder.net(without_noise(part, autoencoder.encoder.noise), None)[:, : network.dim]
        small = network.encode(part.numpy())
        code = max(code, float(np.linalg.norm(small - z.numpy(), axis=1).max()))
        difference = network.decode(z.numpy()) - autoencoder.decode(z).numpy()
        pixel = max(pixel, float(np.abs(difference).max()))
    units = {
        f"{name}_units": sum(len(layer.bias) for layer in layers[:-1])
        for name, layers in (("encoder", network.encoder), ("decoder", network.decoder))
    }
    return {"code": code / network.prior_std, "pixel": pixel, **units}
