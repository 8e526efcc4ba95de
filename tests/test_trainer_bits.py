"""A training run repeats to the bit, resumes to the bit, and says in one line why it stops."""

import copy
import math
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from tiny import make_config, moved, next_step, snapshot

from aae.model.randomness import named_generator
from aae.model.trainer import Trainer
from aae.settings.config import RunConfig
from aae.system.errors import UserError

ENCODERS = pytest.mark.parametrize("encoder", ["deterministic", "gaussian", "universal"])


def make(config: RunConfig, x: torch.Tensor, epoch_images: int | None = None) -> Trainer:
    return Trainer(config, x, torch.arange(len(x)) % 10, epoch_images)


def assert_equal_states(one: Mapping[str, Mapping[str, torch.Tensor]], other: Trainer) -> None:
    """All that later steps depend on is the same to the bit, but for groups without tensors."""
    expected = {group: members for group, members in other.state_dict().items() if members}
    assert {group for group, members in one.items() if members} == set(expected)
    for group, members in expected.items():
        assert set(one[group]) == set(members), group
        assert all(torch.equal(one[group][name], tensor) for name, tensor in members.items()), group


# The same bits.


@ENCODERS
def test_the_same_settings_give_the_same_bits(encoder: str, x: torch.Tensor) -> None:
    one, other = (make(make_config(encoder=encoder), x) for _ in range(2))
    assert [one.run_epoch(), one.run_epoch()] == [other.run_epoch(), other.run_epoch()]
    assert_equal_states(one.state_dict(), other)
    another = make(make_config(encoder=encoder, seed=1), x)
    assert another.run_epoch()["reconstruction_loss"] > 0
    assert moved(another.autoencoder, snapshot(one.autoencoder))


def test_the_prior_changes_neither_first_weights_nor_batch_order(x: torch.Tensor) -> None:
    seen: dict[str, list[torch.Tensor]] = {}
    for prior in ("gaussian", "uniform", "mixture", "none"):
        trainer = make(make_config(prior=prior), x)
        seen[prior] = snapshot(trainer.autoencoder)
        trainer.run_epoch()
        seen[prior].append(torch.randperm(600, generator=trainer.batch_order))
    for prior in ("uniform", "mixture", "none"):
        assert all(torch.equal(a, b) for a, b in zip(seen["gaussian"], seen[prior], strict=True))


@pytest.mark.parametrize(
    "epochs_before", [1, 2]
)  # Of six steps: in the middle of a pass of four, and at an end.
@pytest.mark.parametrize(
    ("settings", "train"),
    [
        *(({"prior": "mixture", "labels": 100}, {"code_buffer": kept}) for kept in (1, 3, 5)),
        ({"prior": "mixture"}, {"code_buffer": 3, "refinement_start": 0.6}),  # After all that resumes.
        ({"encoder": "gaussian"}, {"optimizer": "sgd", "regularization_interval": 4}),
        ({"encoder": "gaussian"}, {"optimizer": "sgd", "updates": "separate"}),
        ({"encoder": "universal"}, {"refinement_start": 0.2}),
        ({"encoder": "gaussian", "prior": "none"}, {"optimizer": "sgd"}),
    ],
    ids=str,
)
def test_a_run_resumes_to_the_bit_in_the_middle_of_a_pass_and_at_its_end(
    settings: dict[str, Any], train: dict[str, Any], epochs_before: int, x: torch.Tensor
) -> None:
    few = x[:400]
    # The code buffer reaches back over the ends of epochs.
    config = make_config(
        train={"epochs": 4, "regularization_interval": 5, "code_buffer": 3} | train, **settings
    )
    undisturbed = make(config, few, len(x))
    for _ in range(epochs_before):
        undisturbed.run_epoch()
    assert (undisturbed.step % 4 == 0) is (epochs_before == 2)
    state = copy.deepcopy(undisturbed.state_dict())
    resumed = make(config, few, len(x))
    resumed.load_state_dict({name: group for name, group in state.items() if group})  # As files keep it.
    assert_equal_states(state, resumed)
    for _ in range(epochs_before, 4):
        assert resumed.run_epoch() == undisturbed.run_epoch()
    assert_equal_states(resumed.state_dict(), undisturbed)


def test_a_state_of_other_networks_is_refused(x: torch.Tensor) -> None:
    wide, trainer = (make(make_config(model={"hidden_units": units}), x) for units in (32, 64))
    for each in (wide, trainer):
        each.run_epoch()
    state = trainer.state_dict()
    moments = {name: value.T for name, value in state["autoencoder_optimizer"].items() if value.ndim == 2}
    without = {name: group for name, group in state.items() if name != "discriminator"}
    for other in (wide.state_dict(), state | {"autoencoder_optimizer": moments}, without, {}):
        with pytest.raises(ValueError, match="not of these networks"):
            trainer.load_state_dict(other)


# The precision.


@ENCODERS
def test_bfloat16_rounds_the_products_and_nothing_else(encoder: str, x: torch.Tensor) -> None:
    exact, rounded = (
        make(make_config(encoder=encoder, train={"regularization_interval": 1, "precision": precision}), x)
        for precision in ("float32", "bfloat16")
    )
    first = [next_step(trainer) for trainer in (exact, rounded)]
    assert first[0] != first[1]
    assert first[1] == pytest.approx(first[0], rel=0.02)
    assert rounded.objective.buffers["codes"].dtype == torch.float32
    state = rounded.state_dict()
    assert {
        tensor.dtype for name in ("autoencoder", "discriminator_optimizer") for tensor in state[name].values()
    } == {torch.float32}

    # Outside of steps the same weights give the same codes.
    exact.autoencoder.load_state_dict(rounded.autoencoder.state_dict())
    codes = [trainer.autoencoder.encode(x, named_generator(0, "test")) for trainer in (exact, rounded)]
    assert torch.equal(codes[0], codes[1])


def test_in_bfloat16_the_discriminators_update_reaches_the_next_step(x: torch.Tensor) -> None:
    # Autocast keeps copies of weights within a context, and would keep them through an update.
    train = {"regularization_interval": 1, "precision": "bfloat16"}
    trainers = [
        make(make_config(train=train | {"discriminator_learning_rate": rate}), x) for rate in (1e-6, 1.0)
    ]
    idle, keen = ([next_step(trainer)["encoder_adversarial_loss"] for _ in range(2)] for trainer in trainers)
    assert keen[0] == idle[0]
    assert keen[1] != pytest.approx(idle[1], rel=0.01)


# Runs from which nothing more can come.


def test_a_batch_larger_than_the_data_is_refused_in_one_line(x: torch.Tensor) -> None:
    with pytest.raises(UserError, match=r"^params\.yaml: train\.batch_size: 601 is more than the 600 .*$"):
        make(make_config(train={"batch_size": 601}), x)


@pytest.mark.parametrize("loss", ["reconstruction loss", "discriminator loss"])
def test_a_loss_that_is_no_number_is_said_in_one_line(loss: str, x: torch.Tensor) -> None:
    trainer = make(make_config(train={"regularization_interval": 1}), x)
    discriminator = trainer.objective.networks["discriminator"]
    network = discriminator if loss.startswith("discriminator") else trainer.autoencoder
    with torch.no_grad():
        next(network.parameters()).fill_(math.nan)
    line = rf"^training diverged at step 1: the {loss} is nan; lower train\.learning_rate"
    with pytest.raises(UserError, match=line):
        trainer.run_epoch()


@pytest.mark.parametrize("prior", ["gaussian", "none"])
def test_codes_at_one_point_end_a_training_run_in_one_line(prior: str, x: torch.Tensor) -> None:
    trainer = make(make_config(prior=prior), x)
    z = torch.tensor([[1.0, 2.0], [1.0, 2.0001], [1.0001, 2.0]])
    for codes in (z, torch.full((3, 2), math.nan)):
        with pytest.raises(UserError, match=r"^training collapsed in epoch 3: .* one point .*$") as caught:
            trainer.check_collapse(3, {"reconstruction_loss": 0.2}, codes)
        assert "lower train.learning_rate, train.adversarial_weight_start, train." in str(caught.value)


def test_a_certain_discriminator_ends_a_training_run_in_one_line(x: torch.Tensor) -> None:
    losses = {"discriminator_loss": 0.001, "encoder_adversarial_loss": 9.0}
    with pytest.raises(
        UserError, match=r"in epoch 3: the discriminator .*raise .* train\.adversarial_weight$"
    ):
        make(make_config(), x).check_collapse(3, losses, torch.eye(2))


def test_a_training_run_that_learns_goes_on(x: torch.Tensor) -> None:
    trainer = make(make_config(), x)
    losses = trainer.run_epoch()
    state = copy.deepcopy(trainer.state_dict())
    trainer.check_collapse(1, losses, trainer.autoencoder.encode(x, named_generator(0, "codes")))
    trainer.check_collapse(1, losses, torch.tensor([[1.0, 2.0], [1.0, 3.0]]))  # A line is no point.
    assert_equal_states(state, trainer)
