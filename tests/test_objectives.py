"""Terms that each objective adds to the reconstruction loss, and which network learns when."""

import copy

import pytest
import torch
from tiny import BATCH, make_adversarial, make_config, minibatch, moved, penalty_of, snapshot, take

from aae.data.datasets import UNLABELLED
from aae.model.objectives.adversarial import CLASSES, Adversarial
from aae.model.objectives.adversarial_losses import discriminator_loss, encoder_adversarial_loss
from aae.model.objectives.base import Moment
from aae.model.parts import make_objective
from aae.model.priors.mixture import Mixture
from aae.model.priors.swiss_roll import SwissRoll
from aae.model.randomness import named_generator


def watch(objective: Adversarial) -> list[torch.Tensor]:
    """The inputs that the discriminator gets from now on, call by call."""
    inputs: list[torch.Tensor] = []
    objective.discriminator.register_forward_pre_hook(lambda _, given: inputs.append(given[0].detach()))
    return inputs


# Adversarial.


def test_both_losses_are_of_the_discriminator_before_it_learns() -> None:
    objective = make_adversarial(regularization_interval=1, discriminator_learning_rate=1.0)
    before = copy.deepcopy(objective.discriminator)
    prior_samples = objective.prior.sample(BATCH, named_generator(0, "prior samples"))
    codes, y = minibatch(1)
    _, losses = penalty_of(objective, codes, y, Moment(1, 0.1, 1.0))
    assert losses == {
        "discriminator_loss": pytest.approx(
            discriminator_loss(before(prior_samples), before(codes.z)).item(), rel=1e-5
        ),
        "encoder_adversarial_loss": pytest.approx(encoder_adversarial_loss(before(codes.z)).item(), rel=1e-5),
    }
    assert moved(objective.discriminator, snapshot(before))


def test_the_discriminator_learns_at_its_own_rate_times_the_runs_factor() -> None:
    def shift(rate: float, factor: float) -> torch.Tensor:
        objective = make_adversarial(
            regularization_interval=1, optimizer="sgd", discriminator_learning_rate=rate
        )
        before = snapshot(objective.discriminator)
        take(objective, 1, factor=factor)
        weights = objective.discriminator.parameters()
        return torch.cat([(new - old).flatten() for new, old in zip(weights, before, strict=True)]).detach()

    full = shift(1.0, 1.0)
    assert full.abs().max() > 1e-3
    torch.testing.assert_close(shift(1.0, 0.5), 0.5 * full, rtol=1e-3, atol=1e-6)
    torch.testing.assert_close(shift(0.25, 1.0), 0.25 * full, rtol=1e-3, atol=1e-6)
    assert not shift(1.0, 0.0).any()


@pytest.mark.parametrize(("interval", "code_buffer"), [(1, 1), (1, 3), (3, 1), (3, 2), (3, 3), (2, 5)])
def test_the_discriminator_sees_exactly_the_codes_of_the_latest_minibatches(
    interval: int, code_buffer: int
) -> None:
    objective = make_adversarial(regularization_interval=interval, code_buffer=code_buffer)
    inputs = watch(objective)
    prior_samples = named_generator(0, "prior samples")
    for step in range(1, 10):
        take(objective, step, progress=step / 9)
        assert len(inputs) == step // interval  # One pass a phase, and none between.
        latest = [minibatch(number)[0].z for number in range(max(1, step - code_buffer + 1), step + 1)]
        kept = objective.buffers["codes"]
        assert torch.equal(kept[-len(latest) * BATCH :], torch.cat(latest))
        assert not kept.requires_grad
        if step % interval == 0:  # As many prior samples, new ones each time, stand before the codes.
            codes = torch.cat(latest)
            samples = objective.prior.sample(len(codes), prior_samples)
            assert torch.equal(inputs[-1], torch.cat([samples, codes]))


def test_until_the_refinement_the_discriminator_sees_the_codes_of_this_minibatch_alone() -> None:
    objective = make_adversarial(regularization_interval=1, code_buffer=3, refinement_start=0.5)
    inputs = watch(objective)
    for step in range(1, 9):
        take(objective, step, progress=step / 8)
    seen = [[1], [2], [3], [4], [4, 5], [4, 5, 6], [5, 6, 7], [6, 7, 8]]
    for given, steps in zip(inputs, seen, strict=True):
        codes = torch.cat([minibatch(step)[0].z for step in steps])
        assert torch.equal(given[len(codes) :], codes)


@pytest.mark.parametrize(("prior", "kind"), [("mixture", Mixture), ("swiss_roll", SwissRoll)])
def test_labels_tell_the_discriminator_digits_and_get_samples_of_their_components(
    prior: str, kind: type[Mixture] | type[SwissRoll]
) -> None:
    objective = make_adversarial(prior, labels=100, regularization_interval=1)
    inputs = watch(objective)
    codes, y = minibatch(1)
    y[: BATCH // 2] = UNLABELLED
    penalty_of(objective, codes, y, Moment(1, 0.1, 1.0))
    (both,) = inputs
    assert both.shape == (2 * BATCH, 2 + 11)
    assert CLASSES == 11
    assert set(both[:, 2:].unique().tolist()) == {0.0, 1.0}
    assert (both[:, 2:].sum(1) == 1).all()
    for digits in (both[:BATCH, 2:], both[BATCH:, 2:]):
        assert torch.equal(digits.argmax(1), y)
    components = kind().component(both[BATCH // 2 : BATCH, :2].numpy())
    assert components.tolist() == y[BATCH // 2 :].tolist()
    assert len(set(kind().component(both[: BATCH // 2, :2].numpy()))) > 5  # Of the whole prior.


def test_buffered_codes_keep_their_digits() -> None:
    objective = make_adversarial("mixture", labels=100, regularization_interval=3, code_buffer=2)
    inputs = watch(objective)
    for step in (1, 2, 3):
        take(objective, step)
    digits = torch.cat([minibatch(step)[1] for step in (2, 3)])
    assert torch.equal(inputs[0][:, 2:].argmax(1), torch.cat([digits, digits]))


# Variational and unregularized.


@pytest.mark.parametrize("prior", ["gaussian", "mixture"])
def test_the_variational_objective_adds_the_weighted_kl_divergence(prior: str) -> None:
    config = make_config(encoder="gaussian", prior=prior, objective="variational", train={"kl_weight": 0.5})
    objective = make_objective(config, torch.device("cpu"))
    codes, y = minibatch(1)
    penalty, losses = penalty_of(objective, codes, y, Moment(1, 0.1, 1.0))
    assert codes.mean is not None
    assert codes.std is not None
    expected = objective.prior.kl_divergence(codes.mean, codes.std, codes.z).mean().item()
    assert losses == {"kl_divergence": pytest.approx(expected, rel=1e-6)}
    assert penalty.item() == pytest.approx(0.5 * expected, rel=1e-6)
    for part in torch.autograd.grad(penalty, (codes.mean, codes.std)):
        assert part.abs().sum() > 0


def test_without_a_prior_exactly_nothing_is_added_and_no_loss_reported() -> None:
    config = make_config(prior="none")
    assert config.objective_name == "unregularized"
    objective = make_objective(config, torch.device("cpu"))
    assert [take(objective, step) for step in (1, 2)] == [{"penalty": 0.0}] * 2
    assert not objective.networks
    assert not any(objective.state_dict().values())
    objective.check(3, {"reconstruction_loss": 0.0})
