"""train: train the autoencoder that ./config.json describes.

Runs inside the run's folder, so that the base run and the ablation's cell with the same settings
are one and the same to DVC's run cache, and are trained once.
"""

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import _stage

import torch
from tqdm import tqdm

from aae.io import artifacts, checkpoints
from aae.io.checkpoints import Checkpoint
from aae.io.images import read_evaluation, read_training
from aae.model.numerics import choose_device, environment, prepare_process
from aae.model.trainer import Losses, Trainer, to_unit
from aae.randomness import named_generator

MNIST = Path("../../mnist")
# Outside the outputs, which DVC deletes before it runs the stage again.
CHECKPOINTS = _stage.ROOT / ".checkpoints"

# The trainer, the rows of history.csv and the codes of the evaluation images, epoch by epoch.
TrainingRun = tuple[Trainer, list[Losses], dict[str, torch.Tensor]]


def main() -> None:
    config = artifacts.load_config(Path("config.json"))
    prepare_process(config.train)
    device = choose_device(config.train.device)
    x, y, epoch_images = read_training(MNIST, config)
    x_evaluation = read_evaluation(MNIST, config.data)[0].to(device)

    run = CHECKPOINTS / "-".join(Path.cwd().parts[-2:])
    deciding = [Path("config.json"), *sorted(MNIST.glob("*-ubyte")), *_stage.own_sources()]
    trained_with = environment()
    path = run / f"{checkpoints.key(deciding, trained_with)}.safetensors"
    with checkpoints.lock(run):
        checkpoints.tidy(CHECKPOINTS, keep=path)
        # Images as bytes: a quarter of the memory of floats.
        make = partial(Trainer, config, x.to(device), y, epoch_images)
        trainer, history, codes = resume(make, path)
        train(trainer, history, codes, x_evaluation, path)
        artifacts.save_table(history, Path("history.csv"))
        artifacts.save_tensors(codes, Path("epoch_codes.safetensors"))
        notes = {"trained_with": json.dumps(trained_with)}
        artifacts.save_tensors(trainer.autoencoder.state_dict(), Path("weights.safetensors"), notes)
    loss = history[-1]["reconstruction_loss"]
    _stage.say(f"wrote weights.safetensors; reconstruction loss {loss:.4f} after {len(history)} epochs")


def train(
    trainer: Trainer,
    history: list[Losses],
    codes: dict[str, torch.Tensor],
    x_evaluation: torch.Tensor,
    path: Path,
) -> None:
    """The epochs that `history` lacks; leaves a checkpoint at `path` after each."""
    epochs = trainer.settings.epochs
    steps = epochs * trainer.steps_per_epoch
    with tqdm(total=steps, initial=trainer.step, unit="step", disable=not sys.stderr.isatty()) as bar:
        latest: dict[str, str] = {}

        def show(losses: Losses) -> None:
            latest.update(describe(losses))
            bar.set_postfix(latest, refresh=False)
            bar.update()

        for epoch in range(len(history) + 1, epochs + 1):
            losses = trainer.run_epoch(show)
            history.append({"epoch": epoch, **losses})
            z = record_codes(trainer, x_evaluation, epoch, codes)
            trainer.check_collapse(epoch, losses, z)
            tensors = trainer.state_dict() | {"codes": codes}
            checkpoints.save(Checkpoint(tensors, history, finished=epoch == epochs), path)
            if bar.disable:
                report = ", ".join(" ".join(item) for item in describe(losses).items())
                print(f"epoch {epoch} of {epochs}: {report}", flush=True)


def record_codes(
    trainer: Trainer, x_evaluation: torch.Tensor, epoch: int, codes: dict[str, torch.Tensor]
) -> torch.Tensor:
    """Add to `codes` those of this epoch, for curves over training: a new measure costs no new training run.

    They are of the evaluation images ("evaluation 000001"), with the standard deviations of q(z|x) if it
    is a Gaussian ("sigma 000001"), and of as many training images ("training 000001").

    Returns:
        The codes of the evaluation images.
    """
    name = f"{epoch:06d}"
    generator = named_generator(trainer.config.seed, f"evaluation codes of epoch {epoch}")
    posterior = trainer.autoencoder.posterior(x_evaluation, generator)
    codes[f"evaluation {name}"] = posterior.z
    if posterior.std is not None:
        codes[f"sigma {name}"] = posterior.std
    x_training = to_unit(trainer.x[: len(x_evaluation)])
    generator = named_generator(trainer.config.seed, f"training codes of epoch {epoch}")
    codes[f"training {name}"] = trainer.autoencoder.encode(x_training, generator)
    return posterior.z


def resume(make: Callable[[], Trainer], path: Path) -> TrainingRun:
    """The run as the checkpoint at `path` has it, or a fresh one if there is none to trust."""
    if path.exists():
        try:
            checkpoint = checkpoints.load(path)
            trainer = make()
            trainer.load_state_dict(checkpoint.tensors)
            _stage.say(f"resuming after epoch {len(checkpoint.history)} of {trainer.settings.epochs}")
            return trainer, checkpoint.history, checkpoint.tensors["codes"]
        except (ValueError, KeyError):
            _stage.say(f"the checkpoint {path} is damaged; starting over")
            path.unlink()
    return make(), [], {}


def describe(losses: Losses) -> dict[str, str]:
    """The losses by their names without "_loss"."""
    return {
        name.removesuffix("_loss"): f"{value:.4f}"
        for name, value in losses.items()
        if name != "learning_rate"
    }


if __name__ == "__main__":
    _stage.run(main)
