"""encode-testset: the base run's codes of all hold-out images, their metrics, and the training's curves."""

import json

import _stage

import numpy as np

from _run import read_images, read_run
from aae import artifacts, fit
from aae.evaluation import evaluate, reference_prior
from aae.scorecard import null_bands

RUN = _stage.ROOT / "data/runs/base"


def main() -> None:
    config, autoencoder = read_run(RUN)
    x, y = read_images(_stage.ROOT / "data/mnist", "t10k")
    prior = reference_prior(config)

    codes, metrics = evaluate(config, autoencoder, x, y, null_bands(len(x), prior))
    artifacts.save_table(codes.to_dict("records"), _stage.ROOT / "data/codes/testset.csv")
    trained_with = json.loads(artifacts.load_notes(RUN / "weights.safetensors")["trained_with"])
    metrics = artifacts.rounded(metrics) | {"trained_with": trained_with}
    artifacts.save_json(metrics, _stage.ROOT / "metrics/testset.json")

    curves = artifacts.load_table(RUN / "history.csv")
    saved = artifacts.load_tensors(RUN / "epoch_codes.safetensors")
    epoch_codes = [saved[name].numpy() for name in sorted(saved)]
    curves = curves.assign(
        sliced_w2=[fit.sliced_w2(z, prior) for z in epoch_codes],
        off_centre=[np.linalg.norm(z.mean(0, dtype=np.float64)) / prior.std for z in epoch_codes],
    )
    artifacts.save_table(curves.to_dict("records"), _stage.ROOT / "plots/training.csv")


if __name__ == "__main__":
    _stage.run(main)
