"""ablation: summarise the evaluated cells of the grid over seeds, and draw the variants side by side."""

import _stage

import numpy as np
from matplotlib.figure import Figure

from _params import read_params
from aae.draw.fit import figure_fit
from aae.draw.grid import figure_grids_side_by_side
from aae.draw.plane import figure_side_by_side
from aae.io import artifacts
from aae.measure.summary import (
    COMPARED,
    CONTRAST,
    answer,
    cell_name,
    cell_row,
    contrasts,
    summarise,
    verdicts,
)
from aae.model.priors import Prior, run_prior

CELLS = _stage.ROOT / "data/ablation"
# Fixed, and not those of plot_2A and grid_2E, whose changes must leave the ablation alone.
POINT_SIZE = 3.0
DPI = 110


def main() -> None:
    params = read_params()
    cells = params.cells()
    say_which_cells_are_of_no_grid({cell_name(config) for config in cells})
    bands = artifacts.load_json(_stage.ROOT / "data/null_bands.json")

    rows, planes, grids = [], [], []
    priors: dict[str, Prior] = {}  # One object a prior: some take long to make, and to draw anew.
    fits: dict[str, list[float]] = {}
    for config in cells:
        folder = CELLS / cell_name(config)
        if config.prior not in priors:
            priors[config.prior] = run_prior(config)
            priors[config.prior].require_plane("the ablation's figure")
        prior = priors[config.prior]
        rows.append(cell_row(config, artifacts.load_json(folder / "evaluation.json")))
        fits.setdefault(config.title, []).append(rows[-1]["sliced_w2"])
        if config.seed == params.ablation.seed[0]:
            codes = artifacts.load_table(folder / "codes.csv")
            z, y = codes[["z1", "z2"]].to_numpy(), codes["label"].to_numpy()
            planes.append((f"{config.title}\nsliced W2 {rows[-1]['sliced_w2']:.3f}", z, y, prior))
            images = artifacts.load_arrays(folder / "grid.safetensors")["images"]
            grids.append((f"{config.title}\npercentiles of {' and '.join(prior.coordinates)}", images))

    artifacts.save_table(rows, _stage.ROOT / "metrics/ablation.csv")
    constrained = [row for row in rows if priors[row["prior"]].constrains]
    compared = contrasts(constrained, COMPARED)
    artifacts.save_table(compared, _stage.ROOT / "metrics/contrasts.csv", columns=CONTRAST)
    nulls = {name: bands[prior.name] for name, prior in priors.items()}
    references = {name: prior.description for name, prior in priors.items()}
    words, variants = verdicts(rows, nulls), summarise(rows)
    summary = {
        "verdicts": words,
        "answer": answer(words, variants, compared, references),
        "variants": variants,
        "null": nulls,
    }
    artifacts.save_json(artifacts.rounded(summary), _stage.ROOT / "metrics/ablation.json")

    columns = len(params.ablation.prior)
    draw("2A", figure_side_by_side(planes, columns, POINT_SIZE))
    draw("2E", figure_grids_side_by_side(grids, columns))
    distances = [nulls[name]["raw"]["sliced_w2"] for name in priors]
    band = (min(null["low"] for null in distances), max(null["high"] for null in distances))
    label = "sliced W2 of the codes to p(z), in its standard deviations\n(without a prior: to N(0, I))"
    draw("fit", figure_fit([(title, np.array(seeds)) for title, seeds in fits.items()], band, label))


def say_which_cells_are_of_no_grid(names: set[str]) -> None:
    others = sorted(folder.name for folder in CELLS.iterdir() if folder.is_dir() and folder.name not in names)
    if others:
        _stage.say(
            f"data/ablation also holds {', '.join(others)}, no cells of this grid, and not counted here; "
            "dvc.lock records them: before a commit remove them (`make repro` does)"
        )


def draw(name: str, figure: Figure) -> None:
    artifacts.save_figure(figure, _stage.ROOT / f"plots/ablation_{name}.png", DPI)


if __name__ == "__main__":
    _stage.run(main)
