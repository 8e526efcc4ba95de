"""params.yaml, validated as a whole by whichever stage reads it."""

from collections.abc import Sequence
from pathlib import Path

import _stage

from aae.errors import UserError
from aae.params import AblationSettings, Params, StudySettings, parse_ablation, parse_params, parse_study


def read_params() -> Params:
    """The validated content of this tree's params.yaml."""
    return parse_params(_read(_stage.ROOT / "params.yaml"))


def read_ablation() -> AblationSettings:
    """The ablation that the params.yaml of the current folder describes: the main job's, or a study's."""
    return parse_ablation(_read(Path("params.yaml")))


def read_study() -> StudySettings:
    """The study that the params.yaml of the current folder describes."""
    return parse_study(_read(Path("params.yaml")))


def say_other_cells(folder: Path, cells: Sequence[str]) -> None:
    """Tell the user of cells in a folder that are not of the grid that a summary is made of."""
    others = sorted(cell.name for cell in folder.iterdir() if cell.is_dir() and cell.name not in cells)
    if others:
        _stage.say(
            f"{folder} also holds {', '.join(others)}, no cells of this grid, and not counted here; "
            "dvc.lock records them: before a commit remove them (`make repro` and `make studies` do so)"
        )


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UserError("params.yaml is not UTF-8 text") from None
    except FileNotFoundError:
        raise UserError("params.yaml is missing; `git checkout params.yaml` restores it") from None
