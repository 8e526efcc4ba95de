"""Train a run, or take it from the store."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from aae.data.images import Images
from aae.model import parts
from aae.runs import checkpoints
from aae.runs.checkpoints import Checkpoint
from aae.runs.code import meaning
from aae.runs.names import short_hash
from aae.runs.store import Store, say
from aae.settings.config import RunConfig, load_config, save_config
from aae.system import artifacts
from aae.system.errors import UserError

if TYPE_CHECKING:  # Imported where needed: PyTorch takes seconds, and what is in the store needs none.
    import torch
    from torch import nn

    from aae.model.networks import Autoencoder
    from aae.model.trainer import Trainer

KIND = "training"
CHECKPOINT_EVERY = 60.0  # Seconds. A checkpoint takes up to 0.9 s and 55 MB.
MOST_RECORDED = 40  # Epochs whose codes are kept.

WEIGHTS = "weights.safetensors"
SHAPE = "shape"  # Of images, in the notes of that file.

Losses = dict[str, float]
OnEpoch = Callable[[int, Losses], object]


def training_key(config: RunConfig, images: Images) -> str:
    """The name of all that decides a run's bits beside the machine.

    Those are the settings as asked, the images, and the meaning of the code that this run uses: the
    trainer's and that of its own prior, encoder, objective and architecture.
    """
    modules = ["aae.model.trainer", "aae.model.encoding", "aae.model.numerics", *parts.modules_of(config)]
    code = meaning(modules, inside="aae.model", without="aae.model.parts")
    return short_hash(json.dumps(config.model_dump(), sort_keys=True), images.digest, code)


def train_run(
    config: RunConfig,
    images: Images,
    store: Store,
    environment: str,
    on_epoch: OnEpoch = lambda epoch, losses: None,
) -> Path:
    """The folder in the store of a trained run; trains it if it is not there.

    A run that was killed goes on from its latest checkpoint, to the bit. Where another process trains the
    same run this one waits and takes it.

    Args:
        config: the run's settings, as asked.
        images: what it learns from and is evaluated on.
        store: where its results lie.
        environment: what `find_environment` calls this machine.
        on_epoch: called after each epoch with its number and mean losses.

    Returns:
        A folder with config.json (as asked), weights.safetensors (of all networks), codes.safetensors (the
        final ones, and those of at most `MOST_RECORDED` epochs) and history.csv (losses, a row an epoch).

    Raises:
        UserError: the run diverged or collapsed, or its settings do not fit the images.
    """
    key = training_key(config, images)
    if found := store.find(KIND, key, environment):
        return found
    with store.lock(KIND, key, environment):
        if found := store.find(KIND, key, environment):  # Another process made it meanwhile.
            return found
        checkpoint = store.checkpoint(key, environment)
        trainer, history, codes = train(config, images, checkpoint, on_epoch)
        with store.make(KIND, key, environment) as folder:
            save_config(config, folder / "config.json")
            artifacts.save_table(history, folder / "history.csv")
            artifacts.save_tensors(codes, folder / "codes.safetensors")
            shape = " ".join(map(str, trainer.autoencoder.shape))
            artifacts.save_tensors(trainer.weights(), folder / WEIGHTS, {SHAPE: shape})
        checkpoint.unlink(missing_ok=True)
    trained = store.find(KIND, key, environment)
    assert trained is not None
    return trained


def train(
    config: RunConfig, images: Images, checkpoint: Path, on_epoch: OnEpoch
) -> tuple[Trainer, list[Losses], dict[str, torch.Tensor]]:
    """A trainer at the end of all epochs, the mean losses of each, and codes: of recorded ones, and final."""
    import torch

    from aae.model import encoding
    from aae.model.devices import resolve
    from aae.model.numerics import prepare_process

    config = resolve(config)
    prepare_process(config.train)
    trainer, history, codes = resume(config, images, checkpoint)
    x_evaluation = torch.tensor(images.x_evaluation, device=trainer.x.device)
    recorded = recorded_epochs(config.train.epochs)
    saved = time.monotonic()
    for epoch in range(len(history) + 1, config.train.epochs + 1):
        losses = trainer.run_epoch()
        history.append({"epoch": epoch, **losses})
        if epoch in recorded:
            few = trainer.x[: len(x_evaluation)]
            now = encoding.epoch_codes(config, trainer.autoencoder, epoch, x_evaluation, few)
            trainer.check_collapse(epoch, losses, now[f"evaluation {epoch:06d}"])
            codes |= now
        on_epoch(epoch, losses)
        if time.monotonic() - saved > CHECKPOINT_EVERY and epoch < config.train.epochs:
            tensors = trainer.state_dict() | {"codes": codes}
            checkpoints.save(Checkpoint(tensors, history), checkpoint)
            saved = time.monotonic()
    final = encoding.final_codes(config, trainer.autoencoder, trainer.x, x_evaluation)
    return trainer, history, codes | final


def resume(
    config: RunConfig, images: Images, checkpoint: Path
) -> tuple[Trainer, list[Losses], dict[str, torch.Tensor]]:
    """The run as its checkpoint has it, or a fresh one if there is none to trust."""
    import torch

    from aae.model.trainer import Trainer

    def fresh() -> Trainer:
        # Images as bytes: a quarter of the memory of floats.
        x = torch.tensor(images.x, device=config.train.device)
        return Trainer(config, x, torch.from_numpy(images.y), images.total)

    if checkpoint.exists():
        try:
            found = checkpoints.load(checkpoint)
            trainer = fresh()
            trainer.load_state_dict(found.tensors)
            say(f"resuming after epoch {len(found.history)} of {config.train.epochs}")
            return trainer, found.history, found.tensors["codes"]
        except (ValueError, KeyError):
            say(f"the checkpoint {checkpoint} is damaged; starting over")
            checkpoint.unlink()
    return fresh(), [], {}


def recorded_epochs(epochs: int) -> set[int]:
    """The epochs whose codes are kept: all, or `MOST_RECORDED` of them, spread evenly, with the last."""
    return set(np.linspace(1, epochs, min(epochs, MOST_RECORDED)).round().astype(int).tolist())


def load_autoencoder(folder: Path) -> tuple[RunConfig, Autoencoder]:
    """The settings of a trained run, as asked, and its networks, on the CPU."""
    from aae.model.networks import Autoencoder
    from aae.model.numerics import prepare_process

    config = load_config(folder / "config.json")
    prepare_process(config.train)
    height, width = map(int, artifacts.load_notes(folder / WEIGHTS)[SHAPE].split())
    autoencoder = Autoencoder(config, (height, width))
    try:
        autoencoder.load_state_dict(_weights(folder, "autoencoder"))
    except RuntimeError:  # PyTorch's own message is many lines long.
        raise UserError(f"{folder}: the weights are not of the networks in config.json") from None
    return config, autoencoder


def load_discriminator(config: RunConfig, folder: Path) -> nn.Module | None:
    """The discriminator of a trained run, on the CPU; None where there is none that tells codes alone."""
    from aae.model.discriminator import make_discriminator

    weights = _weights(folder, "discriminator")
    if not weights or config.labels:
        return None
    discriminator = make_discriminator(config, 0)
    discriminator.load_state_dict(weights)
    return discriminator


def _weights(folder: Path, network: str) -> dict[str, torch.Tensor]:
    tensors, start = artifacts.load_tensors(folder / WEIGHTS), f"{network}."
    return {name.removeprefix(start): value for name, value in tensors.items() if name.startswith(start)}
