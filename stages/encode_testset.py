"""encode-testset: a run's codes of all images, their metrics, and the curves over training.

Runs inside the run's folder, as the train stage does, so that the base run and the ablation's cell with
the same settings are evaluated once.
"""

import json
from pathlib import Path

import _stage

import torch
from tqdm import tqdm

from _run import read_run
from aae.io import artifacts
from aae.io.images import read_evaluation, read_training, to_floats
from aae.measure.curves import training_curves
from aae.measure.evaluation import PARTS, evaluate
from aae.measure.percentiles import percentile_grid
from aae.model.priors import run_prior

RUN = Path()
MNIST = Path("../../mnist")
GRID_SIDE = 15  # Of the mosaic in the ablation's figure; the base run's own has a parameter.


def main() -> None:
    config, autoencoder = read_run(RUN)
    prior = run_prior(config)
    null = artifacts.load_json(Path("../../null_bands.json"))[prior.name]
    history = artifacts.load_table(RUN / "history.csv")
    images = read_evaluation(MNIST, config.data)
    training_images = to_floats(read_training(MNIST, config)[0].numpy())

    with tqdm(total=PARTS, unit="part", leave=False, disable=None) as bar:
        codes, training_codes, metrics = evaluate(
            config, autoencoder, images, training_images, history, null, on_part=bar.update
        )
    artifacts.save_table(codes.to_dict("records"), RUN / "codes.csv")
    artifacts.save_tensors({"z": torch.from_numpy(training_codes)}, RUN / "training_codes.safetensors")
    trained_with = json.loads(artifacts.load_notes(RUN / "weights.safetensors")["trained_with"])
    evaluation = artifacts.rounded(metrics) | {"trained_with": trained_with}
    artifacts.save_json(evaluation, RUN / "evaluation.json")

    epoch_codes = artifacts.load_arrays(RUN / "epoch_codes.safetensors")
    curves = training_curves(history, epoch_codes, prior, config.labels)
    artifacts.save_table(curves.to_dict("records"), RUN / "training.csv")

    z = codes[[f"z{d + 1}" for d in range(prior.dim)]].to_numpy()
    grid = percentile_grid(config, autoencoder, z, GRID_SIDE)
    artifacts.save_tensors({"images": torch.from_numpy(grid)}, RUN / "grid.safetensors")
    _stage.say(
        f"wrote codes.csv and evaluation.json; KL(q || p) {metrics['codes']['raw']['kl']:.3f} nats "
        f"(null {null['raw']['kl']['mean']:.3f}), squared error {metrics['reconstruction_error']:.4f}"
    )


if __name__ == "__main__":
    _stage.run(main)
