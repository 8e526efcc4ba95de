"""The files of a grid: runs.csv, curves.csv, pictures.safetensors. Their bytes depend on its runs alone."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from aae.data.images import to_unit
from aae.runs.code import meaning
from aae.runs.evaluation import require_unseen
from aae.runs.grid import (
    Found,
    ImagesByRun,
    Row,
    Wanted,
    evaluation_of,
    fill,
    row_of,
    training_of,
    wanted,
)
from aae.runs.names import short_hash
from aae.runs.store import Store
from aae.settings.params import GridSettings, Params
from aae.system import artifacts

RUNS, CURVES, PICTURES = "runs.csv", "curves.csv", "pictures.safetensors"
TEXT = ("key", "environment", "variant")  # Columns that are words, even where they look like numbers.
LABELS = "labels"
PICTURED = "pictured"
SIDE = 15  # Images along each side of a kept mosaic.
COLUMNS = 10  # Images a component of kept walks.


@dataclass
class GridFiles:
    """Contents of a grid's files."""

    rows: list[Row] = field(default_factory=list)
    """A row a run, and one a control."""
    curves: list[Row] = field(default_factory=list)
    """A row a recorded epoch of a run."""
    pictures: dict[str, np.ndarray] = field(default_factory=dict)
    """Labels, and of each kept variant's first run codes ("NAME/z"), decoded images at percentiles of the
    prior ("NAME/mosaic") and, with labels, along its components ("NAME/walks")."""
    pictured: dict[str, str] = field(default_factory=dict)
    """Key of the pictured run, by kept variant."""
    found: list[Found] = field(default_factory=list)
    """Sources of the rows; empty for files that were read."""


def read(folder: Path) -> GridFiles:
    """The files that an earlier run of a grid left; empty where there are none."""
    files = GridFiles()
    if (folder / RUNS).exists():
        files.rows = artifacts.load_rows(folder / RUNS, TEXT)
    if (folder / CURVES).exists():
        files.curves = artifacts.load_rows(folder / CURVES, TEXT)
    if (folder / PICTURES).exists():
        files.pictures = artifacts.load_arrays(folder / PICTURES)
        files.pictured = json.loads(artifacts.load_notes(folder / PICTURES).get(PICTURED, "{}"))
    return files


def write(files: GridFiles, folder: Path) -> None:
    """Leave the files of a grid in a folder, each whole or as it was."""
    # The format has no file without tensors.
    pictures = files.pictures or {LABELS: np.zeros(0, np.uint8)}
    # One note: the library writes several in any order.
    notes = {PICTURED: json.dumps(files.pictured, sort_keys=True)}
    artifacts.save_arrays(pictures, folder / PICTURES, notes)
    artifacts.save_table(files.curves, folder / CURVES, columns=None if files.curves else ["key"])
    artifacts.save_table(files.rows, folder / RUNS)


def make(
    name: str, params: Params, grid: GridSettings, data: Path, store: Store, earlier: GridFiles
) -> GridFiles:
    """Make the runs of a grid that are missing, and gather what its files hold.

    Args:
        name: of the grid, for messages.
        params: the settings that hold for all its runs.
        grid: its variants and seeds.
        data: the folder of the images.
        store: where results lie.
        earlier: what earlier files hold; rows of runs that are still wanted are kept.

    Raises:
        UserError: a setting is wrong, a run failed, or it would repeat runs of another kind of machine.
    """
    images = ImagesByRun(data)
    named = wanted(params.runs(grid), images, grid.measures)
    kept = {each.run.variant: each.key for each in reversed(named) if each.run.variant in grid.keep}
    usable = [row for row in earlier.rows if _is_complete(row, earlier, kept)]
    found = fill(name, named, images, store, usable)
    files = GridFiles(found=found)
    settings = changed_settings(grid)
    for each in found:
        files.rows.append(row_of(each, settings, store))
        files.curves += _curves(each, store, earlier)
        variant = each.wanted.run.variant
        if kept.get(variant) == each.wanted.key:
            files.pictured[variant] = each.wanted.key
            files.pictures |= _pictures(each, images, store, earlier)
    if "log_likelihood" in grid.measures:
        files.rows += _controls(found, images, store, earlier)
    return files


def changed_settings(grid: GridSettings) -> list[str]:
    """The settings that a grid's variants change, without the seed."""
    names = dict.fromkeys(key for changes in grid.variants.values() for key in changes)
    return [name for name in names if name != "seed"]


def _is_complete(row: Row, earlier: GridFiles, kept: Mapping[str, str]) -> bool:
    """Tell if all files that say something of a run are of the same run."""
    key, variant = row["key"], row["variant"]
    pictured = kept.get(variant) != key or earlier.pictured.get(variant) == key
    return pictured and any(curve["key"] == key for curve in earlier.curves)


def _curves(found: Found, store: Store, earlier: GridFiles) -> list[Row]:
    if found.row is not None:
        return [row for row in earlier.curves if row["key"] == found.wanted.key]
    run = found.wanted.run
    table = artifacts.load_rows(evaluation_of(found, store) / CURVES, ())
    names = {"key": found.wanted.key, "variant": run.variant, "seed": run.config.seed}
    return [{**names, **row} for row in table]


def _pictures(found: Found, images: ImagesByRun, store: Store, earlier: GridFiles) -> dict[str, np.ndarray]:
    variant = found.wanted.run.variant
    if found.row is not None:
        names = [LABELS, *(name for name in earlier.pictures if name.startswith(f"{variant}/"))]
        return {name: earlier.pictures[name] for name in names}
    from aae.measure.percentiles import percentile_grid
    from aae.measure.walks import component_walks
    from aae.runs.training import load_autoencoder

    trained = training_of(found, store)
    config, autoencoder = load_autoencoder(trained)
    z = artifacts.load_arrays(trained / "codes.safetensors")["evaluation"]
    result: dict[str, np.ndarray] = {
        LABELS: images.of(config).y_evaluation.astype(np.uint8),
        f"{variant}/z": z.astype(np.float16),
        f"{variant}/mosaic": _to_bytes(percentile_grid(config, autoencoder, z, SIDE)),
    }
    if config.labels:
        result[f"{variant}/walks"] = _to_bytes(component_walks(config, autoencoder, COLUMNS))
    return result


def _controls(found: Sequence[Found], images: ImagesByRun, store: Store, earlier: GridFiles) -> list[Row]:
    """Rows of what the log-likelihood is beside no model at all."""
    first: Wanted = found[0].wanted
    of_run = images.of(first.run.config)
    code = meaning(["aae.measure.likelihood"], inside="aae.measure")
    key = short_hash("controls", of_run.digest, code)
    there = [row for row in earlier.rows if row["key"] == key]
    if there:
        return there
    path = store.folder / "controls" / f"{key}.json"
    if not path.exists():
        from aae.measure.likelihood import likelihood_controls

        require_unseen(of_run)
        parts = (of_run.x, of_run.x_validation, of_run.x_evaluation)
        unit = (to_unit(part).reshape(len(part), -1) for part in parts)
        artifacts.save_rows(likelihood_controls(*unit), path)
    rows: list[dict[str, Any]] = artifacts.load_json(path)
    return [{"key": key, "environment": "", "variant": f"control: {row.pop('name')}", **row} for row in rows]


def _to_bytes(x: np.ndarray) -> np.ndarray:
    return (x * 255).round().astype(np.uint8)
