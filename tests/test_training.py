"""The two phases, the schedule, and that a training repeats to the bit."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import ROOT
from torch import nn

from aae import checkpoints
from aae.checkpoints import Checkpoint
from aae.config import ModelSettings, RunConfig
from aae.errors import UserError
from aae.fit import sliced_w2
from aae.params import parse_params
from aae.priors import Gaussian
from aae.randomness import named_generator
from aae.training import (
    Losses,
    Trainer,
    arithmetic,
    check_collapse,
    choose_device,
    choose_precision,
    dropout,
    mean_losses,
    rate_factor,
)


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


def test_late_in_training_the_discriminator_sees_all_codes_since_it_last_learnt(
    x: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 12 steps in all, a regularization phase on every third.
    trainer = Trainer(make_config(regularization_interval=3, recall_start=0.5), x)
    shown: list[int] = []
    sample = Gaussian.sample

    def count(self: Gaussian, n: int, generator: torch.Generator) -> torch.Tensor:
        shown.append(n)
        return sample(self, n, generator)

    monkeypatch.setattr(Gaussian, "sample", count)
    for _ in range(2):
        trainer.run_epoch()
    assert shown == [100, 100, 300, 300]


def test_dropout_hides_a_share_of_the_pixels_and_keeps_their_mean() -> None:
    x = torch.ones(100, 784)
    hidden = dropout(x, 0.2, named_generator(0, "test"))
    # 0.2 in 16 bits; the others make up for it.
    assert hidden.unique().tolist() == [0.0, pytest.approx(2**16 / (2**16 - round(0.2 * 2**16)))]
    assert hidden.mean().item() == pytest.approx(1, abs=0.01)
    assert torch.equal(hidden, dropout(x, 0.2, named_generator(0, "test")))
    assert dropout(x, 0.0, named_generator(0, "test")) is x


def test_bytes_train_as_the_same_images_in_floats_do(x: torch.Tensor) -> None:
    as_bytes = (255 * x).round().to(torch.uint8)
    trainers = [Trainer(make_config(), images) for images in (x, as_bytes)]
    assert trainers[0].run_epoch() == trainers[1].run_epoch()
    assert not moved(trainers[0].autoencoder, snapshot(trainers[1].autoencoder))


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


@pytest.mark.parametrize("prior", ["gaussian", "none"])
@pytest.mark.parametrize("encoder", ["deterministic", "gaussian", "universal"])
def test_a_training_that_goes_on_from_a_checkpoint_gives_the_same_bits(
    encoder: str, prior: str, x: torch.Tensor, tmp_path: Path
) -> None:
    config = make_config(encoder, prior, epochs=3)
    undisturbed = Trainer(config, x)
    for _ in range(3):
        last = undisturbed.run_epoch()

    first = Trainer(config, x)
    first.run_epoch()
    path = tmp_path / "run/key.safetensors"
    checkpoints.save(Checkpoint(first.state_dict(), [], finished=False), path)
    first.run_epoch()  # Moves what it has, not what it gave.
    second = Trainer(config, x)
    second.load_state_dict(checkpoints.load(path).tensors)
    second.run_epoch()
    assert repr(second.run_epoch()) == repr(last)
    checkpoints.save(Checkpoint(second.state_dict(), [], finished=True), path)
    expected = undisturbed.state_dict()
    for group, members in checkpoints.load(path).tensors.items():
        assert all(torch.equal(tensor, expected[group][name]) for name, tensor in members.items()), group


def test_a_state_of_other_networks_is_refused(x: torch.Tensor) -> None:
    trainer = Trainer(make_config(regularization_interval=1), x)
    trainer.run_epoch()
    state = trainer.state_dict()
    narrower = make_config().model_copy(update={"model": ModelSettings(hidden_units=32)})
    with pytest.raises(ValueError, match="not of these networks"):
        Trainer(narrower, x).load_state_dict(state)
    moments = {name: value.T for name, value in state["autoencoder_optimizer"].items() if value.ndim == 2}
    with pytest.raises(ValueError, match="not of these networks"):
        Trainer(make_config(), x).load_state_dict(state | {"autoencoder_optimizer": moments})
    with pytest.raises(ValueError, match="not of these networks"):
        Trainer(make_config(), x).load_state_dict({})


def test_an_adversarial_loss_that_is_no_number_is_said_in_one_line(x: torch.Tensor) -> None:
    trainer = Trainer(make_config(regularization_interval=1), x)
    with torch.no_grad():
        next(trainer.discriminator.parameters()).fill_(float("nan"))
    with pytest.raises(UserError, match=r"step 1: the discriminator loss is nan; lower train\.learning_rate"):
        trainer.run_epoch()


def test_codes_at_one_point_end_a_training_in_one_line() -> None:
    z = torch.tensor([[1.0, 2.0], [1.0, 2.0001], [1.0001, 2.0]])
    for codes in (z, torch.full((3, 2), float("nan"))):
        with pytest.raises(UserError, match=r"in epoch 3: .* one point .*; lower train\.learning_rate"):
            check_collapse(3, Losses(0.2), codes)


def test_a_certain_discriminator_ends_a_training_in_one_line() -> None:
    with pytest.raises(UserError, match=r"in epoch 3: the discriminator .*raise train\.adversarial_weight"):
        check_collapse(3, Losses(0.2, 0.001, 9.0), torch.eye(2))


def test_a_training_that_learns_goes_on() -> None:
    check_collapse(3, Losses(0.2, 0.69, 0.7), torch.eye(2))
    check_collapse(3, Losses(0.2), torch.eye(2))  # Without a prior.
    check_collapse(3, Losses(0.2, 0.69, 0.7), torch.tensor([[1.0, 2.0], [1.0, 3.0]]))  # A line is no point.


# The precision.


@pytest.mark.parametrize(
    ("units", "chosen"),
    [
        ({"avx512_bf16": True, "amx_bf16": False}, "bfloat16"),
        ({"avx512_bf16": False, "amx_bf16": True}, "bfloat16"),
        ({"avx512_bf16": False, "amx_bf16": False}, "float32"),
        ({}, "float32"),
    ],
)
def test_auto_takes_bfloat16_only_where_the_cpu_has_units_for_it(
    units: dict[str, bool], chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: units)
    cpu = torch.device("cpu")
    assert choose_precision("auto", cpu) == chosen
    assert choose_precision("auto", torch.device("cuda")) == "float32"
    assert [choose_precision(name, cpu) for name in ("float32", "bfloat16")] == ["float32", "bfloat16"]


@pytest.mark.parametrize("encoder", ["deterministic", "gaussian", "universal"])
def test_bfloat16_rounds_the_products_and_nothing_else(encoder: str, x: torch.Tensor) -> None:
    exact, rounded = (
        Trainer(make_config(encoder, regularization_interval=1, precision=precision), x)
        for precision in ("float32", "bfloat16")
    )
    first = [vars(trainer.run_step(x[:100])) for trainer in (exact, rounded)]
    assert first[0] != first[1]
    for name, value in first[0].items():
        # The first loss is of equal weights; the second's discriminator has learnt from rounded codes.
        assert first[1][name] == pytest.approx(value, rel=0.02)
    assert {value.dtype for value in rounded.recent_codes} == {torch.float32}
    state = rounded.state_dict()
    assert {
        tensor.dtype for name in ("autoencoder", "discriminator_optimizer") for tensor in state[name].values()
    } == {torch.float32}

    # Outside of steps the same weights give the same codes.
    exact.autoencoder.load_state_dict(rounded.autoencoder.state_dict())
    codes = [trainer.autoencoder.encode(x, named_generator(0, "test")) for trainer in (exact, rounded)]
    assert torch.equal(codes[0], codes[1])


def test_in_bfloat16_the_encoder_meets_the_discriminator_that_has_just_learnt(
    x: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config(regularization_interval=1, precision="bfloat16", discriminator_learning_rate=1.0)
    losses = Trainer(config, x).run_step(x[:100])
    idle = Trainer(config, x)
    monkeypatch.setattr(idle.discriminator_optimizer, "step", lambda rate: None)
    assert losses.encoder_adversarial_loss != pytest.approx(
        idle.run_step(x[:100]).encoder_adversarial_loss, rel=0.01
    )


def prepared(then: str) -> str:
    """What lines of Python print in a prepared process of their own."""
    lines = "import resource, torch; from aae.training import prepare_process; prepare_process()\n"
    command = [sys.executable, "-c", lines + then]
    return subprocess.run(command, cwd=ROOT / "src", check=True, capture_output=True, text=True).stdout


def test_a_prepared_process_takes_subnormal_numbers_for_zero_in_all_threads() -> None:
    numbers = 1_000_000  # So many that PyTorch shares them among its threads.
    assert prepared(f"print((torch.full(({numbers},), 1e-40) * 2).count_nonzero().item())") == "0\n"


@pytest.mark.skipif(sys.platform != "linux", reason="of glibc")
def test_a_prepared_process_keeps_memory_for_large_gradients() -> None:
    # 64 MB, which fresh from the system are 16,000 pages.
    again = "for _ in range(20): torch.ones(16_000_000)"
    pages = "resource.getrusage(resource.RUSAGE_SELF).ru_minflt"
    # At first the heap grows, until its gaps are large enough.
    assert int(prepared(f"{again}\nbefore = {pages}\n{again}\nprint({pages} - before)")) < 1000


def test_what_decides_the_bits_is_told() -> None:
    told = arithmetic(make_config(precision="bfloat16").train, torch.device("cpu"))
    assert told == {
        "torch": torch.__version__,
        "device": "cpu",
        "capability": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "precision": "bfloat16",
    }
