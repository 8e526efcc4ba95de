"""The training loop: its phases, its order of images, and when it stops a run."""

import numpy as np
import pytest
import torch
from tiny import make_config, moved, next_step, snapshot

from aae.measure.distances import sliced_w2
from aae.model.objectives.adversarial import Adversarial
from aae.model.objectives.base import Moment, Tensors
from aae.model.priors.gaussian import Gaussian
from aae.model.randomness import named_generator
from aae.model.trainer import Trainer, rate_factor, to_unit
from aae.settings.config import RunConfig

ADVERSARIAL = ["discriminator_loss", "encoder_adversarial_loss"]


def make(
    config: RunConfig, x: torch.Tensor, y: np.ndarray | None = None, epoch_images: int | None = None
) -> Trainer:
    digits = torch.zeros(len(x)) if y is None else torch.from_numpy(y.copy())
    return Trainer(config, x, digits.long(), epoch_images)


def discriminator_of(trainer: Trainer) -> torch.nn.Module:
    assert isinstance(trainer.objective, Adversarial)
    return trainer.objective.discriminator


def seen_images(trainer: Trainer, monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """Filled with the places of the images of each minibatch to come."""
    seen: list[list[int]] = []
    run_step = trainer.run_step

    def watch(kind: int, inputs: Tensors) -> Tensors:
        seen.append(inputs["batch"].tolist())
        return run_step(kind, inputs)

    monkeypatch.setattr(trainer, "run_step", watch)
    return seen


# The phases.


def test_every_second_step_has_a_regularization_phase_and_moves_the_discriminator(x: torch.Tensor) -> None:
    trainer = make(make_config(), x)
    networks = [trainer.autoencoder.encoder, trainer.autoencoder.decoder, discriminator_of(trainer)]
    for step in range(4):
        before = [snapshot(network) for network in networks]
        losses = next_step(trainer)
        assert list(losses) == ["reconstruction_loss", *(ADVERSARIAL if step % 2 else [])]
        expected = [True, True, step % 2 == 1]
        assert [moved(network, was) for network, was in zip(networks, before, strict=True)] == expected


def test_the_regularization_phase_reaches_the_encoder_but_not_the_decoder(x: torch.Tensor) -> None:
    light, heavy = (
        make(make_config(train={"adversarial_weight_start": weight, "regularization_interval": 1}), x)
        for weight in (0.01, 10.0)
    )
    for trainer in (light, heavy):
        next_step(trainer)
    assert moved(heavy.autoencoder.encoder, snapshot(light.autoencoder.encoder))
    assert not moved(heavy.autoencoder.decoder, snapshot(light.autoencoder.decoder))


# Images, passes and epochs.


def test_bytes_train_as_the_same_images_in_floats_do(x: torch.Tensor) -> None:
    as_bytes = (255 * x).round().to(torch.uint8)
    assert torch.equal(to_unit(as_bytes), x)
    floats, bytes_ = (make(make_config(), images) for images in (x, as_bytes))
    assert floats.run_epoch() == bytes_.run_epoch()
    assert not moved(floats.autoencoder, snapshot(bytes_.autoencoder))


def test_each_image_is_seen_at_most_once_an_epoch_and_whole_batches_only(
    x: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = make(make_config(train={"batch_size": 250}), x)
    seen = seen_images(trainer, monkeypatch)
    trainer.run_epoch()
    assert [len(batch) for batch in seen] == [250, 250]
    assert len({number for batch in seen for number in batch}) == 500


def test_with_fewer_images_an_epoch_keeps_its_length_in_updates(
    x: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = x[:400]
    trainer = make(make_config(), few, epoch_images=len(x))
    seen = seen_images(trainer, monkeypatch)
    for _ in range(2):
        trainer.run_epoch()
    assert trainer.step == len(seen) == 2 * 6
    passes = [[number for batch in seen[start : start + 4] for number in batch] for start in (0, 4, 8)]
    assert [sorted(numbers) for numbers in passes] == 3 * [list(range(400))]
    assert len({tuple(numbers) for numbers in passes}) == 3


def test_the_objective_is_told_the_images_digits_and_where_the_run_stands(
    x: torch.Tensor, y: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = make(make_config(prior="mixture", labels=600), x, y)
    seen = seen_images(trainer, monkeypatch)
    told: list[tuple[Moment, torch.Tensor]] = []
    draw = trainer.objective.draw

    def watch(moment: Moment, digits: torch.Tensor) -> tuple[int, Tensors]:
        told.append((moment, digits))
        return draw(moment, digits)

    monkeypatch.setattr(trainer.objective, "draw", watch)
    for _ in range(2):
        trainer.run_epoch()
    for step, (places, (moment, digits)) in enumerate(zip(seen, told, strict=True), 1):
        assert digits.tolist() == y[places].tolist()
        assert moment.step == step
        assert moment.progress == pytest.approx(step / 12)
    assert moment.progress == 1


def test_an_epoch_gives_the_mean_of_its_steps_losses(x: torch.Tensor) -> None:
    trainer, stepped = make(make_config(), x), make(make_config(), x)
    told: list[int] = []
    losses = trainer.run_epoch(lambda: told.append(trainer.step))
    steps = [next_step(stepped) for _ in range(6)]
    assert told == [1, 2, 3, 4, 5, 6]
    assert list(losses) == ["reconstruction_loss", *ADVERSARIAL, "learning_rate"]
    for name in ["reconstruction_loss", *ADVERSARIAL]:
        assert losses[name] == pytest.approx(np.mean([each[name] for each in steps if name in each]))


def test_inputs_that_are_drawn_in_several_blocks_are_those_of_one(
    x: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = make(make_config(encoder="gaussian"), x)
    at_once.run_epoch()
    monkeypatch.setattr("aae.model.trainer.BLOCK", 4)
    in_blocks = make(make_config(encoder="gaussian"), x)
    in_blocks.run_epoch()
    assert not moved(in_blocks.autoencoder, snapshot(at_once.autoencoder))


# Learning rates.


def test_rates_rise_stay_and_fall_to_zero() -> None:
    factors = [
        rate_factor(progress, warmup=0.1, decay_start=0.5) for progress in (0.05, 0.1, 0.3, 0.5, 0.75, 1.0)
    ]
    np.testing.assert_allclose(factors, [0.5, 1, 1, 1, 0.5, 0])
    assert rate_factor(0.01, warmup=0.0, decay_start=0.5) == 1


def test_the_rates_fall_to_zero_at_the_runs_last_step(x: torch.Tensor) -> None:
    train = {"epochs": 1, "warmup": 0.5, "decay_start": 0.5, "regularization_interval": 1}
    trainer = make(make_config(train=train), x)
    optimizers = [trainer.optimizer, trainer.objective.optimizers["discriminator_optimizer"]]
    rates: list[list[float]] = []
    trainer.run_epoch(lambda: rates.append([float(each.param_groups[0]["lr"]) for each in optimizers]))
    full = [trainer.settings.learning_rate, trainer.settings.discriminator_learning_rate]
    expected = np.outer([1 / 3, 2 / 3, 1, 2 / 3, 1 / 3, 0], full)
    np.testing.assert_allclose(rates, expected, atol=1e-12)


def test_training_lowers_the_reconstruction_loss_and_draws_the_codes_to_the_prior(x: torch.Tensor) -> None:
    distances = {}
    for prior in ("gaussian", "none"):
        train = {"epochs": 60, "regularization_interval": 1, "learning_rate": 1.0e-3}
        trainer = make(make_config(prior=prior, train=train), x)
        losses = [trainer.run_epoch()["reconstruction_loss"] for _ in range(60)]
        assert losses[-1] < 0.8 * losses[0]
        z = trainer.autoencoder.encode(x, named_generator(0, "codes")).numpy()
        distances[prior] = sliced_w2(z, Gaussian())
    assert distances["gaussian"] < 0.5 * distances["none"]


def test_separate_updates_move_the_encoder_twice_and_the_decoder_once(x: torch.Tensor) -> None:
    """A first step of SGD has no momentum yet: it is the sum of its gradients times the rate."""
    train = {"optimizer": "sgd", "regularization_interval": 1, "adversarial_weight_start": 1.0}
    joint, separate = (
        Trainer(make_config(train=train | {"updates": updates}), x, torch.zeros(len(x)).long())
        for updates in ("joint", "separate")
    )
    parts = [(each.autoencoder.encoder, each.autoencoder.decoder) for each in (joint, separate)]
    before = [snapshot(part) for part in parts[0]]
    losses = [next_step(each) for each in (joint, separate)]
    assert losses[0]["reconstruction_loss"] == losses[1]["reconstruction_loss"]
    # The second phase encodes anew, by the weights after the first.
    assert losses[0]["discriminator_loss"] != losses[1]["discriminator_loss"]
    for one, other in zip(*(decoder.parameters() for _, decoder in parts), strict=True):
        assert torch.equal(one, other)
    moves = [
        torch.cat([(now - was).flatten() for now, was in zip(encoder.parameters(), before[0], strict=True)])
        for encoder, _ in parts
    ]
    assert not torch.equal(*moves)
    assert torch.nn.functional.cosine_similarity(moves[0], moves[1], dim=0) > 0.999
    assert (moves[0] - moves[1]).norm() < 0.02 * moves[0].norm()
