"""Reconstruction alone."""

import torch

from aae.model.encoders.base import Codes
from aae.model.objectives.base import Objective, Tensors


class Unregularized(Objective):
    """Reconstruction alone: an autoencoder whose codes nothing constrains."""

    def penalty(self, codes: Codes, kind: int, inputs: Tensors) -> tuple[torch.Tensor, Tensors]:
        """Nothing."""
        return codes.z.new_zeros(()), {}
