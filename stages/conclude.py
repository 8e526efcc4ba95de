"""conclude: summarise a study's runs, draw its figures, say what came out.

Usage: conclude.py NAME
In the study's folder, whose params.yaml describes it, and whose metrics/ and plots/ are written.
"""

import sys
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import _stage

from _params import read_params, read_study
from aae.runs import rows
from aae.runs.nulls import find_null
from aae.runs.store import locate
from aae.studies.common import Grid
from aae.system import artifacts
from aae.system.errors import UserError

DPI = 150


def main() -> None:
    _, name = sys.argv
    if not find_spec(f"aae.studies.{name}"):
        raise UserError(f"there is no src/aae/studies/{name}.py, with `conclude`, for the study {name}")
    study = import_module(f"aae.studies.{name}")
    settings, store, files = read_study(), locate(_stage.ROOT), rows.read(Path())
    runs = read_params().runs(settings)
    measured = (files.rows, files.curves, files.pictures)
    grid = Grid.of(runs, settings, *measured, partial(find_null, store))
    try:
        concluded = study.conclude(grid)
    except UserError as error:
        raise UserError(str(error).replace("STUDY", name)) from None
    for table, content in concluded.tables.items():
        artifacts.save_rows(content, Path(f"metrics/{table}.json"))
    for figure, drawn in concluded.figures.items():
        artifacts.save_figure(drawn, Path(f"plots/{figure}.png"), DPI)
    _stage.say(f"wrote metrics/ and plots/ of {len(runs)} runs")


if __name__ == "__main__":
    _stage.run(main)
