"""The losses are what they are called, means over the batch, and push the right way."""

import math

import pytest
import torch
import torch.nn.functional as F

from aae.model.losses import cross_entropy, squared_error
from aae.model.objectives.adversarial_losses import (
    LEAST_LOGIT,
    discriminator_loss,
    encoder_adversarial_loss,
    encoder_factor,
)
from aae.model.randomness import named_generator

LOGITS = 3 * torch.randn(64, generator=named_generator(0, "logits"), dtype=torch.float64)
OTHER_LOGITS = 3 * torch.randn(64, generator=named_generator(0, "other logits"), dtype=torch.float64)


def test_both_adversarial_losses_are_ln_2_at_zero_logits() -> None:
    zeros = torch.zeros(5)
    assert discriminator_loss(zeros, zeros).item() == pytest.approx(math.log(2))
    assert encoder_adversarial_loss(zeros).item() == pytest.approx(math.log(2))


def test_the_discriminator_learns_prior_samples_as_1_and_codes_as_0() -> None:
    logits = torch.cat([LOGITS, OTHER_LOGITS])
    targets = torch.cat([torch.ones(64), torch.zeros(64)]).double()
    expected = F.binary_cross_entropy_with_logits(logits, targets)
    torch.testing.assert_close(discriminator_loss(LOGITS, OTHER_LOGITS), expected)


def test_the_encoder_wants_its_codes_taken_for_1() -> None:
    expected = F.binary_cross_entropy(torch.sigmoid(LOGITS), torch.ones_like(LOGITS))
    torch.testing.assert_close(encoder_adversarial_loss(LOGITS), expected)


def test_the_reconstruction_losses_are_means_over_pixels_and_images() -> None:
    x = torch.rand(4, 784, generator=named_generator(0, "images"), dtype=torch.float64)
    x_logits = torch.randn(4, 784, generator=named_generator(0, "pixels"), dtype=torch.float64)
    expected = sum(
        (1 / (1 + torch.exp(-logits)) - image).pow(2).sum() for logits, image in zip(x_logits, x, strict=True)
    )
    expected = expected / (4 * 784)
    torch.testing.assert_close(squared_error(x_logits, x), expected)
    likelihood = torch.distributions.Bernoulli(logits=x_logits, validate_args=False)
    torch.testing.assert_close(cross_entropy(x_logits, x), -likelihood.log_prob(x).mean())


@pytest.mark.parametrize("logit", [1000.0, -1000.0])
def test_losses_and_gradients_stay_finite_at_extreme_logits(logit: float) -> None:
    logits = torch.full((3,), logit, requires_grad=True)
    x = torch.tensor([0.0, 0.5, 1.0])
    for loss in (
        discriminator_loss(logits, logits),
        encoder_adversarial_loss(logits),
        squared_error(logits, x),
        cross_entropy(logits, x),
    ):
        (gradient,) = torch.autograd.grad(loss, logits)
        assert loss.isfinite()
        assert gradient.isfinite().all()
    assert discriminator_loss(logits, logits).item() == pytest.approx(500)


@pytest.mark.parametrize("part", [slice(None), slice(40, None), slice(0, 7)])
def test_the_factor_is_the_quotient_of_the_losses_derivatives(part: slice) -> None:
    logits = torch.linspace(-59, 30, 64, dtype=torch.float64).requires_grad_()
    (by_discriminator,) = torch.autograd.grad(discriminator_loss(torch.zeros(64).double(), logits), logits)
    (by_encoder,) = torch.autograd.grad(encoder_adversarial_loss(logits[part]), logits)
    factor = encoder_factor(logits.detach(), part)
    assert factor.shape == logits[part].shape
    # PyTorch's softplus is linear beyond 20, where it rounds sigmoid(20) to 1.
    torch.testing.assert_close(by_discriminator[part] * factor, by_encoder[part], rtol=1e-8, atol=0)


def test_beyond_the_least_logit_the_gradient_fades_and_never_overflows() -> None:
    logits = torch.linspace(-300, 300, 1201, requires_grad=True)
    (by_discriminator,) = torch.autograd.grad(discriminator_loss(torch.zeros(1), logits), logits)
    found = by_discriminator * encoder_factor(logits.detach(), slice(None)) * len(logits)
    assert found.isfinite().all()
    assert (found <= 0).all()
    assert (found >= -1.001).all()  # A code's full share of the mean.
    assert found[0] == 0
    kept = logits.detach() >= LEAST_LOGIT
    torch.testing.assert_close(found[kept], -torch.sigmoid(-logits.detach()[kept]), rtol=1e-5, atol=1e-8)
