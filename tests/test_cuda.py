"""Training on CUDA: captured steps give the bits of eager ones, twice, and after a resume."""

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from tiny import make_config

from aae.model import capture
from aae.model.trainer import Trainer
from aae.settings.config import RunConfig

pytestmark = [
    pytest.mark.cuda,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here"),
]
COMBINATIONS: list[dict[str, Any]] = [
    *({"encoder": encoder} for encoder in ("deterministic", "gaussian", "universal")),
    *({"prior": prior} for prior in ("uniform", "mixture", "swiss_roll", "none")),
    {"prior": "mixture", "labels": 300},
    {"model": {"fourier_features": 8}},
    *(
        {"encoder": "gaussian", "objective": "variational", "prior": prior}
        for prior in ("gaussian", "mixture")
    ),
]
RECIPES: list[dict[str, Any]] = [
    {"optimizer": "adam", "regularization_interval": 1},
    {"optimizer": "sgd", "learning_rate": 0.1},
    {"optimizer": "sgd", "learning_rate": 0.1, "updates": "separate"},
    {"precision": "bfloat16"},
]


def config_of(settings: Mapping[str, Any], **train: object) -> RunConfig:
    recipe = {"device": "cuda", "epochs": 3, "batch_size": 50, "refinement_start": 0.3, "code_buffer": 3}
    return make_config(train=recipe | train, **settings)


def trained(
    config: RunConfig, x: torch.Tensor, epochs: int, state: dict[str, dict[str, torch.Tensor]] | None = None
) -> Trainer:
    labels = torch.arange(len(x)) % 10
    trainer = Trainer(config, (x * 255).round().to(torch.uint8).cuda(), labels)
    if state:
        trainer.load_state_dict(state)
    for _ in range(epochs):
        trainer.run_epoch()
    return trainer


def assert_same(a: Trainer, b: Trainer) -> None:
    weights = b.weights()
    for name, value in a.weights().items():
        assert torch.equal(value, weights[name]), name


@pytest.mark.parametrize("settings", COMBINATIONS, ids=str)
@pytest.mark.parametrize("recipe", RECIPES, ids=str)
def test_captured_steps_give_the_bits_of_eager_ones(
    settings: Mapping[str, Any],
    recipe: Mapping[str, Any],
    x: torch.Tensor,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config = config_of(settings, **recipe)
    first, second = trained(config, x, 3), trained(config, x, 3)
    assert isinstance(first.run_step, capture.CapturedStep)
    assert first.run_step.graphs
    assert capsys.readouterr().err == ""
    assert_same(first, second)
    monkeypatch.setattr(capture, "EAGER_STEPS", 10**9)
    assert_same(first, trained(config, x, 3))


def test_a_resumed_run_ends_with_the_bits_of_an_undisturbed_one(x: torch.Tensor) -> None:
    config = config_of({"encoder": "gaussian"}, regularization_interval=2)
    undisturbed, killed = trained(config, x, 3), trained(config, x, 1)
    state = {
        group: {name: value.cpu() for name, value in members.items()}
        for group, members in killed.state_dict().items()
    }
    assert_same(undisturbed, trained(config, x, 2, state))
