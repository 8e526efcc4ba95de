"""ablation: train and measure each variant, side by side; compare the encoders; draw the variants."""

import shutil
from functools import partial

import _stage

from _params import DATA, TRAINING, read_params
from aae.runs import rows
from aae.runs.grid import evaluation_of, training_of
from aae.runs.nulls import find_null
from aae.runs.store import Store, locate
from aae.studies import encoders
from aae.studies.common import Grid
from aae.system import artifacts

FOLDER = _stage.ROOT / "data/ablation"
DPI = 150


def main() -> None:
    params, store = read_params(), locate(_stage.ROOT)
    store.adopt("training", TRAINING)  # The base run may be one of the grid, and the store new.
    grid = params.ablation.model_copy(update={"keep": list(params.ablation.variants)})
    encoders.require_variants(params.runs(grid))  # Before hours of training.
    files = rows.make("ablation", params, grid, DATA, store, rows.GridFiles())
    write_runs(files, store)
    measured = (files.rows, files.curves, files.pictures)
    concluded = encoders.conclude(Grid.of(params.runs(grid), grid, *measured, partial(find_null, store)))
    for name, table in concluded.tables.items():
        artifacts.save_rows(table, _stage.ROOT / f"metrics/{name}.json")
    for name, figure in concluded.figures.items():
        artifacts.save_figure(figure, _stage.ROOT / f"plots/{name}.png", DPI)
    _stage.say(f"wrote metrics/ and plots/ of {len(files.found)} runs")


def write_runs(files: rows.GridFiles, store: Store) -> None:
    """Leave the rows of all runs, and settings, weights and codes of each variant's first."""
    with artifacts.atomic_folder(FOLDER) as partial:
        rows.write(files, partial)
        for found in files.found:
            variant = found.wanted.run.variant
            if files.pictured[variant] != found.wanted.key:
                continue
            (partial / variant).mkdir()
            shutil.copy(evaluation_of(found, store) / "codes.csv", partial / variant)
            for name in ("config.json", "weights.safetensors"):
                shutil.copy(training_of(found, store) / name, partial / variant)


if __name__ == "__main__":
    _stage.run(main)
