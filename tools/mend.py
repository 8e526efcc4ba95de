"""Put the workspace in order before `dvc repro`; `make repro` does this first.

DVC writes two files in place, and a kill can leave them cut off. What dvc.lock knew the run cache knows
as well, from which `dvc repro` then restores each stage instead of running it. `.dvc/tmp/rwlock` says
which process uses which file, and after a kill says nothing that is still true.

Cells of another grid of the ablation lie beside those of this one: the stage that summarises them
depends on the whole folder, and dvc.lock would record them.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import yaml
from dvc.schema import COMPILED_LOCKFILE_SCHEMA  # type: ignore[import-untyped]
from voluptuous import Invalid

from aae.errors import UserError
from aae.params import parse_params

ROOT = Path(__file__).resolve().parents[1]
READERS: dict[str, Callable[[str], object]] = {
    "dvc.lock": lambda text: COMPILED_LOCKFILE_SCHEMA(yaml.safe_load(text)),
    ".dvc/tmp/rwlock": json.loads,
}


def mend(tree: Path) -> list[str]:
    """Remove those of DVC's files that are not whole; returns their names."""
    removed = []
    for name, read in READERS.items():
        try:
            read((tree / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        except (ValueError, yaml.YAMLError, Invalid):  # ValueError: JSON's and UTF-8's.
            (tree / name).unlink()
            removed.append(name)
    return removed


def remove_other_cells(tree: Path) -> list[str]:
    """Remove cells that are not of this grid, if params.yaml is valid; returns their names."""
    try:
        params = parse_params((tree / "params.yaml").read_text(encoding="utf-8"))
    except (UserError, OSError, UnicodeDecodeError):  # The first stage says what is wrong.
        return []
    others = sorted(
        folder
        for folder in (tree / "data/ablation").glob("*")
        if folder.is_dir() and folder.name not in params.ablation.cells
    )
    for folder in others:
        shutil.rmtree(folder)
    return [folder.name for folder in others]


if __name__ == "__main__":
    for name in mend(ROOT):
        print(f"{name} was cut off in writing: removed; what DVC still needs of it is in its run cache")
    for name in remove_other_cells(ROOT):
        print(f"data/ablation/{name} is no cell of this grid: removed; DVC's cache keeps it")
