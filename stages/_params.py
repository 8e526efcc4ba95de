"""params.yaml, validated as a whole by whichever stage reads it; and where things lie."""

from pathlib import Path

import _stage

from aae.settings.params import GridSettings, Params, parse_params, parse_study
from aae.system.errors import UserError

DATA = _stage.ROOT / "data"  # A folder of images for each data set, and results.
TRAINING = DATA / "training"  # The base run: what `train` leaves,
TESTSET = DATA / "testset"  # and what `encode-testset` does.


def read_params() -> Params:
    """The validated content of this tree's params.yaml."""
    return parse_params(_read(_stage.ROOT / "params.yaml"))


def read_study() -> GridSettings:
    """The study that the params.yaml of the current folder describes."""
    return parse_study(_read(Path("params.yaml")))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise UserError("params.yaml is not UTF-8 text") from None
    except FileNotFoundError:
        raise UserError("params.yaml is missing; `git checkout params.yaml` restores it") from None
