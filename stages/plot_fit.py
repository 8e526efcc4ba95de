"""plot-fit: where the base run's codes depart from the prior, and how the fit went over training."""

import _stage

from aae import artifacts
from aae.fit_figures import figure_when, figure_where
from aae.priors import Gaussian

DPI = 110


def main() -> None:
    config = artifacts.load_config(_stage.ROOT / "data/runs/base/config.json")
    codes = artifacts.load_table(_stage.ROOT / "data/codes/testset.csv")
    curves = artifacts.load_table(_stage.ROOT / "plots/training.csv")
    floor = artifacts.load_json(_stage.ROOT / "metrics/testset.json")["null"]["raw"]["sliced_w2"]

    # A run without a prior is held against N(0, I) as well.
    where = figure_where(codes[["z1", "z2"]].to_numpy(), codes["label"].to_numpy(), Gaussian(), config.title)
    artifacts.save_figure(where, _stage.ROOT / "plots/where.png", DPI)
    when = figure_when(curves, (floor["low"], floor["high"]), config.title)
    artifacts.save_figure(when, _stage.ROOT / "plots/when.png", DPI)


if __name__ == "__main__":
    _stage.run(main)
