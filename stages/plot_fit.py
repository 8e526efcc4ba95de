"""plot-fit: where the base run's codes depart from the prior, and how the fit went over training."""

import _stage

from aae.draw.when import figure_when
from aae.draw.where import figure_where
from aae.io import artifacts
from aae.model.priors import run_prior

RUN = _stage.ROOT / "data/runs/base"
DPI = 150


def main() -> None:
    config = artifacts.load_config(RUN / "config.json")
    prior = run_prior(config)
    prior.require_plane("the map of the fit")
    images = "validation" if config.data.validation else "test"
    codes = {
        images: artifacts.load_table(RUN / "codes.csv")[["z1", "z2"]].to_numpy(),
        "training": artifacts.load_arrays(RUN / "training_codes.safetensors")["z"],
    }
    curves = artifacts.load_table(RUN / "training.csv")
    null = artifacts.load_json(_stage.ROOT / "data/null_bands.json")[prior.name]["raw"]["kl"]

    density = artifacts.load_json(RUN / "evaluation.json")["density"]
    title = f"Where the codes depart from {prior.description}: {config.title}"
    where = figure_where(codes, prior, density, title)
    artifacts.save_figure(where, _stage.ROOT / "plots/where.png", DPI)
    when = figure_when(curves, (null["low"], null["high"]), images, f"Over training: {config.title}")
    artifacts.save_figure(when, _stage.ROOT / "plots/when.png", DPI)
    _stage.say(
        "wrote plots/where.png and plots/when.png; "
        f"total variation of q(z) and p(z) {density['total_variation']:.3f}"
    )


if __name__ == "__main__":
    _stage.run(main)
