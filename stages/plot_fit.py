"""plot-fit: where the base run's codes depart from the prior, and how the fit went over training."""

import _stage

from _params import TESTSET, TRAINING
from aae.draw.misfit_map import figure_where
from aae.draw.training_curves import figure_when
from aae.model.parts import run_prior
from aae.settings.config import load_config
from aae.system import artifacts

DPI = 150


def main() -> None:
    config = load_config(TRAINING / "config.json")
    prior = run_prior(config)
    prior.require_plane("the map of the fit")
    images = "validation" if config.data.validation else "test"
    codes = {
        images: artifacts.load_table(TESTSET / "codes.csv")[["z1", "z2"]].to_numpy(),
        "training": artifacts.load_arrays(TRAINING / "codes.safetensors")["training"],
    }
    measures, nulls = (artifacts.load_json(TESTSET / f"{name}.json") for name in ("measures", "null"))
    null = nulls["raw"]["kl"]

    title = f"Where the codes depart from {prior.description}: {config.title}"
    where = figure_where(codes, prior, measures, title)
    artifacts.save_figure(where, _stage.ROOT / "plots/where.png", DPI)
    curves = artifacts.load_table(TESTSET / "curves.csv")
    when = figure_when(curves, (null["low"], null["high"]), images, f"Over training: {config.title}")
    artifacts.save_figure(when, _stage.ROOT / "plots/when.png", DPI)
    _stage.say(
        "wrote plots/where.png and plots/when.png; "
        f"total variation of q(z) and p(z) {measures['total_variation']:.3f}"
    )


if __name__ == "__main__":
    _stage.run(main)
