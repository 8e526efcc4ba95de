"""What a sweep costs beside `dvc repro`, and what two workers gain on two cores; the tables go to `results/`.

Runs the same few cells in four ways, each in a clone of its own: serially, and by `python -m aae.sweep`. Then
times what grows with a grid: dvc's work on its lock, and on the entries of its run cache. Needs the extra
(`make .venv/installed-sweep`), the four files of MNIST in data/mnist, and an idle machine.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml

from aae.io import artifacts
from workers import describe_machine, run_alone

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).parent / "results"
GRIDS = (50, 100, 200)  # Stages, each as large in dvc.lock as one of the pipeline.
ENTRY_DEPS, ENTRY_OUTS = 22, 5
KEYS = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_DEFAULT_REGION": "us-east-1"}
ENVIRONMENT = os.environ | KEYS


@dataclass(frozen=True)
class Way:
    """One way to run the cells."""

    name: str
    workers: int
    """0: no sweep, but `dvc repro`."""
    threads: int
    """`train.threads`."""
    remote: bool = False
    """Whether results travel over an S3 server, and not by a shared cache."""


WAYS = (
    Way("dvc repro", 0, 2),
    Way("sweep, two workers", 2, 1),
    Way("sweep, one worker", 1, 2),
    Way("sweep, one worker, S3", 1, 2, remote=True),
)


def main() -> None:
    """Measure, print the tables and write them."""
    options = parse_options()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="aae-sweep-", dir=options.scratch) as folder:
        if "ways" in options.parts:
            rows = [run_way(way, Path(folder) / f"way-{number}", options) for number, way in enumerate(WAYS)]
            show(rows, options.out / "sweep.csv")
        if "growth" in options.parts:
            grids = (5, 10, 20) if options.quick else GRIDS
            rows = [measure_grid(stages, Path(folder) / f"grid-{stages}") for stages in grids]
            show(rows, options.out / "sweep_growth.csv")
    artifacts.save_json(run_alone(describe_machine), options.out / "machine_sweep.json")


def parse_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    add = parser.add_argument
    add("--mnist", type=Path, default=ROOT / "data/mnist", help="folder of the four IDX files")
    add("--out", type=Path, default=RESULTS, help="folder for the tables")
    add("--scratch", type=Path, help="folder for the clones; default: the system's")
    add("--parts", nargs="+", choices=("ways", "growth"), default=("ways", "growth"), help="what to measure")
    add("--cells", type=int, default=4, help="training runs of each way")
    add("--epochs", type=int, default=3, help="of each training run")
    add("--quick", action="store_true", help="tiny budgets: shows that it runs, measures nothing")
    options = parser.parse_args()
    if options.quick:
        options.cells, options.epochs = 2, 1
    return options


def show(rows: list[dict[str, object]], path: Path) -> None:
    """Print a table and write it."""
    print(f"\n{path.name}\n{pd.DataFrame(rows).to_string(index=False)}", flush=True)
    artifacts.save_table(rows, path)


def run_way(way: Way, clone: Path, options: argparse.Namespace) -> dict[str, object]:
    """Run the cells one way.

    Returns:
        The way, and its seconds: for the cells, and for what the head does before and after.
    """
    cells = [f"deterministic-gaussian-{seed}" for seed in range(options.cells)]
    base = clone.with_name(f"base-{way.threads}")
    if not base.exists():
        prepare(base, way, cells, options)
    shutil.copytree(base, clone, symlinks=True)
    with s3_server(clone.parent) as address:
        if way.remote:
            dvc(clone, "remote", "add", "--default", "storage", "s3://bench/aae")
            dvc(clone, "remote", "modify", "storage", "endpointurl", address)
            git(clone, "commit", "--quiet", "--all", "--message", "a remote")
        start = time.perf_counter()
        if way.workers:
            remote = ["--remote", "storage"] if way.remote else []
            command = [sys.executable, "-m", "aae.sweep", "--workers", str(way.workers), *remote]
        else:
            command = [sys.executable, "-m", "dvc", "repro"]
            command += [f"cells/dvc.yaml:evaluate@{cell}" for cell in cells]
        # The sweep's lines at the beginning and the end of its cells.
        marks = {f"{len(cells)} missing": start, " cells trained, ": start}
        with subprocess.Popen(
            command, cwd=clone, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                print(f"  {line}", end="", flush=True)
                for mark in marks:
                    if line.startswith("sweep: ") and mark in line:
                        marks[mark] = time.perf_counter()
        if process.returncode:
            sys.exit(f"{way.name} failed")
        seconds = time.perf_counter() - start
    first, last = marks.values()
    in_cells = last - first if way.workers else seconds
    return {
        "way": way.name,
        "workers": max(way.workers, 1),
        "threads": way.threads,
        "cells": len(cells),
        "cells_seconds": in_cells,
        "head_seconds": seconds - in_cells,
        "outputs_mb": sum(path.stat().st_size for path in clone.glob("data/ablation/*/*")) / 1e6,
    }


def prepare(clone: Path, way: Way, cells: list[str], options: argparse.Namespace) -> None:
    """A clone whose ablation has these cells, with the inputs that they share made."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    path = clone / "params.yaml"
    params = yaml.safe_load(path.read_text(encoding="utf-8"))
    params["ablation"]["cells"] = cells
    params["train"] |= {"epochs": options.epochs, "threads": way.threads}
    if options.quick:
        params["model"]["hidden_units"] = 16
    path.write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    (clone / "cells/dvc.lock").unlink()
    for key, value in {"user.name": "bench", "user.email": "bench@localhost"}.items():
        git(clone, "config", key, value)
    shutil.copytree(options.mnist, clone / "data/mnist")
    dvc(clone, "commit", "--force", "download")
    dvc(clone, "repro", "null-bands")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message", "few cells")


def measure_grid(stages: int, folder: Path) -> dict[str, object]:
    """Seconds of dvc's own work on so many stages that do next to nothing.

    Returns:
        To restore all from the run cache, to find all in order, and to push and fetch their entries.
    """
    folder.mkdir()
    git(folder, "init", "--quiet")
    dvc(folder, "init", "--quiet")
    for number in range(ENTRY_DEPS):
        (folder / f"source_{number:02d}_with_a_name_as_long_as_others.py").write_text(f"{number}\n")
    names = [str(number) for number in range(stages)]
    outs = [f"data/${{item.cell}}/output_{number}.csv" for number in range(ENTRY_OUTS)]
    stage = {
        "matrix": {"cell": names},
        "cmd": f"mkdir -p data/${{item.cell}} && for i in {' '.join(map(str, range(ENTRY_OUTS)))}; "
        "do echo ${item.cell} > data/${item.cell}/output_$i.csv; done",
        "deps": [path.name for path in sorted(folder.glob("source_*.py"))],
        "outs": outs,
    }
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"make": stage}}), encoding="utf-8")
    dvc(folder, "repro", "--quiet")
    in_order = dvc(folder, "repro", "--quiet")
    shutil.rmtree(folder / "data")
    (folder / "dvc.lock").unlink()
    restored = dvc(folder, "repro", "--quiet")
    with s3_server(folder) as address:
        dvc(folder, "remote", "add", "--default", "storage", "s3://bench/aae")
        dvc(folder, "remote", "modify", "storage", "endpointurl", address)
        dvc(folder, "push", "--quiet", "--run-cache")
        # Everything is there now, so that the difference is in the entries alone.
        push = dvc(folder, "push", "--quiet", "--run-cache") - dvc(folder, "push", "--quiet")
        fetch = dvc(folder, "fetch", "--quiet", "--run-cache") - dvc(folder, "fetch", "--quiet")
    return {
        "stages": stages,
        "restore_seconds": restored,
        "in_order_seconds": in_order,
        "push_entries_seconds": push,
        "fetch_entries_seconds": fetch,
    }


@contextmanager
def s3_server(folder: Path) -> Iterator[str]:
    """Moto's S3 server on loopback, with the bucket `bench`; gives its address."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with (folder / "s3.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(urllib.request.Request(f"{address}/bench", method="PUT"))
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait()


def dvc(folder: Path, *arguments: str) -> float:
    """Run dvc; returns its seconds."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "dvc", *arguments], cwd=folder, env=ENVIRONMENT, check=True)
    return time.perf_counter() - start


def git(folder: Path, *arguments: str) -> None:
    """Run git."""
    subprocess.run(["git", *arguments], cwd=folder, check=True)


if __name__ == "__main__":
    main()
