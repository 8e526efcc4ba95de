"""train: train the autoencoder that ./config.json describes.

Runs inside the run's folder, so that the base run and the ablation's cell with the same settings
are one and the same to DVC's run cache, and one training serves both.
"""

import json
import math
import sys
from dataclasses import asdict
from pathlib import Path

import _stage

import torch
from tqdm import tqdm

from _run import read_images
from aae import artifacts, checkpoints, mnist
from aae.checkpoints import Checkpoint
from aae.config import RunConfig
from aae.randomness import named_generator
from aae.training import Losses, Trainer, arithmetic, check_collapse, choose_device, prepare_process

MNIST = Path("../../mnist")
# Outside the outputs, which DVC deletes before it runs the stage again.
CHECKPOINTS = _stage.ROOT / ".checkpoints"

# The trainer, the rows of history.csv and the codes of the hold-out images, epoch by epoch.
Training = tuple[Trainer, list[dict[str, float]], dict[str, torch.Tensor]]


def main() -> None:
    prepare_process()
    config = artifacts.load_config(Path("config.json"))
    device = choose_device(config.train.device)
    x = torch.from_numpy(mnist.read(MNIST, "train")[0].copy()).to(device)  # Bytes, a quarter of floats.
    x_holdout = read_images(MNIST, "t10k")[0].to(device)

    run = CHECKPOINTS / "-".join(Path.cwd().parts[-2:])
    deciding = [Path("config.json"), *sorted(MNIST.glob("*-images-*")), *_stage.own_sources()]
    trained_with = arithmetic(config.train, device)
    path = run / f"{checkpoints.key(deciding, trained_with)}.safetensors"
    with checkpoints.lock(run):
        checkpoints.tidy(CHECKPOINTS, keep=path)
        trainer, history, codes = train(config, x, x_holdout, path)
        artifacts.save_table(history, Path("history.csv"))
        artifacts.save_tensors(codes, Path("epoch_codes.safetensors"))
        notes = {"trained_with": json.dumps(trained_with)}
        artifacts.save_tensors(trainer.autoencoder.state_dict(), Path("weights.safetensors"), notes)


def train(config: RunConfig, x: torch.Tensor, x_holdout: torch.Tensor, path: Path) -> Training:
    """All epochs, or those that the checkpoint at `path` lacks; leaves a checkpoint there after each."""
    trainer, history, codes = resume(config, x, path)
    epochs = config.train.epochs
    steps = epochs * trainer.steps_per_epoch
    with tqdm(total=steps, initial=trainer.step, unit="step", disable=not sys.stderr.isatty()) as bar:
        latest: dict[str, str] = {}

        def show(losses: Losses) -> None:
            latest.update(describe(losses))
            bar.set_postfix(latest, refresh=False)
            bar.update()

        for epoch in range(len(history) + 1, epochs + 1):
            losses = trainer.run_epoch(show)
            history.append({"epoch": epoch, **asdict(losses)})
            # For the curve of the fit over training, which a later stage measures: a new measure
            # then costs no new training.
            generator = named_generator(config.seed, f"hold-out codes of epoch {epoch}")
            z = trainer.autoencoder.encode(x_holdout, generator)
            codes[f"epoch {epoch:06d}"] = z
            check_collapse(epoch, losses, z)
            tensors = trainer.state_dict() | {"codes": codes}
            checkpoints.save(Checkpoint(tensors, history, finished=epoch == epochs), path)
            if bar.disable:
                report = ", ".join(" ".join(item) for item in describe(losses).items())
                print(f"epoch {epoch} of {epochs}: {report}", flush=True)
    return trainer, history, codes


def resume(config: RunConfig, x: torch.Tensor, path: Path) -> Training:
    """The training as the checkpoint at `path` has it, or a fresh one if there is none to trust."""
    if path.exists():
        try:
            checkpoint = checkpoints.load(path)
            trainer = Trainer(config, x)
            trainer.load_state_dict(checkpoint.tensors)
            _stage.say(f"resuming after epoch {len(checkpoint.history)} of {config.train.epochs}")
            return trainer, checkpoint.history, checkpoint.tensors["codes"]
        except (ValueError, KeyError):
            _stage.say(f"the checkpoint {path} is damaged; starting over")
            path.unlink()
    return Trainer(config, x), [], {}


def describe(losses: Losses) -> dict[str, str]:
    """The losses that there are, by their names without "_loss"."""
    return {
        name.removesuffix("_loss"): f"{value:.4f}"
        for name, value in asdict(losses).items()
        if not math.isnan(value)
    }


if __name__ == "__main__":
    _stage.run(main)
