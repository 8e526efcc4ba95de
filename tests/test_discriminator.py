"""The discriminator sees codes as they are and, where asked for, cosines of them."""

import math

import pytest
import torch
from conftest import ROOT, failure
from tiny import make_config, next_step
from torch import nn

from aae.model.discriminator import FourierFeatures, make_discriminator
from aae.model.networks import apply
from aae.model.objectives.adversarial_losses import discriminator_loss
from aae.model.randomness import named_generator
from aae.model.trainer import Trainer
from aae.settings.params import parse_params

N = 4000


def features(dim: int = 2, highest: float = 40.0, std: float = 1.0, seed: int = 0) -> FourierFeatures:
    return FourierFeatures(N, dim, highest, std, named_generator(seed, "test"))


@pytest.mark.parametrize("dim", [2, 8])
def test_frequencies_are_log_uniform_and_point_everywhere(dim: int) -> None:
    lengths = features(dim).frequencies.norm(dim=1)
    assert lengths.min() >= 1 - 1e-5
    assert lengths.max() <= 40 + 1e-4
    share = lengths.log() / math.log(40)
    assert share.quantile(torch.tensor([0.25, 0.5, 0.75])) == pytest.approx([0.25, 0.5, 0.75], abs=0.03)
    directions = features(dim).frequencies / lengths[:, None]
    assert directions.mean(0).abs().max() < 0.05
    assert torch.allclose(directions.T @ directions / N, torch.eye(dim) / dim, atol=0.03)


def test_frequencies_are_in_the_priors_standard_deviations() -> None:
    z = torch.randn(100, 2)
    assert torch.allclose(features(std=5.0)(5 * z)[:, 2:], features()(z)[:, 2:], atol=1e-4)


def test_codes_and_labels_stay_beside_the_cosines() -> None:
    inputs = torch.randn(10, 2 + 11)
    few = FourierFeatures(7, 2, 15.0, 1.0, named_generator(0, "test"))
    seen = few(inputs)
    assert seen.shape == (10, 2 + 11 + 7)
    assert torch.equal(seen[:, :13], inputs)
    angles = inputs[:, :2].double() @ few.frequencies.double().T + few.phases.double()
    assert torch.allclose(seen[:, 13:].double(), angles.cos(), atol=1e-5)
    assert few.phases.min() >= 0
    assert few.phases.max() < 2 * math.pi


def test_bfloat16_rounds_cosines_and_not_their_angles() -> None:
    z = torch.randn(100, 2) * 3
    network = nn.Sequential(features())
    assert torch.allclose(apply(network, "bfloat16", z), network(z), atol=0.01)


def test_the_seed_draws_them() -> None:
    plain, one, other = (
        make_discriminator(make_config(model={"fourier_features": n}, seed=seed), 0)
        for n, seed in ((0, 0), (64, 0), (64, 1))
    )
    assert not any(isinstance(layer, FourierFeatures) for layer in plain)
    drawn = [each[0] for each in (one, other)]
    assert all(isinstance(each, FourierFeatures) for each in drawn)
    assert not torch.equal(drawn[0].phases, drawn[1].phases)  # type: ignore[arg-type]
    assert plain[0].in_features == 2
    assert one[1].in_features == 66


def test_a_trainer_keeps_them_and_never_moves_them(x: torch.Tensor) -> None:
    trainer = Trainer(make_config(model={"fourier_features": 8}), x, torch.zeros(len(x)).long())
    name = "discriminator.0.frequencies"
    before = trainer.weights()[name].clone()
    next_step(trainer)
    next_step(trainer)
    assert torch.equal(trainer.weights()[name], before)


def test_fine_structure_is_seen_with_them_alone() -> None:
    """Codes in stripes 0.16 standard deviations wide: in 400 steps cosines tell them from the prior."""
    found = {}
    for count in (0, 256):
        config = make_config(model={"fourier_features": count, "fourier_frequency": 40.0})
        discriminator = make_discriminator(config, 0)
        optimizer = torch.optim.Adam(discriminator.parameters(), 3e-3)
        generator = named_generator(0, "stripes")
        seen = []
        for _ in range(400):
            prior, codes = torch.randn(2, 500, 2, generator=generator)
            kept = torch.rand(500, generator=generator) < 0.5 + 0.5 * (codes[:, 0] * 20).sin()
            loss = discriminator_loss(discriminator(prior), discriminator(codes[kept]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            seen.append(math.log(2) - loss.item())
        found[count] = sum(seen[-100:]) / 100
    assert found[0] < 0.01
    assert found[256] > 0.05


def test_without_a_discriminator_they_are_refused() -> None:
    text = (ROOT / "params.yaml").read_text(encoding="utf-8")
    text = text.replace("fourier_features: 0", "fourier_features: 64").replace(
        "prior: gaussian", "prior: none"
    )
    line = failure(lambda: parse_params(text))
    assert "model.fourier_features: 64" in line
    assert "only 0 is allowed" in line
