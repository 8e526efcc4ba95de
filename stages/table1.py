"""table1: Table 1 of the paper with our rows, a figure of it, and what came out.

Usage: table1.py FOLDER_OF_CELLS
In the study's folder, whose params.yaml describes it, and whose metrics/ and plots/ are written.
"""

import sys
from pathlib import Path

import _stage

from _named import read_named
from aae.errors import UserError
from aae.io import artifacts
from aae.measure.summary import cell_row
from aae.studies import table1

DPI = 150


def main() -> None:
    match sys.argv[1:]:
        case [folder]:
            runs = Path(folder)
        case _:
            raise UserError("usage: table1.py FOLDER_OF_CELLS")
    cells = read_named(runs)
    curves = [artifacts.load_table(cell / "training.csv") for cell in cells]
    rows = []
    for cell, table in zip(cells, curves, strict=True):
        config = artifacts.load_config(cell / "config.json")
        evaluated = cell_row(config, artifacts.load_json(cell / "evaluation.json"))
        likelihood = artifacts.load_json(cell / "likelihood.json")
        rows.append(evaluated | table1.settings(config, table) | likelihood)
    controls = artifacts.load_json(runs / "controls.json")
    artifacts.save_rows(rows, Path("metrics/runs.json"))
    artifacts.save_rows(table1.table(rows, controls), Path("metrics/table.json"))
    artifacts.save_rows(table1.verdict(rows, controls, curves), Path("metrics/answer.json"))
    artifacts.save_figure(table1.figure(rows, controls, curves), Path("plots/study.png"), DPI)
    _stage.say(f"wrote metrics/ and plots/study.png of {len(rows)} cells")


if __name__ == "__main__":
    _stage.run(main)
