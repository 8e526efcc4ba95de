"""encode-testset: the base run's codes of all hold-out images, their metrics, and the training's curves."""

import pandas as pd

import _stage
from _run import read_images, read_run
from aae import artifacts, fit
from aae.evaluation import evaluate, reference_prior

RUN = _stage.ROOT / "data/runs/base"


def main() -> None:
    config, autoencoder = read_run(RUN)
    x, y = read_images(_stage.ROOT / "data/mnist", "t10k")
    prior = reference_prior(config)

    codes, metrics = evaluate(config, autoencoder, x, y, fit.sliced_w2_null(len(x), prior))
    artifacts.save_table(codes, _stage.ROOT / "data/codes/testset.csv")
    artifacts.save_json(metrics, _stage.ROOT / "metrics/testset.json")

    curves = artifacts.load_table(RUN / "history.csv")
    epoch_codes = artifacts.load_tensors(RUN / "epoch_codes.safetensors")
    fits = [fit.sliced_w2(epoch_codes[name].numpy(), prior) for name in sorted(epoch_codes)]
    artifacts.save_table(curves.assign(sliced_w2=pd.Series(fits)), _stage.ROOT / "plots/training.csv")


if __name__ == "__main__":
    _stage.run(main)
