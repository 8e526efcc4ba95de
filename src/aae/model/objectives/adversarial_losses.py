"""The losses of the regularization phase, each of logits and each a mean over the batch."""

import torch
import torch.nn.functional as F

LEAST_LOGIT = -60.0


def discriminator_loss(prior_logits: torch.Tensor, code_logits: torch.Tensor) -> torch.Tensor:
    """Mean binary cross-entropy of the discriminator (paper, equation 1), in nats: ln 2 at chance.

    Args:
        prior_logits: logits of prior samples (true), (batch,).
        code_logits: logits of codes (false), (batch,).
    """
    return 0.5 * (F.softplus(-prior_logits).mean() + F.softplus(code_logits).mean())


def encoder_adversarial_loss(code_logits: torch.Tensor) -> torch.Tensor:
    """The encoder's adversarial loss, in its non-saturating form: -ln D(z), in nats.

    Args:
        code_logits: logits of codes, (batch,).
    """
    return F.softplus(-code_logits).mean()


def encoder_factor(code_logits: torch.Tensor, part: slice) -> torch.Tensor:
    """Factor that turns a code's gradient of `discriminator_loss` into that of `encoder_adversarial_loss`.

    A code moves only its own logit l. So both gradients are d l / d z times the loss's derivative by l:
    sigmoid(l) / (2 n) for the discriminator, -sigmoid(-l) / m for the encoder. One backward pass of the
    discriminator serves both losses.

    Args:
        code_logits: logits of all n codes of the discriminator's loss, (n,).
        part: those m codes that the encoder's loss is the mean of.

    Returns:
        The quotient of the derivatives, -exp(-l) 2 n / m, (m,).
    """
    n, logits = len(code_logits), code_logits[part]
    # Below it the factor would overflow while the discriminator's gradient underflows: there the encoder's
    # gradient fades to 0. In training logits stay above -20.
    return -torch.exp(-logits.clamp(min=LEAST_LOGIT)) * (2 * n / len(logits))
