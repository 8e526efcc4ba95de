"""Put the workspace in order before `dvc repro`; `make repro` does this first.

DVC writes two files in place, and a kill can leave them cut off. What dvc.lock knew the run cache knows
as well, from which `dvc repro` then restores each stage instead of running it. `.dvc/tmp/rwlock` says
which process uses which file, and after a kill says nothing that is still true.

Cells of another grid of the ablation, or of a study, lie beside those of this one: the stage that
summarises them depends on the whole folder, and dvc.lock would record them.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import yaml
from dvc.schema import COMPILED_LOCKFILE_SCHEMA  # type: ignore[import-untyped]
from voluptuous import Invalid

from aae.cells import cells_of
from aae.errors import UserError
from aae.params import parse_params

ROOT = Path(__file__).resolve().parents[1]


def read_lock(text: str) -> object:
    """The content of a dvc.lock; raises what YAML or DVC's schema has against it."""
    return COMPILED_LOCKFILE_SCHEMA(yaml.safe_load(text))


READERS: dict[str, Callable[[str], object]] = {  # By pattern.
    "dvc.lock": read_lock,
    "cells/dvc.lock": read_lock,
    "studies/*/dvc.lock": read_lock,
    ".dvc/tmp/rwlock": json.loads,
}


def mend(tree: Path) -> list[str]:
    """Remove those of DVC's files that are not whole; returns their names."""
    removed = []
    for pattern, read in READERS.items():
        for path in sorted(tree.glob(pattern)):
            try:
                read(path.read_text(encoding="utf-8"))
            except (ValueError, yaml.YAMLError, Invalid):  # ValueError: JSON's and UTF-8's.
                path.unlink()
                removed.append(str(path.relative_to(tree)))
    return removed


def remove_other_cells(tree: Path) -> list[str]:
    """Remove cells that are not of their grid, if the grid's params.yaml is valid; returns their folders."""
    others = []
    for path in [tree / "params.yaml", *sorted(tree.glob("studies/*/params.yaml"))]:
        main = path.parent == tree
        try:
            text = path.read_text(encoding="utf-8")
            cells = parse_params(text).ablation.cells if main else list(cells_of(text))
        except (UserError, OSError, UnicodeDecodeError):  # The first stage says what is wrong.
            continue
        folders = sorted((tree / "data" / ("ablation" if main else path.parent.name)).glob("*"))
        others += [folder for folder in folders if folder.is_dir() and folder.name not in cells]
    for folder in others:
        shutil.rmtree(folder)
    return [str(folder.relative_to(tree)) for folder in others]


if __name__ == "__main__":
    for name in mend(ROOT):
        print(f"{name} was cut off in writing: removed; what DVC still needs of it is in its run cache")
    for name in remove_other_cells(ROOT):
        print(f"{name} is no cell of its grid: removed; DVC's cache keeps it")
