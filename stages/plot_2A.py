"""plot-2A: Figure 2A, the evaluation images in the plane of codes."""

import _stage

from _params import read_params
from aae.draw.plane import figure_2a
from aae.io import artifacts
from aae.model.priors import run_prior

RUN = _stage.ROOT / "data/runs/base"


def main() -> None:
    params = read_params().plot_2A
    config = artifacts.load_config(RUN / "config.json")
    prior = run_prior(config)
    prior.require_plane("Figure 2A")
    codes = artifacts.load_table(RUN / "codes.csv")
    numbers = artifacts.load_json(RUN / "evaluation.json")["codes"]["raw"]
    null = artifacts.load_json(_stage.ROOT / "data/null_bands.json")[prior.name]["raw"]

    fits = [
        f"{title.format(numbers[name])} (null {null[name]['mean']:.3f})"
        for name, title in (("kl", "KL {:.3f} nats"), ("sliced_w2", "sliced W2 {:.3f}"))
        if name in numbers
    ]
    title = f"Figure 2A: {config.title}\n{', '.join(fits)}"
    z, y = codes[["z1", "z2"]].to_numpy(), codes["label"].to_numpy()
    figure = figure_2a(z, y, prior, title, params.point_size)
    artifacts.save_figure(figure, _stage.ROOT / "plots/2A.png", params.dpi)
    artifacts.save_figure(figure, _stage.ROOT / "plots/2A.pdf", params.dpi)


if __name__ == "__main__":
    _stage.run(main)
