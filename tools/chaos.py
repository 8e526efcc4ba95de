"""Kill `dvc repro` at random moments, again and again, and see whether a bit of the results changes.

    make chaos      or      python tools/chaos.py --kills 50 --seed 0

Works in temporary clones, on the sample of MNIST in tests/, with small settings. Linux only.
"""

import argparse
import gzip
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import yaml

from aae.io import artifacts

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from clones import DVC, Clone, make_clone  # noqa: E402

from mend import mend  # noqa: E402

SMALL = {
    "hidden_units: 16": "hidden_units: 64",
    "epochs: 1 ": "epochs: 60 ",
    "batch_size: 100": "batch_size: 4",
    "    - deterministic\n    - gaussian\n": "    - deterministic\n",
    "    - gaussian\n  seed:": "    - gaussian\n    - none\n  seed:",
}
# All but controls, which no training touches.
REPRO = (DVC, "repro", "plot-2A", "plot-fit", "sample-grid-2E", "ablation")
BETWEEN = 0.15  # Of an undisturbed run's time, at most, from a start to a kill.
PER_ROUND = 10  # Kills, after which a run may go on to its end; most hit a training run.
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "PATH": f"{Path(DVC).parent}:{os.environ['PATH']}"}


def child(pid: int) -> int:
    """The stage that this dvc runs, or dvc itself if it runs none."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[0]) if children else pid


KINDS: dict[str, Callable[[int], None]] = {
    "SIGKILL to the stage": lambda dvc: os.kill(child(dvc), signal.SIGKILL),
    "SIGKILL to dvc": lambda dvc: os.kill(dvc, signal.SIGKILL),
    "SIGTERM to the stage": lambda dvc: os.kill(child(dvc), signal.SIGTERM),
    "SIGINT to both": lambda dvc: os.killpg(dvc, signal.SIGINT),
}


def start(tree: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start `dvc repro` in a process group of its own, its output appended to `log`, as `make repro` does."""
    with log.open("ab") as stream:
        for name in mend(tree):
            stream.write(f"removed, as cut off: {name}\n".encode())
            stream.flush()
        return subprocess.Popen(
            REPRO, cwd=tree, env=ENVIRONMENT, stdout=stream, stderr=stream, start_new_session=True
        )


def finish(tree: Path, log: Path) -> None:
    """Run `dvc repro` to its end."""
    if start(tree, log).wait() != 0:
        sys.exit(f"dvc repro failed:\n{log.read_text()[-3000:]}")


def results(tree: Path) -> dict[str, object]:
    """What git has of a finished tree; the locks have hashes of the rest, in any order of stages."""
    files = [*(tree / "metrics").iterdir(), *(tree / "plots").iterdir()]
    locks = {
        name: yaml.safe_load((tree / name).read_text(encoding="utf-8"))
        for name in ("dvc.lock", "cells/dvc.lock")
    }
    return locks | {str(file.relative_to(tree)): file.read_bytes() for file in files}


def trained(said: str) -> Counter[tuple[str, str]]:
    """How often each epoch of each stage was trained to its end, by what a log says."""
    stage, epochs = "", Counter[tuple[str, str]]()
    for line in said.splitlines():
        if found := re.match(r"Running stage '(.+)':", line):
            stage = found[1]
        elif found := re.match(r"epoch (\d+) of ", line):
            epochs[stage, found[1]] += 1
    return epochs


def campaign(kills: int, seed: int, folder: Path, table: Path) -> bool:
    """Print the table and write it; True if nothing differs."""
    for packed in (ROOT / "tests/mnist-sample").glob("*.gz"):
        (folder / "mnist").mkdir(exist_ok=True)
        (folder / "mnist" / packed.stem).write_bytes(gzip.decompress(packed.read_bytes()))
    fresh: Clone = make_clone(folder / "fresh", folder / "mnist")
    fresh.edit("params.yaml", *SMALL.items())

    reference = shutil.copytree(fresh.folder, folder / "reference")
    began = time.monotonic()
    finish(reference, folder / "reference.log")
    duration = time.monotonic() - began
    expected = results(reference)

    moments = random.Random(seed)
    counts: Counter[str] = Counter()
    rounds = failed = resumed = mended = restarted = twice = differing = 0
    while counts.total() < kills:
        rounds += 1
        tree = shutil.copytree(fresh.folder, folder / f"round-{rounds}")
        log = folder / f"round-{rounds}.log"
        finished = False
        while not finished and counts.total() < min(kills, PER_ROUND * rounds):
            process = start(tree, log)
            try:
                finished = process.wait(moments.uniform(0, BETWEEN * duration)) == 0
                failed += not finished
            except subprocess.TimeoutExpired:
                kind = moments.choice(list(KINDS))
                KINDS[kind](process.pid)
                counts[kind] += 1
                process.wait()
        finish(tree, log)
        found = results(tree)
        differing += sum(found.get(name) != expected.get(name) for name in expected | found)
        said = log.read_text()
        resumed += said.count(": resuming after epoch")
        mended += said.count("removed, as cut off: ")
        restarted += said.count("; starting over")
        twice += sum(count - 1 for count in trained(said).values())
        print(f"round {rounds}: {counts.total()} of {kills} kills", flush=True)
        shutil.rmtree(tree)

    rows = dict(sorted(counts.items())) | {
        "kills in all": counts.total(),
        "runs to the end": rounds,
        "runs that failed unkilled": failed,
        "training runs resumed": resumed,
        "files of DVC cut off, and removed": mended,
        "training runs started over for a damaged checkpoint": restarted,
        "finished epochs trained again": twice,
        "differing outputs": differing,
    }
    report = pd.DataFrame(list(rows.items()), columns=["event", "count"])
    print(f"\n{report.to_string(index=False)}")
    artifacts.save_table(report.to_dict("records"), table)
    return failed == restarted == twice == differing == 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Kill dvc repro at random moments; compare the results.")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/chaos.csv", help="the table")
    parser.add_argument("--seed", type=int, default=0, help="of the moments and kinds")
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # A shell's background jobs ignore it.
    with tempfile.TemporaryDirectory(prefix="chaos-") as name:
        sys.exit(not campaign(arguments.kills, arguments.seed, Path(name), arguments.out))
