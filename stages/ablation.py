"""ablation: evaluate every cell of the grid, summarise over seeds, and draw the variants side by side."""

import shutil

import _stage

import numpy as np
from matplotlib.figure import Figure

from _params import read_params
from _run import read_images, read_run
from aae import artifacts
from aae.ablation import CONTRAST, answer, cell_name, cell_row, contrasts, summarise, verdicts
from aae.evaluation import REFERENCE, evaluate, evaluate_training, percentile_grid
from aae.figures import figure_grids_side_by_side, figure_side_by_side
from aae.fit_figures import figure_fit
from aae.priors import PRIORS
from aae.scorecard import null_bands

CELLS = _stage.ROOT / "data/ablation"
# Fixed, and not those of plot_2A and grid_2E, whose changes must leave the ablation alone.
POINT_SIZE = 3.0
GRID_SIZE = 15
DPI = 110
COMPARED = ["sliced_w2", "c2st_accuracy", "reconstruction_error", "neighbour_accuracy"]


def main() -> None:
    params = read_params()
    cells = params.cells()
    remove_cells_not_in({cell_name(config) for config in cells})
    x_train = read_images(_stage.ROOT / "data/mnist", "train")[0]
    x, y = read_images(_stage.ROOT / "data/mnist", "t10k")
    null = null_bands(len(x), REFERENCE)  # That of every prior here.

    rows, planes, grids = [], [], []
    fits: dict[str, list[float]] = {}
    for cell in cells:
        config, autoencoder = read_run(CELLS / cell_name(cell))
        codes, metrics = evaluate(config, autoencoder, x, y, null)
        z = codes[["z1", "z2"]].to_numpy()
        rows.append(cell_row(config, metrics, evaluate_training(config, autoencoder, x_train, z)))
        fits.setdefault(config.title, []).append(rows[-1]["sliced_w2"])
        if config.seed == params.ablation.seed[0]:
            title = f"{config.title}\nsliced W2 {rows[-1]['sliced_w2']:.3f}"
            planes.append((title, z, y, PRIORS[config.prior]))
            images = percentile_grid(config, autoencoder, x, GRID_SIZE)
            whose = "test codes'" if config.prior == "none" else f"{config.prior} prior's"
            grids.append((f"{config.title}\n{whose} percentiles", images))

    artifacts.save_table(rows, _stage.ROOT / "metrics/ablation.csv")
    compared = contrasts(rows, COMPARED)
    artifacts.save_table(compared, _stage.ROOT / "metrics/contrasts.csv", columns=CONTRAST)
    words, variants = verdicts(rows, null), summarise(rows)
    summary = {
        "verdicts": words,
        "answer": answer(words, variants, compared),
        "variants": variants,
        "null": null,
    }
    artifacts.save_json(artifacts.rounded(summary), _stage.ROOT / "metrics/ablation.json")

    columns = len(params.ablation.prior)
    draw("2A", figure_side_by_side(planes, columns, POINT_SIZE))
    draw("2E", figure_grids_side_by_side(grids, columns))
    floor = null["raw"]["sliced_w2"]
    draw(
        "fit",
        figure_fit(
            [(title, np.array(distances)) for title, distances in fits.items()],
            (floor["low"], floor["high"]),
            "sliced W2 of the test codes to N(0, I), in its standard deviations",
        ),
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
