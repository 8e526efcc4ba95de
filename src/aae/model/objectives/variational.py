"""The variational objective: a VAE."""

import torch

from aae.model.encoders.base import Codes
from aae.model.objectives.base import Objective, Tensors


class Variational(Objective):
    """KL(q(z|x) || p(z)), as in a VAE: in closed form for the Gaussian, else by one sample an image."""

    def penalty(self, codes: Codes, kind: int, inputs: Tensors) -> tuple[torch.Tensor, Tensors]:
        """The mean KL divergence over the batch in nats, times `train.kl_weight`."""
        assert codes.mean is not None
        assert codes.std is not None
        kl = self.prior.kl_divergence(codes.mean, codes.std, codes.z).mean()
        return self.settings.kl_weight * kl, {"kl_divergence": kl.detach()}
