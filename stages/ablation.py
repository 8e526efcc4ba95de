"""ablation: summarise evaluated cells over seeds, compare encoders, draw the variants side by side.

Usage: ablation.py FOLDER_OF_CELLS
In the folder whose params.yaml describes the ablation, and whose metrics/ and plots/ are written.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import _stage

from matplotlib.figure import Figure

from _params import read_ablation, say_other_cells
from aae.draw.fit import figure_fit
from aae.draw.grid import figure_grids_side_by_side
from aae.draw.plane import figure_side_by_side
from aae.errors import UserError
from aae.io import artifacts
from aae.measure.equivalence import contrasts
from aae.measure.panels import fit_panels
from aae.measure.summary import cell_row, variants
from aae.measure.verdicts import answer
from aae.model.priors import Prior, run_prior

# Fixed, and not those of plot_2A and grid_2E, whose changes must leave the ablation alone.
POINT_SIZE = 1.2
DPI = 150
COLUMNS = 2  # Panels in a row, so that each can be read at the width of a page.


def main() -> None:
    match sys.argv[1:]:
        case [folder]:
            cells = Path(folder)
        case _:
            raise UserError("usage: ablation.py FOLDER_OF_CELLS")
    ablation = read_ablation()
    say_other_cells(cells, ablation.cells)

    rows, planes, grids = [], [], []
    priors: dict[str, Prior] = {}
    drawn = set()
    for cell in ablation.cells:
        config = artifacts.load_config(cells / cell / "config.json")
        prior = priors[config.prior] = run_prior(config)
        prior.require_plane("the ablation's figure")
        row = cell_row(config, artifacts.load_json(cells / cell / "evaluation.json"))
        rows.append(row)
        if config.title not in drawn:  # The first seed of each variant.
            drawn.add(config.title)
            codes = artifacts.load_table(cells / cell / "codes.csv")
            z, y = codes[["z1", "z2"]].to_numpy(), codes["label"].to_numpy()
            numbers = f"KL {row['kl']:.3f} nats, sliced W2 {row['sliced_w2']:.3f}"
            name = f"{config.title}, seed {config.seed}"
            planes.append((f"{name}\n{numbers}", z, y, prior))
            images = artifacts.load_arrays(cells / cell / "grid.safetensors")["images"]
            grids.append((f"{name}\npercentiles of {' and '.join(prior.coordinates)}", images))

    bands = artifacts.load_json(cells.parent / "null_bands.json")
    nulls = {name: bands[prior.name] for name, prior in priors.items()}
    summary = variants(rows, nulls)
    constrained = [row for row in rows if priors[row["prior"]].constrains]
    compared = contrasts(constrained, ablation.margins.model_dump()) if constrained else []
    tables: dict[str, Sequence[Mapping[str, Any] | str]] = {
        "ablation": rows,
        "variants": summary,
        "contrasts": compared,
        "answer": answer(rows, summary, compared, priors),
    }
    for name, table in tables.items():
        artifacts.save_rows(table, Path(f"metrics/{name}.json"))
    draw("2A", figure_side_by_side(planes, COLUMNS, POINT_SIZE))
    draw("2E", figure_grids_side_by_side(grids, COLUMNS))
    draw("fit", figure_fit(*fit_panels(rows, nulls, priors)))
    judged = [bool(row["equivalent"]) for row in compared if row["equivalent"] is not None]
    _stage.say(
        f"wrote metrics/ and plots/ of {len(rows)} cells; "
        f"{sum(judged)} of {len(judged)} comparisons of encoders are equivalent"
    )


def draw(name: str, figure: Figure) -> None:
    artifacts.save_figure(figure, Path(f"plots/ablation_{name}.png"), DPI)


if __name__ == "__main__":
    _stage.run(main)
