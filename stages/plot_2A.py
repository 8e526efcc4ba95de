"""plot-2A: Figure 2A, the hold-out images in the plane of codes."""

import _stage

from _params import read_params
from aae import artifacts
from aae.figures import figure_2a
from aae.priors import PRIORS


def main() -> None:
    params = read_params().plot_2A
    config = artifacts.load_config(_stage.ROOT / "data/runs/base/config.json")
    codes = artifacts.load_table(_stage.ROOT / "data/codes/testset.csv")
    metrics = artifacts.load_json(_stage.ROOT / "metrics/testset.json")

    null = metrics["null"]["raw"]["sliced_w2"]
    title = (
        f"Figure 2A: {config.title}\n"
        f"sliced W2 to N(0, I) {metrics['codes']['raw']['sliced_w2']:.3f}; "
        f"true draws {null['mean']:.3f} ({null['low']:.3f} to {null['high']:.3f})"
    )
    figure = figure_2a(
        codes[["z1", "z2"]].to_numpy(),
        codes["label"].to_numpy(),
        PRIORS[config.prior],
        title,
        params.point_size,
    )
    artifacts.save_figure(figure, _stage.ROOT / "plots/2A.png", params.dpi)
    artifacts.save_figure(figure, _stage.ROOT / "plots/2A.pdf", params.dpi)


if __name__ == "__main__":
    _stage.run(main)
