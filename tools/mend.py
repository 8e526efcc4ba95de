"""Remove what dvc was killed in the middle of writing; `make repro` does this first.

DVC writes two files in place. What dvc.lock knew the run cache knows as well, from which `dvc repro`
then restores each stage instead of running it. `.dvc/tmp/rwlock` says which process uses which file,
and after a kill says nothing that is still true.
"""

import json
from collections.abc import Callable
from pathlib import Path

import yaml
from dvc.schema import COMPILED_LOCKFILE_SCHEMA  # type: ignore[import-untyped]
from voluptuous import Invalid

ROOT = Path(__file__).resolve().parents[1]
READERS: dict[str, Callable[[str], object]] = {
    "dvc.lock": lambda text: COMPILED_LOCKFILE_SCHEMA(yaml.safe_load(text)),
    ".dvc/tmp/rwlock": json.loads,
}


def mend(tree: Path) -> list[str]:
    """Remove those of the files that are not whole; returns their names."""
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


if __name__ == "__main__":
    for name in mend(ROOT):
        print(f"{name} was cut off in writing: removed; what DVC still needs of it is in its run cache")
