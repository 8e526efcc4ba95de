"""One pass through the discriminator serves both losses; the encoder's has a weight that grows."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tiny import make_adversarial, minibatch, penalty_of
from torch import nn

from aae.data.datasets import UNLABELLED
from aae.model.encoders.base import Codes
from aae.model.networks import apply
from aae.model.objectives.adversarial import CLASSES, Adversarial
from aae.model.objectives.adversarial_losses import encoder_adversarial_loss
from aae.model.objectives.base import Moment
from aae.settings.config import RunConfig

EVERY_STEP: dict[str, Any] = {"regularization_interval": 1, "discriminator_learning_rate": 0.03}


def logits_of(discriminator: nn.Module, config: RunConfig, z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Logits of a discriminator for codes, and for their digits where it is told them."""
    inputs = torch.cat([z, F.one_hot(y, CLASSES)], dim=1) if config.labels else z
    return apply(discriminator, config.train.precision, inputs).squeeze(1)


def gradients(loss: torch.Tensor, codes: Codes) -> list[torch.Tensor]:
    """By the codes, and by the mean and the standard deviation that they were drawn with."""
    assert codes.mean is not None
    assert codes.std is not None
    return list(torch.autograd.grad(loss, (codes.z, codes.mean, codes.std), retain_graph=True))


def apart(one: torch.Tensor, other: torch.Tensor) -> float:
    """The length of the difference, as a share of the other's length."""
    return float((one - other).norm() / other.norm())


def constant_weight(weight: float) -> dict[str, Any]:
    """The settings of an adversarial loss that weighs the same throughout."""
    return {"adversarial_weight_start": weight, "adversarial_weight": weight}


def shift_logits(objective: Adversarial, logit: float) -> None:
    """Make the discriminator certain: about this logit for all that it sees."""
    *_, last = objective.discriminator.children()
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        last.bias.fill_(logit)


# The gradient.


@pytest.mark.parametrize("code_buffer", [1, 3])
@pytest.mark.parametrize(("prior", "labels"), [("gaussian", 0), ("mixture", 100), ("swiss_roll", 100)])
@pytest.mark.parametrize(("precision", "error"), [("float32", 1e-6), ("bfloat16", 0.02)])
def test_the_encoder_gets_autograds_gradient_through_the_discriminator_before_its_update(
    precision: str, error: float, prior: str, labels: int, code_buffer: int
) -> None:
    train = EVERY_STEP | constant_weight(0.25) | {"precision": precision, "code_buffer": code_buffer}
    objective = make_adversarial(prior, labels, **train)
    for step in range(1, 7):  # Of a discriminator that has learnt more each time.
        before = copy.deepcopy(objective.discriminator)
        codes, y = minibatch(step)
        if labels:
            y[::2] = UNLABELLED
        penalty, _ = penalty_of(objective, codes, y, Moment(step, step / 6, 1.0))
        expected, updated = (
            gradients(
                0.25 * encoder_adversarial_loss(logits_of(network, objective.config, codes.z, y)), codes
            )
            for network in (before, objective.discriminator)
        )
        for found, right, wrong in zip(gradients(penalty, codes), expected, updated, strict=True):
            assert apart(found, right) < error
            assert apart(found, wrong) > 2 * error


@pytest.mark.parametrize("code_buffer", [1, 3])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("logit", [-1000.0, -200.0, -80.0, 80.0, 200.0, 1000.0])
def test_the_gradient_of_a_certain_discriminator_is_finite(
    logit: float, precision: str, code_buffer: int
) -> None:
    objective = make_adversarial(code_buffer=code_buffer, precision=precision, **EVERY_STEP)
    for step in range(1, 4):
        shift_logits(objective, logit)
        codes, y = minibatch(step)
        penalty, losses = penalty_of(objective, codes, y, Moment(step, 0.5, 1.0))
        for gradient in gradients(penalty, codes):
            assert gradient.isfinite().all()
        assert losses["encoder_adversarial_loss"] == pytest.approx(max(-logit, 0), rel=0.1, abs=1e-6)
        assert all(parameter.isfinite().all() for parameter in objective.discriminator.parameters())


# The weight.


def weight_at(progress: float, **train: Any) -> float:
    """By how much the encoder's gradient exceeds that of its loss."""
    objective = make_adversarial(**EVERY_STEP, **train)
    codes, y = minibatch(1)
    (expected, *_) = gradients(encoder_adversarial_loss(objective.discriminator(codes.z)), codes)
    (found, *_) = gradients(penalty_of(objective, codes, y, Moment(1, progress, 1.0))[0], codes)
    return float(found.norm() / expected.norm())


@pytest.mark.parametrize("start", [0.0, 0.6])
@pytest.mark.parametrize(("first", "last"), [(0.01, 0.25), (0.25, 0.01), (0.05, 0.05)])
def test_the_weight_goes_geometrically_from_its_first_value_to_its_last(
    first: float, last: float, start: float
) -> None:
    train = {"adversarial_weight_start": first, "adversarial_weight": last, "refinement_start": start}
    found = [weight_at(progress, **train) for progress in np.linspace(start + 1e-9, 1, 5)]
    np.testing.assert_allclose(found, np.geomspace(first, last, 5), rtol=1e-5)
    assert found[2] == pytest.approx((first * last) ** 0.5, rel=1e-5)


def test_until_the_refinement_the_weight_is_its_first_value() -> None:
    train = {"adversarial_weight_start": 0.01, "adversarial_weight": 0.25, "refinement_start": 0.6}
    found = [weight_at(progress, **train) for progress in (1e-9, 0.3, 0.6)]
    np.testing.assert_allclose(found, [0.01, 0.01, 0.01], rtol=1e-5)
