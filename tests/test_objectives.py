"""What each objective adds to the reconstruction loss, and which network learns when."""

import copy

import pytest
import torch
from tiny import make_config, moved, snapshot

from aae.config import UNLABELLED
from aae.errors import UserError
from aae.model.losses import discriminator_loss, encoder_adversarial_loss
from aae.model.networks import Codes
from aae.model.objectives import CLASSES, OBJECTIVES, Adversarial, Moment, Objective
from aae.model.priors import Mixture, SwissRoll
from aae.randomness import named_generator

BATCH = 50
LOSSES = ["discriminator_loss", "encoder_adversarial_loss"]


def make(prior: str = "gaussian", labels: int = 0, **train: object) -> Adversarial:
    config = make_config(prior=prior, labels=labels, train=train)
    objective = OBJECTIVES[config.objective_name](config, torch.device("cpu"))
    assert isinstance(objective, Adversarial)
    return objective


def minibatch(step: int) -> tuple[Codes, torch.Tensor]:
    """Codes of a Gaussian encoder and digits, other ones at each step."""
    generator = named_generator(step, "test")
    mean = torch.randn(BATCH, 2, generator=generator).requires_grad_()
    std = (0.1 + torch.rand(BATCH, 2, generator=generator)).requires_grad_()
    z = mean + std * torch.randn(BATCH, 2, generator=generator)
    return Codes(z, mean, std), torch.randint(10, (BATCH,), generator=generator)


def take(objective: Objective, step: int, progress: float = 0.1, factor: float = 1.0) -> dict[str, float]:
    """The losses of one step, and the penalty among them."""
    penalty, losses = objective.penalty(*minibatch(step), Moment(step, progress, factor))
    return {"penalty": penalty.item(), **losses}


def watch(objective: Adversarial) -> list[torch.Tensor]:
    """The inputs that the discriminator gets from now on, call by call."""
    inputs: list[torch.Tensor] = []
    objective.discriminator.register_forward_pre_hook(lambda _, given: inputs.append(given[0].detach()))
    return inputs


# Adversarial.


def test_between_regularization_phases_nothing_is_added_and_the_discriminator_rests() -> None:
    objective = make(regularization_interval=3)
    before = snapshot(objective.discriminator)
    for step in (1, 2):
        assert take(objective, step) == {"penalty": 0.0}
        assert not moved(objective.discriminator, before)
    assert list(take(objective, 3)) == ["penalty", *LOSSES]
    assert moved(objective.discriminator, before)
    assert take(objective, 4) == {"penalty": 0.0}


def test_the_encoder_gets_its_weighted_loss_against_the_discriminator_that_has_just_learnt() -> None:
    objective = make(regularization_interval=1, adversarial_weight=0.25)
    codes, y = minibatch(1)
    before = copy.deepcopy(objective.discriminator)
    prior_samples = objective.prior.sample(BATCH, named_generator(0, "prior samples"))
    penalty, losses = objective.penalty(codes, y, Moment(1, 0.1, 1.0))
    adversarial = encoder_adversarial_loss(objective.discriminator(codes.z))
    assert losses["encoder_adversarial_loss"] == pytest.approx(adversarial.item(), rel=1e-5)
    assert penalty.item() == pytest.approx(0.25 * adversarial.item(), rel=1e-5)
    # Its own loss is that before it learns.
    expected = discriminator_loss(before(prior_samples), before(codes.z)).item()
    assert losses["discriminator_loss"] == pytest.approx(expected, rel=1e-5)
    (gradient,) = torch.autograd.grad(penalty, codes.z)
    assert gradient.abs().sum() > 0


def test_the_discriminator_learns_at_its_own_rate_times_the_runs_factor() -> None:
    def shift(rate: float, factor: float) -> torch.Tensor:
        objective = make(regularization_interval=1, optimizer="sgd", discriminator_learning_rate=rate)
        before = snapshot(objective.discriminator)
        take(objective, 1, factor=factor)
        weights = objective.discriminator.parameters()
        return torch.cat([(new - old).flatten() for new, old in zip(weights, before, strict=True)]).detach()

    full = shift(1.0, 1.0)
    assert full.abs().max() > 1e-3
    torch.testing.assert_close(shift(1.0, 0.5), 0.5 * full, rtol=1e-3, atol=1e-6)
    torch.testing.assert_close(shift(0.25, 1.0), 0.25 * full, rtol=1e-3, atol=1e-6)
    assert not shift(1.0, 0.0).any()


def test_learning_brings_the_discriminators_loss_down() -> None:
    objective = make(regularization_interval=1)
    far, y = Codes(torch.full((BATCH, 2), 3.0)), torch.zeros(BATCH, dtype=torch.int64)
    losses = [objective.penalty(far, y, Moment(step, 0.1, 1.0))[1] for step in range(1, 30)]
    assert losses[-1]["discriminator_loss"] < 0.5 * losses[0]["discriminator_loss"]
    assert losses[-1]["encoder_adversarial_loss"] > losses[0]["encoder_adversarial_loss"]


def test_from_the_start_of_the_code_buffer_on_the_discriminator_sees_all_recent_codes() -> None:
    objective = make(regularization_interval=3, code_buffer_start=0.5)
    inputs = watch(objective)
    for step in range(1, 13):
        take(objective, step, progress=step / 12)
    codes = [minibatch(step)[0].z.detach() for step in range(13)]
    # At each phase prior samples and codes, then the minibatch's codes for the encoder's own loss.
    assert [len(given) for given in inputs] == [2 * BATCH, BATCH] * 2 + [6 * BATCH, BATCH] * 2
    for place, seen in ((0, [3]), (2, [6]), (4, [7, 8, 9]), (6, [10, 11, 12])):
        expected = torch.cat([codes[step] for step in seen])
        assert torch.equal(inputs[place][len(expected) :], expected)
        assert torch.equal(inputs[place + 1], codes[seen[-1]])


@pytest.mark.parametrize(("prior", "kind"), [("mixture", Mixture), ("swiss_roll", SwissRoll)])
def test_labels_tell_the_discriminator_digits_and_get_samples_of_their_components(
    prior: str, kind: type[Mixture] | type[SwissRoll]
) -> None:
    objective = make(prior, labels=100, regularization_interval=1)
    inputs = watch(objective)
    codes, y = minibatch(1)
    y[: BATCH // 2] = UNLABELLED
    objective.penalty(codes, y, Moment(1, 0.1, 1.0))
    both, again = inputs
    assert both.shape == (2 * BATCH, 2 + 11)
    assert CLASSES == 11
    assert set(both[:, 2:].unique().tolist()) == {0.0, 1.0}
    assert (both[:, 2:].sum(1) == 1).all()
    for digits in (both[:BATCH, 2:], both[BATCH:, 2:], again[:, 2:]):
        assert torch.equal(digits.argmax(1), y)
    components = kind().component(both[BATCH // 2 : BATCH, :2].numpy())
    assert components.tolist() == y[BATCH // 2 :].tolist()
    assert len(set(kind().component(both[: BATCH // 2, :2].numpy()))) > 5  # Of the whole prior.


def test_buffered_codes_keep_their_digits() -> None:
    objective = make("mixture", labels=100, regularization_interval=3, code_buffer_start=0.0)
    inputs = watch(objective)
    for step in (1, 2, 3):
        take(objective, step)
    digits = torch.cat([minibatch(step)[1] for step in (1, 2, 3)])
    assert torch.equal(inputs[0][:, 2:].argmax(1), torch.cat([digits, digits]))


def test_a_certain_discriminator_ends_a_training_run_in_one_line() -> None:
    objective = make()
    with pytest.raises(UserError) as caught:
        objective.check(3, {"discriminator_loss": 0.001, "encoder_adversarial_loss": 9.0})
    line = str(caught.value)
    assert line.startswith("training collapsed in epoch 3: the discriminator tells every code from the prior")
    assert line.endswith("lower train.discriminator_learning_rate or raise train.adversarial_weight")
    assert len(line.splitlines()) == 1


def test_an_uncertain_discriminator_lets_a_training_run_go_on() -> None:
    objective = make()
    objective.check(3, {"discriminator_loss": 0.02})
    objective.check(3, {"reconstruction_loss": 0.0})  # An epoch without a regularization phase.
    before = snapshot(objective.discriminator)
    assert take(objective, 2)["discriminator_loss"] > 0
    assert moved(objective.discriminator, before)


# Variational and unregularized.


@pytest.mark.parametrize("prior", ["gaussian", "mixture"])
def test_the_variational_objective_adds_the_weighted_kl_divergence(prior: str) -> None:
    config = make_config(encoder="gaussian", prior=prior, objective="variational", train={"kl_weight": 0.5})
    objective = OBJECTIVES[config.objective_name](config, torch.device("cpu"))
    codes, y = minibatch(1)
    penalty, losses = objective.penalty(codes, y, Moment(1, 0.1, 1.0))
    assert codes.mean is not None
    assert codes.std is not None
    expected = objective.prior.kl_divergence(codes.mean, codes.std, codes.z).mean().item()
    assert losses == {"kl_divergence": pytest.approx(expected, rel=1e-6)}
    assert penalty.item() == pytest.approx(0.5 * expected, rel=1e-6)
    for part in torch.autograd.grad(penalty, (codes.mean, codes.std)):
        assert part.abs().sum() > 0


@pytest.mark.parametrize("objective_setting", ["adversarial", "variational"])
def test_without_a_prior_exactly_nothing_is_added_and_no_loss_reported(objective_setting: str) -> None:
    config = make_config(prior="none", objective=objective_setting)
    assert config.objective_name == "unregularized"
    objective = OBJECTIVES[config.objective_name](config, torch.device("cpu"))
    assert [take(objective, step) for step in (1, 2)] == [{"penalty": 0.0}] * 2
    assert not objective.networks
    assert not any(objective.state_dict().values())
    objective.check(3, {"reconstruction_loss": 0.0})


# State.


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize(("prior", "labels"), [("gaussian", 0), ("mixture", 100)])
@pytest.mark.parametrize("steps", [0, 1, 2, 4])
def test_a_state_taken_up_goes_on_as_if_never_put_away(
    steps: int, prior: str, labels: int, optimizer: str
) -> None:
    def fresh() -> Adversarial:
        settings = {"regularization_interval": 3, "code_buffer_start": 0.0, "optimizer": optimizer}
        return make(prior, labels, **settings)

    undisturbed = fresh()
    for step in range(1, steps + 1):
        take(undisturbed, step)
    state = copy.deepcopy(undisturbed.state_dict())
    expected = [take(undisturbed, step) for step in range(steps + 1, 10)]
    resumed = fresh()
    resumed.load_state_dict({name: group for name, group in state.items() if group})  # As files keep it.
    assert [take(resumed, step) for step in range(steps + 1, 10)] == expected
    assert not moved(resumed.discriminator, snapshot(undisturbed.discriminator))


def test_a_state_of_another_objective_or_of_other_networks_is_refused() -> None:
    config = make_config(prior="none")
    unregularized = OBJECTIVES["unregularized"](config, torch.device("cpu"))
    with pytest.raises(KeyError):
        make().load_state_dict(unregularized.state_dict())
    with pytest.raises(RuntimeError, match="size mismatch"):
        make("mixture").load_state_dict(make("mixture", labels=100).state_dict())
