"""plot-2A: Figure 2A, the evaluation images in the plane of codes, beside samples of the prior."""

import _stage

import numpy as np

from _params import TESTSET, TRAINING, read_params
from aae.draw.plane import figure_2a
from aae.model.parts import run_prior
from aae.settings.config import load_config
from aae.system import artifacts


def main() -> None:
    params = read_params().plot_2A
    config = load_config(TRAINING / "config.json")
    prior = run_prior(config)
    prior.require_plane("Figure 2A")
    codes = artifacts.load_table(TESTSET / "codes.csv")
    z, y = codes[["z1", "z2"]].to_numpy(), codes["label"].to_numpy()
    measures, nulls = (artifacts.load_json(TESTSET / f"{name}.json") for name in ("measures", "null"))
    null = nulls["raw"]

    samples = prior.draw(len(z), np.random.default_rng(0)) if prior.constrains else None
    fits = [
        f"{name} {measures[measure]:.3f}{unit} (null {null[measure]['mean']:.3f})"
        for measure, name, unit in (("kl", "KL", " nats"), ("sliced_w2", "sliced W2", ""))
    ]
    if measures["outside"]:
        fits.append(f"{measures['outside']:.1%} of the codes where p(z) = 0")
    against = "" if prior.constrains else f"to {prior.description}: "
    title = f"Figure 2A: {config.title}, {config.images_title} images\n{against}{', '.join(fits)}"
    figure = figure_2a(z, y, prior, samples, title, params.point_size)
    artifacts.save_figure(figure, _stage.ROOT / "plots/2A.png", params.dpi)
    artifacts.save_figure(figure, _stage.ROOT / "plots/2A.pdf", params.dpi)
    _stage.say(f"wrote plots/2A.png and plots/2A.pdf; {', '.join(fits)}")


if __name__ == "__main__":
    _stage.run(main)
