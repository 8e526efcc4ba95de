"""params.yaml, validated as a whole by whichever stage reads it."""

import _stage

from aae.errors import UserError
from aae.params import Params, parse_params


def read_params() -> Params:
    """The validated content of this tree's params.yaml."""
    try:
        return parse_params((_stage.ROOT / "params.yaml").read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise UserError("params.yaml is not UTF-8 text") from None
    except FileNotFoundError:
        raise UserError("params.yaml is missing; `git checkout params.yaml` restores it") from None
