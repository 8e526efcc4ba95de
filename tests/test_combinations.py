"""Every setting of a run goes with every other, or is refused in one line that names it."""

import copy
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from conftest import ROOT, failure
from tiny import TINY, moved, snapshot

from aae.data.images import read_images
from aae.model.parts import ENCODERS, PRIORS, run_prior
from aae.model.trainer import Losses, Trainer
from aae.settings.config import RunConfig
from aae.settings.params import parse_params

Changes = dict[str, Any]
CONTENT: Changes = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
GRID = list(product(PRIORS, ["adversarial", "variational"], ENCODERS))
LOSSES = {
    "adversarial": ["reconstruction_loss", "discriminator_loss", "encoder_adversarial_loss"],
    "variational": ["reconstruction_loss", "kl_divergence"],
    "unregularized": ["reconstruction_loss"],
}


def allowed(prior: str, objective: str, encoder: str) -> bool:
    """Rule of params.yaml: a VAE needs the Gaussian encoder, and a prior without places of density 0."""
    return objective == "adversarial" or (encoder == "gaussian" and prior in ("gaussian", "mixture"))


def configure(changes: Changes) -> RunConfig:
    """The base run of the committed params.yaml with a tiny budget, and changes such as "model.sigma"."""
    content = copy.deepcopy(CONTENT)
    tiny = {f"train.{key}": value for key, value in TINY.items()} | {
        "model.hidden_units": 16,
        "train.epochs": 1,
        "train.batch_size": 50,
        "data.images": 200,
    }
    for key, value in (tiny | changes).items():
        *section, last = key.split(".")
        (content[section[0]] if section else content)[last] = value
    return parse_params(yaml.safe_dump(content)).base()


def make(folder: Path, changes: Changes) -> Trainer:
    config = configure(changes)
    images = read_images(folder, config)
    run_prior(config)
    return Trainer(config, torch.tensor(images.x), torch.from_numpy(images.y), images.total)


def assert_trains(folder: Path, changes: Changes) -> tuple[Trainer, Losses]:
    """All networks learn, all weights and losses stay finite, and the losses have the right names."""
    trainer = make(folder, changes)
    networks = [
        trainer.autoencoder.encoder,
        trainer.autoencoder.decoder,
        *trainer.objective.networks.values(),
    ]
    before = [snapshot(network) for network in networks]
    losses = trainer.run_epoch()
    assert list(losses) == [*LOSSES[trainer.config.objective_name], "learning_rate"]
    assert all(map(torch.isfinite, torch.tensor(list(losses.values()))))
    for network, was in zip(networks, before, strict=True):
        assert moved(network, was)
        assert all(parameter.isfinite().all() for parameter in network.parameters())
    return trainer, losses


def refusal(folder: Path, changes: Changes) -> str:
    """The one line that says why these settings do not go together."""
    line = failure(lambda: make(folder, changes))
    assert line.startswith("params.yaml: ")
    return line


@pytest.mark.parametrize(("prior", "objective", "encoder"), [case for case in GRID if allowed(*case)])
def test_what_is_allowed_trains(prior: str, objective: str, encoder: str, sample_folder: Path) -> None:
    changes = {"prior": prior, "objective": objective, "encoder": encoder}
    trainer, losses = assert_trains(sample_folder, changes)
    assert trainer.step == 600 // 50  # As many as on all images.
    assert losses.get("kl_divergence", 1.0) > 0


@pytest.mark.parametrize(("prior", "objective", "encoder"), [case for case in GRID if not allowed(*case)])
def test_what_is_not_allowed_is_refused_in_one_line(
    prior: str, objective: str, encoder: str, sample_folder: Path
) -> None:
    line = refusal(sample_folder, {"prior": prior, "objective": objective, "encoder": encoder})
    assert "objective: variational" in line
    assert f"prior: {prior}" in line if prior == "none" or encoder == "gaussian" else encoder in line


@pytest.mark.parametrize(
    "changes",
    [
        {"prior": "mixture", "labels": 100},
        {"prior": "swiss_roll", "labels": 100, "encoder": "gaussian"},
        {"prior": "mixture", "labels": 200, "encoder": "universal"},
        {"encoder": "gaussian", "model.sigma": 0.1},
        {"encoder": "gaussian", "model.sigma": 0},
        {"encoder": "gaussian", "model.sigma": 0.5, "objective": "variational", "prior": "mixture"},
        {"model.code_dim": 8, "model.prior_std": 5.0},
        {"model.code_dim": 8, "prior": "uniform"},
        {"model.code_dim": 8, "prior": "none"},
        {"model.code_dim": 8, "encoder": "gaussian", "objective": "variational"},
        {"train.optimizer": "sgd", "train.learning_rate": 0.1, "model.initial_weights": "normal"},
        {"train.optimizer": "sgd", "train.learning_rate": 0.1, "train.updates": "separate"},
        {"train.updates": "separate", "prior": "none"},
        {"train.reconstruction_loss": "cross_entropy"},
        {"train.reconstruction_loss": "cross_entropy", "encoder": "gaussian", "objective": "variational"},
        {"train.updates": "separate", "encoder": "gaussian", "objective": "variational"},
        {"train.updates": "separate", "encoder": "universal", "train.regularization_interval": 3},
        {"model.fourier_features": 8, "model.code_dim": 8, "model.prior_std": 5.0},
        {"model.fourier_features": 8, "prior": "mixture", "labels": 100, "train.precision": "bfloat16"},
        {"train.precision": "bfloat16", "prior": "mixture", "labels": 100},
        {
            "train.precision": "bfloat16",
            "encoder": "gaussian",
            "objective": "variational",
            "prior": "mixture",
        },
        {"train.regularization_interval": 1, "train.code_buffer": 1},
        {"train.regularization_interval": 1, "train.code_buffer": 4},
        {"train.regularization_interval": 3, "train.code_buffer": 2, "prior": "mixture", "labels": 100},
        {"train.code_buffer": 1000},
        {"train.adversarial_weight_start": 0.1, "train.adversarial_weight": 0.01},
        {"train.adversarial_weight_start": 0.1, "train.adversarial_weight": 0.1},
        {"train.warmup": 0.0, "train.decay_start": 0.0},
        {"train.warmup": 0.5, "train.decay_start": 0.5},
        {"train.refinement_start": 0.5, "train.code_buffer": 4},
        {"train.refinement_start": 0.99, "prior": "mixture", "labels": 100},
        {"data.images": "all"},
        {"data.images": 77, "data.validation": True},
    ],
    ids=lambda changes: ",".join(f"{key}={value}" for key, value in changes.items()),
)
def test_other_settings_train_as_well(changes: Changes, sample_folder: Path) -> None:
    assert_trains(sample_folder, changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"labels": 100}, "prior: gaussian has no components"),
        ({"labels": 100, "prior": "uniform"}, "prior: uniform has no components"),
        ({"labels": 100, "prior": "none"}, "labels: 100 is for the discriminator"),
        (
            {"labels": 100, "prior": "mixture", "objective": "variational", "encoder": "gaussian"},
            "labels: 100 is for the discriminator",
        ),
        (
            {"prior": "none", "objective": "variational", "encoder": "gaussian"},
            "objective: variational needs a prior",
        ),
        ({"model.sigma": 0.1}, "model.sigma: 0.1 is the standard deviation of the gaussian encoder"),
        ({"model.sigma": 0.1, "encoder": "universal"}, "model.sigma: 0.1 is the standard deviation"),
        (
            {"model.sigma": 0, "encoder": "gaussian", "objective": "variational"},
            "objective: variational needs model.sigma above 0",
        ),
        ({"model.code_dim": 8, "prior": "mixture"}, "model.code_dim: prior mixture needs 2, not 8"),
        ({"model.code_dim": 8, "prior": "swiss_roll"}, "model.code_dim: prior swiss_roll needs 2, not 8"),
    ],
)
def test_other_settings_that_do_not_go_together_are_refused_in_one_line(
    changes: Changes, words: str, sample_folder: Path
) -> None:
    assert words in refusal(sample_folder, changes)
