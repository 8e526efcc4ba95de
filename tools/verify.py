"""Rerun the committed pipeline from nothing, in a temporary clone, and compare every output with dvc.lock.

On the same kind of CPU every output is the same to the byte. Another kind rounds differently, and a
training makes that large: there the numbers below must agree within their tolerances, which are about
four standard deviations over seeds.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import yaml

from aae.model.parts import PRIORS, prior_class

ROOT = Path(__file__).resolve().parents[1]
TOLERANCES = {"kl": 0.06, "reconstruction_error": 0.001, "neighbour_accuracy": 0.04, "sliced_w2": 0.03}
TABLE = Path("metrics/ablation.json")
CELL = ["encoder", "prior", "seed"]


def main() -> None:
    """Print a line an output that differs; exit 1 where that is more than rounding explains."""
    with tempfile.TemporaryDirectory(prefix="aae-verify-") as folder:
        clone = Path(folder) / "clone"
        run("git", "clone", "--quiet", str(ROOT), str(clone))
        committed = outputs(clone)
        table, trained_with = read_table(clone), read_trained_with(clone)
        remove(clone, committed)
        mnist = ROOT / "data/mnist"
        local = {"AAE_DATA_DIR": str(mnist)} if mnist.is_dir() else {}
        run("dvc", "repro", cwd=clone, env=os.environ | local)
        made = outputs(clone)
        again, trained_with_again = read_table(clone), read_trained_with(clone)

    different = sorted(path for path in committed | made if committed.get(path) != made.get(path))
    print(f"verify: {len(committed) - len(different)} of {len(committed)} outputs are the same to the byte")
    if not different:
        return
    print("differing outputs:")
    print("\n".join(f"  {path}" for path in different))
    if trained_with != trained_with_again:
        print(f"trained with {trained_with_again}; the committed run with {trained_with}")
    changes = worst_changes(table, again)
    print(changes.to_string(index=False))
    if (changes["change"] > changes["tolerance"]).any():
        sys.exit("verify: the numbers differ by more than another CPU's rounding explains")
    print("verify: within the tolerances, as on another kind of CPU")


def outputs(tree: Path) -> dict[str, str]:
    """Every output in a tree's lock, by its path from the root, and its hash."""
    found = {}
    lock = yaml.safe_load((tree / "dvc.lock").read_text(encoding="utf-8"))
    for stage in lock["stages"].values():
        for out in stage.get("outs", []):
            found[out["path"]] = out["md5"]
    return found


def remove(tree: Path, paths: Iterable[str]) -> None:
    """Remove those outputs that git brought: DVC would find them in order and not make them again."""
    for path in paths:
        (tree / path).unlink(missing_ok=True)


def read_trained_with(tree: Path) -> str:
    """What decided the bits of a tree's base run beside settings, images and code."""
    rows = json.loads((tree / "metrics/details.json").read_text(encoding="utf-8"))
    return str(next(row["value"] for row in rows if row["name"] == "trained_with"))


def read_table(tree: Path) -> pd.DataFrame:
    """A tree's ablation, a row a cell."""
    return pd.DataFrame(json.loads((tree / TABLE).read_text(encoding="utf-8")))


def worst_changes(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """The largest change of each number of the ablation over its runs with a prior, beside its tolerance."""
    both = before.merge(after, on=CELL, suffixes=("", "_again"))
    # Nothing holds the codes of the others anywhere: any distance is right.
    both = both[both["prior"].isin([name for name in PRIORS if prior_class(name).constrains])]
    rows = [
        {"number": name, "change": (both[name] - both[f"{name}_again"]).abs().max(), "tolerance": tolerance}
        for name, tolerance in TOLERANCES.items()
    ]
    return pd.DataFrame(rows)


def run(*command: str, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Run a command, and end with it if it fails."""
    if (status := subprocess.run(command, cwd=cwd, env=env).returncode) != 0:
        sys.exit(f"verify: {' '.join(command)} failed with exit code {status}")


if __name__ == "__main__":
    main()
