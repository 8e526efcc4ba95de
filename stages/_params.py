"""params.yaml, validated as a whole by whichever stage reads it."""

from pathlib import Path

import _stage

from aae.errors import UserError
from aae.params import AblationSettings, Params, parse_ablation, parse_params


def read_params() -> Params:
    """The validated content of this tree's params.yaml."""
    return parse_params(_read(_stage.ROOT / "params.yaml"))


def read_ablation() -> AblationSettings:
    """The ablation that the params.yaml of the current folder describes: the main job's, or a study's."""
    return parse_ablation(_read(Path("params.yaml")))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UserError("params.yaml is not UTF-8 text") from None
    except FileNotFoundError:
        raise UserError("params.yaml is missing; `git checkout params.yaml` restores it") from None
