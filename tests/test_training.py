"""The two phases, the schedule, and that a training repeats to the bit."""

import math

import numpy as np
import pytest
import torch
from conftest import ROOT
from torch import nn

from aae.config import RunConfig
from aae.errors import UserError
from aae.fit import sliced_w2
from aae.params import parse_params
from aae.priors import Gaussian
from aae.randomness import named_generator
from aae.training import Losses, Trainer, choose_device, mean_losses, rate_factor


def make_config(encoder: str = "deterministic", prior: str = "gaussian", **train: object) -> RunConfig:
    """The committed recipe with a tiny budget."""
    params = parse_params((ROOT / "params.yaml").read_text())
    tiny = {"epochs": 2, "batch_size": 100, "regularization_interval": 2} | train
    return RunConfig.model_validate(
        {
            "encoder": encoder,
            "prior": prior,
            "seed": 0,
            "model": {"hidden_units": 64},
            "train": params.train.model_dump() | tiny,
        }
    )


def snapshot(network: nn.Module) -> list[torch.Tensor]:
    return [parameter.detach().clone() for parameter in network.parameters()]


def moved(network: nn.Module, before: list[torch.Tensor]) -> bool:
    return any(not torch.equal(a, b) for a, b in zip(network.parameters(), before, strict=True))


@pytest.fixture
def trainer(x: torch.Tensor) -> Trainer:
    return Trainer(make_config(), x)


def test_a_step_between_regularization_phases_leaves_the_discriminator_alone(
    trainer: Trainer, x: torch.Tensor
) -> None:
    discriminator = snapshot(trainer.discriminator)
    encoder, decoder = snapshot(trainer.autoencoder.encoder), snapshot(trainer.autoencoder.decoder)
    losses = trainer.run_step(x[:100])
    assert not moved(trainer.discriminator, discriminator)
    assert moved(trainer.autoencoder.encoder, encoder)
    assert moved(trainer.autoencoder.decoder, decoder)
    assert math.isnan(losses.discriminator_loss)


def test_a_step_with_both_phases_moves_all_three_networks(trainer: Trainer, x: torch.Tensor) -> None:
    trainer.run_step(x[:100])
    networks = [trainer.discriminator, trainer.autoencoder.encoder, trainer.autoencoder.decoder]
    before = [snapshot(network) for network in networks]
    losses = trainer.run_step(x[:100])
    assert all(moved(network, was) for network, was in zip(networks, before, strict=True))
    assert losses.discriminator_loss > 0


def test_the_regularization_phase_reaches_the_encoder_but_not_the_decoder(x: torch.Tensor) -> None:
    light = Trainer(make_config(adversarial_weight=[0.01, 0.01], regularization_interval=1), x)
    heavy = Trainer(make_config(adversarial_weight=[10.0, 10.0], regularization_interval=1), x)
    for trainer in (light, heavy):
        trainer.run_step(x[:100])
    assert moved(heavy.autoencoder.encoder, snapshot(light.autoencoder.encoder))
    assert not moved(heavy.autoencoder.decoder, snapshot(light.autoencoder.decoder))


def test_without_a_prior_there_is_no_regularization_phase(x: torch.Tensor) -> None:
    trainer = Trainer(make_config(prior="none", regularization_interval=1), x)
    discriminator = snapshot(trainer.discriminator)
    losses = trainer.run_epoch()
    assert not moved(trainer.discriminator, discriminator)
    assert math.isnan(losses.discriminator_loss)
    assert math.isnan(losses.encoder_adversarial_loss)


def test_the_prior_changes_neither_first_weights_nor_batch_order(x: torch.Tensor) -> None:
    seen: dict[str, list[torch.Tensor]] = {}
    for prior in ("gaussian", "none"):
        trainer = Trainer(make_config(prior=prior), x)
        seen[prior] = [*snapshot(trainer.autoencoder), *snapshot(trainer.discriminator)]
        trainer.run_epoch()
        seen[prior].append(torch.randperm(600, generator=trainer.batch_order))
    assert all(torch.equal(a, b) for a, b in zip(seen["gaussian"], seen["none"], strict=True))


@pytest.mark.parametrize("encoder", ["deterministic", "gaussian", "universal"])
def test_the_same_settings_give_the_same_bits(encoder: str, x: torch.Tensor) -> None:
    results = []
    for _ in range(2):
        trainer = Trainer(make_config(encoder), x)
        losses = [trainer.run_epoch(), trainer.run_epoch()]
        results.append((losses, snapshot(trainer.autoencoder)))
    assert results[0][0] == results[1][0]
    assert all(torch.equal(a, b) for a, b in zip(results[0][1], results[1][1], strict=True))


def test_training_lowers_the_reconstruction_loss_and_draws_the_codes_to_the_prior(x: torch.Tensor) -> None:
    trainer = Trainer(make_config(epochs=60, regularization_interval=1, learning_rate=1.0e-3), x)
    first = trainer.run_epoch()
    for _ in range(59):
        last = trainer.run_epoch()
    assert last.reconstruction_loss < 0.8 * first.reconstruction_loss
    z = trainer.autoencoder.encode(x, named_generator(0, "codes")).numpy()

    free = Trainer(make_config(prior="none", epochs=60, learning_rate=1.0e-3), x)
    for _ in range(60):
        free.run_epoch()
    z_free = free.autoencoder.encode(x, named_generator(0, "codes")).numpy()
    assert sliced_w2(z, Gaussian()) < 0.5 * sliced_w2(z_free, Gaussian())


def test_each_image_is_seen_at_most_once_an_epoch_and_whole_batches_only(x: torch.Tensor) -> None:
    trainer = Trainer(make_config(batch_size=250), x)
    seen: list[int] = []
    step = trainer.run_step
    numbered = {tuple(image.tolist()): number for number, image in enumerate(x)}

    def watch(x: torch.Tensor) -> Losses:
        seen.extend(numbered[tuple(image.tolist())] for image in x)
        return step(x)

    trainer.run_step = watch  # type: ignore[method-assign]
    trainer.run_epoch()
    assert len(seen) == len(set(seen)) == 500


def test_a_batch_larger_than_the_data_is_refused_in_one_line(x: torch.Tensor) -> None:
    with pytest.raises(UserError, match=r"train\.batch_size: 601 is more than the 600"):
        Trainer(make_config(batch_size=601), x)


def test_divergence_is_said_in_one_line(trainer: Trainer, x: torch.Tensor) -> None:
    with torch.no_grad():
        next(trainer.autoencoder.parameters()).fill_(float("nan"))
    with pytest.raises(UserError, match=r"diverged at step 1: .* lower train\.learning_rate"):
        trainer.run_epoch()


def test_rates_rise_stay_and_fall_to_zero() -> None:
    factors = [
        rate_factor(progress, warmup=0.1, decay_start=0.5) for progress in (0.05, 0.1, 0.3, 0.5, 0.75, 1.0)
    ]
    np.testing.assert_allclose(factors, [0.5, 1, 1, 1, 0.5, 0])
    assert rate_factor(0.01, warmup=0.0, decay_start=0.5) == 1


def test_mean_losses_passes_over_steps_without_regularization() -> None:
    mean = mean_losses([Losses(1.0), Losses(3.0, 0.5, 0.7)])
    assert mean == Losses(2.0, 0.5, 0.7)
    assert math.isnan(mean_losses([Losses(1.0)]).discriminator_loss)


def test_an_absent_device_is_refused_in_one_line() -> None:
    absent = next(
        name
        for name, there in (("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available()))
        if not there
    )
    with pytest.raises(UserError, match=rf"train\.device: this machine has no {absent}; it has: .*cpu"):
        choose_device(absent)
    assert choose_device("auto").type in {"cpu", "cuda", "mps"}
