"""The reconstruction losses, by the names that params.yaml gives them."""

import torch
import torch.nn.functional as F


def squared_error(x_logits: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Mean squared error a pixel: the paper's Euclidean cost, with its sigmoid output (appendix A.1).

    Args:
        x_logits: the decoder's logits, (batch, height, width).
        x: images in [0, 1], (batch, height, width).
    """
    return F.mse_loss(torch.sigmoid(x_logits), x)


def cross_entropy(x_logits: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Mean binary cross-entropy a pixel in nats: a Bernoulli likelihood's -log p(x|z); as `squared_error`."""
    return F.binary_cross_entropy_with_logits(x_logits, x)


RECONSTRUCTION_LOSSES = {"squared_error": squared_error, "cross_entropy": cross_entropy}
