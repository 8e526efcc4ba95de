"""Training runs and single steps of a tiny budget, and whether weights moved."""

from collections.abc import Mapping

import torch
from conftest import ROOT
from torch import nn

from aae.model.encoders.base import Codes
from aae.model.objectives.adversarial import Adversarial
from aae.model.objectives.base import Moment, Objective
from aae.model.parts import make_objective
from aae.model.randomness import named_generator
from aae.model.trainer import Trainer
from aae.settings.config import RunConfig
from aae.settings.params import parse_params

TINY = {
    "epochs": 2,
    "batch_size": 100,
    "regularization_interval": 2,
    "refinement_start": 0.0,
    "device": "cpu",
    "precision": "float32",
}
BATCH = 50  # Codes in a `minibatch`.


def make_config(
    model: Mapping[str, object] | None = None,
    train: Mapping[str, object] | None = None,
    **settings: object,
) -> RunConfig:
    """The committed recipe with a tiny budget and the given changes."""
    content = parse_params((ROOT / "params.yaml").read_text(encoding="utf-8")).base().model_dump()
    content["model"] |= {"hidden_units": 64} | dict(model or {})
    content["train"] |= TINY | dict(train or {})
    return RunConfig.model_validate(content | settings)


def make_adversarial(prior: str = "gaussian", labels: int = 0, **train: object) -> Adversarial:
    """The adversarial objective of such a run."""
    config = make_config(prior=prior, labels=labels, train=train)
    objective = make_objective(config, torch.device("cpu"))
    assert isinstance(objective, Adversarial)
    return objective


def minibatch(step: int) -> tuple[Codes, torch.Tensor]:
    """Codes of a Gaussian encoder and digits, other ones at each step."""
    generator = named_generator(step, "test")
    mean = torch.randn(BATCH, 2, generator=generator).requires_grad_()
    std = (0.1 + torch.rand(BATCH, 2, generator=generator)).requires_grad_()
    z = mean + std * torch.randn(BATCH, 2, generator=generator)
    return Codes(z, mean, std), torch.randint(10, (BATCH,), generator=generator)


def penalty_of(
    objective: Objective, codes: Codes, y: torch.Tensor, moment: Moment
) -> tuple[torch.Tensor, dict[str, float]]:
    """The penalty of a step, drawn and taken, and its losses as numbers."""
    kind, inputs = objective.draw(moment, y)
    penalty, losses = objective.penalty(codes, kind, inputs)
    return penalty, {name: value.item() for name, value in losses.items()}


def take(objective: Objective, step: int, progress: float = 0.1, factor: float = 1.0) -> dict[str, float]:
    """The losses of one step, and the penalty among them."""
    penalty, losses = penalty_of(objective, *minibatch(step), Moment(step, progress, factor))
    return {"penalty": penalty.item(), **losses}


def next_step(trainer: Trainer) -> dict[str, float]:
    """Take a trainer's next step; its losses as numbers."""
    (kind,), (inputs,) = trainer._draw(1)
    trainer.step += 1
    return {name: value.item() for name, value in trainer.run_step(kind, inputs).items()}


def snapshot(network: nn.Module) -> list[torch.Tensor]:
    """Copies of a network's weights."""
    return [parameter.detach().clone() for parameter in network.parameters()]


def moved(network: nn.Module, before: list[torch.Tensor]) -> bool:
    """Tell if any weight differs from what it was."""
    return any(not torch.equal(a, b) for a, b in zip(network.parameters(), before, strict=True))
