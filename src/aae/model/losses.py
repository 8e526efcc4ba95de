"""The reconstruction loss."""

import torch
import torch.nn.functional as F


def reconstruction_loss(x_logits: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Mean squared error per pixel: the paper's Euclidean cost, with its sigmoid output (appendix A.1).

    Args:
        x_logits: the decoder's logits, (batch, height, width).
        x: images in [0, 1], (batch, height, width).
    """
    return F.mse_loss(torch.sigmoid(x_logits), x)
