"""download: fetch the four IDX files of a data set, verified by their digests.

Usage: download.py NAME
"""

import os
import sys
from pathlib import Path

import _stage

from aae.data.datasets import DATASETS
from aae.data.sources import fetch
from aae.system.errors import UserError


def main() -> None:
    match sys.argv[1:]:
        case [name] if name in DATASETS:
            local = os.environ.get("AAE_DATA_DIR")
            folder = _stage.ROOT / "data" / name
            source = fetch(folder, DATASETS[name], Path(local).expanduser() if local else None)
        case _:
            raise UserError(f"usage: download.py NAME, of {', '.join(DATASETS)}")
    _stage.say(f"wrote data/{name}: four files, verified, from {source}")


if __name__ == "__main__":
    _stage.run(main)
