"""train: train the autoencoder that ./config.json describes.

Runs inside the run's folder, so that the base run and the ablation's cell with the same settings
are one and the same to DVC's run cache, and one training serves both.
"""

import math
import sys
from dataclasses import asdict
from pathlib import Path

import pandas as pd
from tqdm import tqdm

import _stage
from _run import read_images
from aae import artifacts
from aae.randomness import named_generator
from aae.training import Losses, Trainer, choose_device

MNIST = Path("../../mnist")


def main() -> None:
    config = artifacts.load_config(Path("config.json"))
    device = choose_device(config.train.device)
    x = read_images(MNIST, "train")[0].to(device)
    x_holdout = read_images(MNIST, "t10k")[0].to(device)
    trainer = Trainer(config, x)

    history = []
    codes = {}
    steps = config.train.epochs * trainer.steps_per_epoch
    with tqdm(total=steps, unit="step", disable=not sys.stderr.isatty()) as bar:
        latest: dict[str, str] = {}

        def show(losses: Losses) -> None:
            latest.update(describe(losses))
            bar.set_postfix(latest, refresh=False)
            bar.update()

        for epoch in range(1, config.train.epochs + 1):
            losses = trainer.run_epoch(show)
            history.append({"epoch": epoch, **asdict(losses)})
            artifacts.save_table(pd.DataFrame(history), Path("history.csv"))
            # For the curve of the fit over training, which a later stage measures: a new measure
            # then costs no new training.
            generator = named_generator(config.seed, f"hold-out codes of epoch {epoch}")
            codes[f"epoch {epoch:06d}"] = trainer.autoencoder.encode(x_holdout, generator)
            if bar.disable:
                report = ", ".join(" ".join(item) for item in describe(losses).items())
                print(f"epoch {epoch} of {config.train.epochs}: {report}", flush=True)

    artifacts.save_tensors(codes, Path("epoch_codes.safetensors"))
    artifacts.save_tensors(trainer.autoencoder.state_dict(), Path("weights.safetensors"))


def describe(losses: Losses) -> dict[str, str]:
    """The losses that there are, by their names without "_loss"."""
    return {
        name.removesuffix("_loss"): f"{value:.4f}"
        for name, value in asdict(losses).items()
        if not math.isnan(value)
    }


if __name__ == "__main__":
    _stage.run(main)
