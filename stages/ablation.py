"""ablation: evaluate every cell of the grid, summarise over seeds, and draw the variants side by side."""

import shutil
from dataclasses import asdict

import pandas as pd
from matplotlib.figure import Figure

import _stage
from _params import read_params
from _run import read_images, read_run
from aae import artifacts, fit
from aae.ablation import VARIANT, cell_name, cell_row, summarise
from aae.evaluation import REFERENCE, encode_images, evaluate, percentile_grid, reference_prior
from aae.figures import figure_fit, figure_grids_side_by_side, figure_side_by_side
from aae.priors import PRIORS

CELLS = _stage.ROOT / "data/ablation"
# Fixed, and not those of plot_2A and grid_2E, whose changes must leave the ablation alone.
POINT_SIZE = 3.0
GRID_SIZE = 15
DPI = 110


def main() -> None:
    params = read_params()
    cells = params.cells()
    remove_cells_not_in({cell_name(config) for config in cells})
    x_train = read_images(_stage.ROOT / "data/mnist", "train")[0]
    x, y = read_images(_stage.ROOT / "data/mnist", "t10k")
    nulls = {name: fit.sliced_w2_null(len(x), prior or REFERENCE) for name, prior in PRIORS.items()}

    rows, planes, grids = [], [], []
    for cell in cells:
        config, autoencoder = read_run(CELLS / cell_name(cell))
        codes, metrics = evaluate(config, autoencoder, x, y, nulls[config.prior])
        z_train, _ = encode_images(config, autoencoder, x_train[: len(x)], "train")
        rows.append(cell_row(config, metrics, fit.sliced_w2(z_train, reference_prior(config))))
        if config.seed == params.ablation.seed[0]:
            title = f"{config.encoder} encoder, prior: {config.prior}\nsliced W2 {rows[-1]['sliced_w2']:.3f}"
            planes.append((title, codes[["z1", "z2"]].to_numpy(), y, PRIORS[config.prior]))
            images = percentile_grid(config, autoencoder, x, GRID_SIZE)
            whose = "test codes'" if config.prior == "none" else f"{config.prior} prior's"
            grids.append((f"{config.encoder} encoder, prior: {config.prior}\n{whose} percentiles", images))

    artifacts.save_table(pd.DataFrame(rows), _stage.ROOT / "metrics/ablation.csv")
    summary = {
        "variants": summarise(rows),
        "sliced_w2_null": {n: asdict(b) for n, b in nulls.items()},
    }
    artifacts.save_json(summary, _stage.ROOT / "metrics/ablation.json")
    columns = len(params.ablation.prior)
    draw("2A", figure_side_by_side(planes, columns, POINT_SIZE))
    draw("2E", figure_grids_side_by_side(grids, columns))
    fits = [
        (f"{encoder} encoder, prior: {prior}", group["sliced_w2"].to_numpy())
        for (encoder, prior), group in pd.DataFrame(rows).groupby(VARIANT, sort=False)
    ]
    null = nulls["none"]
    floor = (null.mean - 2 * null.std, null.mean + 2 * null.std)
    draw(
        "fit",
        figure_fit(fits, floor, "sliced W2 of the test codes to N(0, I), in its standard deviations"),
    )


def remove_cells_not_in(names: set[str]) -> None:
    """Remove folders of cells that an earlier grid left: DVC would count them as this stage's input."""
    for folder in sorted(CELLS.iterdir()):
        if folder.is_dir() and folder.name not in names:
            print(f"ablation: {folder.name} is no cell of this grid: removed (DVC's cache keeps it)")
            shutil.rmtree(folder)


def draw(name: str, figure: Figure) -> None:
    artifacts.save_figure(figure, _stage.ROOT / f"plots/ablation_{name}.png", DPI)


if __name__ == "__main__":
    _stage.run(main)
