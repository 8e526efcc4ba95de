"""plot-fit: where the base run's codes depart from the prior, and how the fit went over training."""

import _stage

from aae.draw.fit import figure_when, figure_where
from aae.io import artifacts
from aae.model.priors import run_prior

RUN = _stage.ROOT / "data/runs/base"
DPI = 110


def main() -> None:
    config = artifacts.load_config(RUN / "config.json")
    prior = run_prior(config)
    prior.require_plane("the map of the fit")
    codes = artifacts.load_table(RUN / "codes.csv")
    curves = artifacts.load_table(RUN / "training.csv")
    null = artifacts.load_json(_stage.ROOT / "data/null_bands.json")[prior.name]["raw"]["sliced_w2"]

    where = figure_where(codes[["z1", "z2"]].to_numpy(), codes["label"].to_numpy(), prior, config.title)
    artifacts.save_figure(where, _stage.ROOT / "plots/where.png", DPI)
    when = figure_when(curves, (null["low"], null["high"]), config.title)
    artifacts.save_figure(when, _stage.ROOT / "plots/when.png", DPI)


if __name__ == "__main__":
    _stage.run(main)
