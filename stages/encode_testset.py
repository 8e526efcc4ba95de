"""encode-testset: a run's codes of all evaluation images, their metrics, and the curves over training.

Runs inside the run's folder, as the train stage does, so that the base run and the ablation's cell with
the same settings are evaluated once.
"""

import json
from pathlib import Path

import _stage

import numpy as np
import torch

from _run import read_run
from aae.io import artifacts
from aae.io.images import read_evaluation, read_training, to_floats
from aae.measure import distances
from aae.measure.evaluation import evaluate, evaluate_training
from aae.measure.percentiles import percentile_grid
from aae.model.priors import run_prior

RUN = Path()
MNIST = Path("../../mnist")
GRID_SIDE = 15  # Of the mosaic in the ablation's figure; the base run's own has a parameter.


def main() -> None:
    config, autoencoder = read_run(RUN)
    prior = run_prior(config)
    x, y = read_evaluation(MNIST, config.data)
    null = artifacts.load_json(Path("../../null_bands.json"))[prior.name]

    codes, metrics = evaluate(config, autoencoder, x, y, null)
    artifacts.save_table(codes.to_dict("records"), Path("codes.csv"))
    z = codes[[f"z{d + 1}" for d in range(prior.dim)]].to_numpy()
    x_train = to_floats(read_training(MNIST, config)[0].numpy())
    training = evaluate_training(config, autoencoder, x_train, z)
    trained_with = json.loads(artifacts.load_notes(RUN / "weights.safetensors")["trained_with"])
    evaluation = artifacts.rounded({**metrics, "training": training}) | {"trained_with": trained_with}
    artifacts.save_json(evaluation, Path("evaluation.json"))

    curves = artifacts.load_table(RUN / "history.csv")
    saved = artifacts.load_tensors(RUN / "epoch_codes.safetensors")
    epoch_codes = [saved[name].numpy() for name in sorted(saved) if name.startswith("evaluation")]
    curves = curves.assign(
        sliced_w2=[distances.sliced_w2(z, prior) for z in epoch_codes],
        mean_distance=[
            np.linalg.norm(z.mean(0, dtype=np.float64) - prior.mean) / prior.std for z in epoch_codes
        ],
    )
    artifacts.save_table(curves.to_dict("records"), Path("training.csv"))

    images = percentile_grid(config, autoencoder, z, GRID_SIDE)
    artifacts.save_tensors({"images": torch.from_numpy(images)}, Path("grid.safetensors"))


if __name__ == "__main__":
    _stage.run(main)
