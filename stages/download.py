"""download: fetch the four IDX files of a data set, verified by their digests.

Usage: download.py NAME
"""

import os
import sys
from pathlib import Path

import _stage

from aae.data.datasets import DATASETS
from aae.data.sources import fetch


def main() -> None:
    _, name = sys.argv  # Validated before.
    local = os.environ.get("AAE_DATA_DIR")
    folder = _stage.ROOT / "data" / name
    source = fetch(folder, DATASETS[name], Path(local).expanduser() if local else None)
    _stage.say(f"wrote data/{name}: four files, verified, from {source}")


if __name__ == "__main__":
    _stage.run(main)
