"""study: summarise a study's evaluated cells over seeds, draw its figure, say what came out.

Usage: study.py NAME FOLDER_OF_CELLS
In the study's folder, whose params.yaml describes it, and whose metrics/ and plots/ are written.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import _stage

from _params import read_study, say_other_cells
from aae.config import RunConfig
from aae.errors import UserError
from aae.io import artifacts
from aae.measure.summary import cell_row, over_seeds, varying_settings

DPI = 150


def main() -> None:
    match sys.argv[1:]:
        case [name, folder] if name.isidentifier():
            study = import_module(f"aae.studies.{name}")
            runs = Path(folder)
        case _:
            raise UserError("usage: study.py NAME FOLDER_OF_CELLS")
    cells = read_study().cells
    say_other_cells(runs, cells)
    configs = [artifacts.load_config(runs / cell / "config.json") for cell in cells]
    require_only(study.VARIES, configs)
    curves = [artifacts.load_table(runs / cell / "training.csv") for cell in cells]
    rows = [
        cell_row(config, artifacts.load_json(runs / cell / "evaluation.json")) | study.settings(config, table)
        for cell, config, table in zip(cells, configs, curves, strict=True)
    ]
    artifacts.save_rows(rows, Path("metrics/runs.json"))
    artifacts.save_rows(over_seeds(rows, study.BY), Path("metrics/means.json"))
    artifacts.save_rows(study.verdict(rows), Path("metrics/answer.json"))
    artifacts.save_figure(study.figure(rows, curves), Path("plots/study.png"), DPI)
    _stage.say(f"wrote metrics/ and plots/study.png of {len(rows)} cells")


def require_only(varied: Sequence[str], configs: Sequence[RunConfig]) -> None:
    """Refuse cells that the study cannot tell apart: what differs in another setting is no further seed."""
    if others := varying_settings(configs) - {*varied, "seed"}:
        raise UserError(
            f"params.yaml: cells: this study varies {', '.join(varied)} and seed, and its cells differ in "
            f"{', '.join(sorted(others))} as well"
        )
    if len({config.model_dump_json() for config in configs}) < len(configs):
        raise UserError("params.yaml: cells: two cells are one and the same run")


if __name__ == "__main__":
    _stage.run(main)
