"""sample-grid-2E: Figure 2E, images decoded from percentiles along each code dimension."""

import _stage

from _params import TESTSET, TRAINING, read_params
from aae.draw.mosaic import figure_2e
from aae.measure.percentiles import percentile_grid
from aae.model.parts import run_prior
from aae.runs.training import load_autoencoder
from aae.system import artifacts


def main() -> None:
    params = read_params().grid_2E
    config, autoencoder = load_autoencoder(TRAINING)
    prior = run_prior(config)
    prior.require_plane("Figure 2E")
    z = artifacts.load_table(TESTSET / "codes.csv")[["z1", "z2"]].to_numpy()

    images = percentile_grid(config, autoencoder, z, params.side)
    title = f"Figure 2E: {config.title}"
    figure = figure_2e(images, title, prior.coordinates)
    artifacts.save_figure(figure, _stage.ROOT / "plots/2E.png", params.dpi)
    artifacts.save_figure(figure, _stage.ROOT / "plots/2E.pdf", params.dpi)
    _stage.say(f"wrote plots/2E.png and plots/2E.pdf; {params.side} by {params.side} images")


if __name__ == "__main__":
    _stage.run(main)
