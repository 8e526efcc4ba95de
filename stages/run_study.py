"""run: make a study's missing training runs, and write runs.csv, curves.csv and pictures.safetensors.

Usage: run_study.py NAME
In the study's folder, whose params.yaml describes it.
"""

import sys
from pathlib import Path

import _stage

from _params import DATA, read_params, read_study
from aae.runs import rows
from aae.runs.store import locate

HERE = Path()


def main() -> None:
    _, name = sys.argv
    store = locate(_stage.ROOT)
    files = rows.make(name, read_params(), read_study(), DATA, store, rows.read(HERE))
    rows.write(files, HERE)
    _stage.say(f"wrote {rows.RUNS}, {rows.CURVES} and {rows.PICTURES} of {len(files.found)} runs")


if __name__ == "__main__":
    _stage.run(main)
