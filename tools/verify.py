"""Rerun the committed pipeline from nothing, in a temporary clone, and compare every output with dvc.lock.

On the same kind of CPU every output is the same to the byte. Another kind rounds differently, and a
training makes that large, up to what another seed would do: there the numbers below must lie in the 95%
prediction intervals of one new run, by the seeds of the same variant in studies/.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from aae.compare.summary import half_width
from aae.settings.config import RunConfig
from aae.settings.params import Params, Run, parse_params, parse_study
from aae.system.artifacts import load_json

ROOT = Path(__file__).resolve().parents[1]
NUMBERS = ("kl", "kl_training", "reconstruction_error", "neighbour_accuracy", "sliced_w2")
LEAST = 3  # Seeds from which on an interval says something.


def main() -> None:
    """Print a line an output that differs; exit 1 where that is more than rounding explains."""
    with tempfile.TemporaryDirectory(prefix="aae-verify-") as folder:
        clone = Path(folder) / "clone"
        run("git", "clone", "--quiet", str(ROOT), str(clone))
        committed = outputs(clone)
        table, trained_with = read_table(clone), read_trained_with(clone)
        runs = named_runs(clone)
        seeds = {run.variant: seeds_of(clone, run.config) for run in runs}
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
    lines, outside = judge(runs, seeds, table, again)
    print("\n".join(lines))
    finish(outside)


def finish(outside: int) -> None:
    """Say what the numbers come to; exit 1 if any lies outside its interval."""
    if outside:
        sys.exit(
            f"verify: numbers outside the 95% interval of one new run: {outside}; by chance one in 20 is"
        )
    print("verify: within the intervals, as on another kind of CPU")


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
    """Read what decided the bits of a tree's base run beside settings, images and code."""
    rows = load_json(tree / "metrics/details.json")
    return str(next(row["value"] for row in rows if row["name"] == "trained_with"))


def read_table(tree: Path) -> list[dict[str, Any]]:
    """A tree's ablation, a row a run."""
    return load_json(tree / "metrics/ablation.json")


def named_runs(tree: Path) -> list[Run]:
    """The runs of a tree's ablation, in the order of its table."""
    params = read_params(tree)
    return params.runs(params.ablation)


def read_params(tree: Path) -> Params:
    """A tree's params.yaml."""
    return parse_params((tree / "params.yaml").read_text(encoding="utf-8"))


def seeds_of(tree: Path, config: RunConfig) -> pd.DataFrame:
    """The rows of one study whose runs differ from a run in the seed alone.

    It is the study that has most of them: those of several, of other machines perhaps, are never pooled.
    """
    params = read_params(tree)
    found = [pd.DataFrame(columns=NUMBERS)]
    for path in sorted(tree.glob("studies/*/runs.csv")):
        study = parse_study((path.parent / "params.yaml").read_text(encoding="utf-8"))
        alike = {
            (run.variant, run.config.seed)
            for run in params.runs(study)
            if run.config.model_copy(update={"seed": config.seed}) == config
        }
        rows = pd.read_csv(path)
        named = zip(rows["variant"], rows["seed"], strict=True)
        found.append(rows[[each in alike for each in named]])
    return max(found, key=len)


def prediction_interval(values: np.ndarray) -> tuple[float, float]:
    """Ends of the 95% interval, by Student's t, in which one more value lies."""
    half = half_width(values) * float(np.sqrt(len(values) + 1))
    return float(np.mean(values)) - half, float(np.mean(values)) + half


def judge(
    runs: Sequence[Run],
    seeds: dict[str, pd.DataFrame],
    committed: Sequence[dict[str, Any]],
    here: Sequence[dict[str, Any]],
) -> tuple[list[str], int]:
    """Compare the numbers of two tables with what seeds do.

    Args:
        runs: those of both tables, in their order.
        seeds: rows that differ in the seed alone, by variant.
        committed: a table, a row a run.
        here: the other one.

    Returns:
        A line a number (name, committed, here, interval, ok or not), and how many lie outside.
    """
    lines = [f"{'':45}  committed       here  95% interval of one new run"]
    outside = 0
    for run, old, new in zip(runs, committed, here, strict=True):
        for number in NUMBERS:
            rows = seeds[run.variant]
            values = rows[number].dropna().to_numpy(float) if number in rows else np.empty(0)
            if len(values) < LEAST:
                words = f"not judged: seeds in studies/: {len(values)}, fewer than {LEAST}"
            else:
                low, high = prediction_interval(values)
                inside = low <= new[number] <= high
                outside += not inside
                words = f"{low:.4f} to {high:.4f} ({len(values)} seeds): {'ok' if inside else 'NOT OK'}"
            lines.append(f"{f'{run.name}, {number}':45} {old[number]:10.4f} {new[number]:10.4f}  {words}")
    return lines, outside


def run(*command: str, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Run a command, and end with it if it fails."""
    if (status := subprocess.run(command, cwd=cwd, env=env).returncode) != 0:
        sys.exit(f"verify: {' '.join(command)} failed with exit code {status}")


if __name__ == "__main__":
    main()
