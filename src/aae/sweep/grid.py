"""A grid of training runs as DVC has it: its cells, which of them are missing, their entries in its lock."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from aae.cells import cells_of
from aae.errors import UserError
from aae.params import parse_params
from aae.sweep.commands import dvc, run

FAMILIES = ("configure", "train", "evaluate")  # The stages of a cell, in their order.
INPUTS = ("validate", "download", "null-bands")  # What they need of the root's stages.
# Of the tree, what a cell's stages and their dvc need. No other studies: DVC reads the stages of all.
NEEDED = (".dvc", ".dvcignore", "cells", "dvc.yaml", "params.yaml", "src", "stages")


@dataclass(frozen=True)
class Grid:
    """The ablation, or a study."""

    name: str
    folder: str
    """Of its dvc.yaml, from the root."""
    target: str
    """What `dvc repro` takes to make all of it, its summary included."""
    cells: tuple[str, ...]

    def stages(self, cell: str) -> list[str]:
        """The names of a cell's stages, as dvc takes them."""
        return [f"{self.folder}/dvc.yaml:{family}@{cell}" for family in FAMILIES]

    @property
    def lock(self) -> str:
        """Its dvc.lock, from the root."""
        return f"{self.folder}/dvc.lock"


def find_grid(root: Path, name: str) -> Grid:
    """The grid of that name: `ablation`, a study's name, or its dvc.yaml.

    Raises:
        UserError: there is none, or its params.yaml is wrong.
    """
    studies = sorted(path.parent.name for path in root.glob("studies/*/dvc.yaml"))
    study = name.removeprefix("studies/").removesuffix("/").removesuffix("/dvc.yaml")
    if name == "ablation":
        cells = parse_params(_read(root / "params.yaml")).ablation.cells
        return Grid("ablation", "cells", "ablation", tuple(cells))
    if study in studies:
        named = cells_of(_read(root / "studies" / study / "params.yaml"))
        return Grid(study, f"studies/{study}", f"studies/{study}/dvc.yaml", tuple(named))
    raise UserError(f"{name!r} is no grid; there are: ablation, {', '.join(studies)}")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: {error}") from None


def check_committed(root: Path, grid: Grid) -> None:
    """Check that the commit, which workers run, has what they need; locks, which are results, may differ.

    Raises:
        UserError: something is changed, or new.
    """
    paths = [*NEEDED, grid.folder, ":(exclude,glob)**/dvc.lock"]
    paths += [f":(exclude){grid.folder}/{name}" for name in ("metrics", "plots")]
    changed = [line[3:] for line in run("git", "status", "--porcelain", "--", *paths, cwd=root).splitlines()]
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise UserError(f"{changed[0]}{more}: uncommitted; workers run the commit: commit or stash first")


def missing_cells(root: Path, grid: Grid) -> list[str]:
    """The cells of which some stage has no result in the workspace that is in order."""
    status = dvc("status", "--json", f"{grid.folder}/dvc.yaml", cwd=root)
    changed = json.loads(status[status.index("{") :])
    return [cell for cell in grid.cells if any(stage in changed for stage in grid.stages(cell))]


def read_entries(tree: Path, grid: Grid, cell: str) -> dict[str, Any]:
    """The entries of a finished cell's stages in the grid's dvc.lock."""
    entries = YAML(typ="safe").load((tree / grid.lock).read_text(encoding="utf-8"))["stages"]
    return {name: entries[name] for name in (f"{family}@{cell}" for family in FAMILIES)}


def merge_entries(text: str, entries: Mapping[str, Any]) -> str:
    """The text of a dvc.lock with these entries in it, as dvc writes it.

    `dvc repro` could restore each cell instead. But it reads and writes the whole lock for every stage, which
    takes hours for a thousand cells, and from a run cache with results of two kinds of machine it takes any.

    Args:
        text: of the lock; empty where there is none.
        entries: by the stages' names.
    """
    yaml = YAML()
    yaml.default_flow_style = False
    lock = yaml.load(text) or {"schema": "2.0", "stages": {}}
    lock["stages"].update(entries)
    stream = StringIO()
    yaml.dump(lock, stream)
    return stream.getvalue()
