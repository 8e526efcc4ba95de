"""figures: the paper's Figures 2B, 2C, 2D and 3, each of a run of the study.

Usage: figures.py FOLDER_OF_CELLS
In the study's folder, whose params.yaml names the runs after their figures, and whose metrics/ and plots/
are written.
"""

import sys
from pathlib import Path

import _stage

import numpy as np

from _named import read_named
from _run import read_run
from aae.draw.labels import Told, figure_3
from aae.draw.plane import figure_2a
from aae.errors import UserError
from aae.io import artifacts
from aae.measure.summary import cell_row
from aae.measure.walks import component_walks
from aae.model.priors import run_prior
from aae.studies import figures

POINT_SIZE, DPI = 1.5, 150
COLUMNS = 10  # Images a component.


def main() -> None:
    match sys.argv[1:]:
        case [folder]:
            runs = Path(folder)
        case _:
            raise UserError("usage: figures.py FOLDER_OF_CELLS")
    rows, told = [], []
    for cell in read_named(runs):
        config, autoencoder = read_run(cell)
        prior = run_prior(config)
        evaluation = artifacts.load_json(cell / "evaluation.json")
        row = {"figure": cell.name, **cell_row(config, evaluation), **figures.settings(config)}
        rows.append(row)
        codes = artifacts.load_table(cell / "codes.csv")
        z, y = codes[["z1", "z2"]].to_numpy(), codes["label"].to_numpy()
        if config.labels:
            heading = f"{config.title}\n{figures.at_home(row)}".replace(", ", ",\n", 1)
            told.append(Told(heading, z, y, prior, component_walks(config, autoencoder, COLUMNS)))
            continue
        name = figures.title(cell.name)
        samples = prior.draw(len(z), np.random.default_rng(0))
        heading = f"Figure {name}: {config.title}\n{figures.measured(row)}"
        figure = figure_2a(z, y, prior, samples, heading, POINT_SIZE)
        artifacts.save_figure(figure, Path(f"plots/{name}.png"), DPI)
    title = "Figure 3: codes of test images; the discriminator is told the digits of some training images"
    artifacts.save_figure(figure_3(told, title, POINT_SIZE), Path("plots/3.png"), DPI)
    artifacts.save_rows(rows, Path("metrics/runs.json"))
    artifacts.save_rows(figures.verdict(rows), Path("metrics/answer.json"))
    _stage.say(f"wrote metrics/ and plots/ of {len(rows)} cells")


if __name__ == "__main__":
    _stage.run(main)
