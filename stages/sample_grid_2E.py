"""sample-grid-2E: Figure 2E, images decoded from percentiles along each code dimension."""

import _stage

from _params import read_params
from _run import read_images, read_run
from aae import artifacts
from aae.evaluation import percentile_grid
from aae.figures import figure_2e


def main() -> None:
    params = read_params().grid_2E
    config, autoencoder = read_run(_stage.ROOT / "data/runs/base")
    x, _ = read_images(_stage.ROOT / "data/mnist", "t10k")

    images = percentile_grid(config, autoencoder, x, params.side)
    if config.prior == "none":
        sampled = "there is no p(z) to sample: percentiles of the test codes instead"
        axis_label = "percentile of the test codes' {}"
    else:
        sampled = f"percentiles of the {config.prior} prior"
        axis_label = f"percentile of the {config.prior} prior's {{}}"
    title = f"Figure 2E: {config.title}\n{sampled}"
    artifacts.save_figure(figure_2e(images, title, axis_label), _stage.ROOT / "plots/2E.png", params.dpi)


if __name__ == "__main__":
    _stage.run(main)
