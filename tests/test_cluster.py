"""Runs on the workers of a Dask scheduler, in real processes on this machine."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from clones import Clone, end, make_clone, wait_for, wait_until
from distributed import Client

DASK = str(Path(sys.executable).with_name("dask"))
# Runs of some seconds each, so that there is time to kill what makes them.
STUDY = """prediction: It goes.
seeds: [0]
variants:
  still: {train.batch_size: 4, train.epochs: 4}
  noisy: {train.batch_size: 4, train.epochs: 4, encoder: gaussian}
  free: {train.batch_size: 4, train.epochs: 4, prior: none}
keep: [noisy]
"""
# Worked on first, so that all others are still to be made when it has ended its workers.
DEADLY_VARIANT = ("variants:\n", "variants:\n  deadly: {prior: deadly}\n")
DEADLY = '''"""A prior of which nobody lives to draw a sample."""

import os

from aae.model.priors.gaussian import Gaussian


class Deadly(Gaussian):
    """Ends its process."""

    name = "deadly"

    def sample(self, n, generator):
        os.kill(os.getpid(), 9)
'''


@dataclass
class Dask:
    """A scheduler and workers of this machine."""

    folder: Path
    src: Path
    """Whose library the workers have."""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *arguments: str, log: str, src: Path | None = None, **environment: str) -> Path:
        """Start one of Dask's programs; returns where it writes what it says."""
        path = self.folder / log
        with path.open("w") as stream:
            process = subprocess.Popen(
                [DASK, *arguments, "--no-dashboard"],
                cwd=self.folder, stdout=stream, stderr=stream, start_new_session=True,
                env=os.environ | {"PYTHONPATH": str(src or self.src), "OMP_NUM_THREADS": "1"} | environment,
            )  # fmt: skip
        self.processes.append(process)
        return path

    def start_scheduler(self) -> None:
        """Start the scheduler, on a free port; a run may end two workers."""
        self.start(
            "scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", "scheduler.json",
            log="scheduler.log", DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="1",
        )  # fmt: skip
        wait_until((self.folder / "scheduler.json").exists)

    def add_worker(self, threads: int = 1, src: Path | None = None, **environment: str) -> None:
        """Start a worker, which a nanny starts again when it dies, and wait until the scheduler knows it."""
        path = self.start(
            "worker", "--scheduler-file", "scheduler.json", "--nthreads", str(threads),
            "--local-directory", "scratch", log=f"worker-{len(self.processes)}.log", src=src, **environment,
        )  # fmt: skip
        wait_until(lambda: "Registered to" in path.read_text())

    @property
    def address(self) -> str:
        """The scheduler's."""
        return str(json.loads((self.folder / "scheduler.json").read_text())["address"])

    def stop(self) -> None:
        """End all, workers that nannies started included."""
        for process in self.processes:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory, sample_folder: Path) -> Clone:
    """A repository with one study."""
    clone = make_clone(tmp_path_factory.mktemp("clone"), sample_folder, ["limit"])
    (clone.folder / "studies/limit/params.yaml").write_text(STUDY)
    clone.add_part("PRIORS", "deadly", "aae.model.priors.deadly:Deadly", DEADLY)
    clone.edit("src/aae/runs/cluster.py", ("PATIENCE = 30", "PATIENCE = 5"))
    return clone


@pytest.fixture
def tree(clone: Clone, tmp_path: Path) -> Clone:
    """A copy of the repository in which nothing is trained."""
    return clone.copy(tmp_path / "tree")


def start(tree: Clone, address: str = "") -> subprocess.Popen[str]:
    """Start the study's runs without DVC; on a cluster if an address is given."""
    return tree.start("-m", "aae.runs", "limit", DASK_SCHEDULER_ADDRESS=address)


def run(tree: Clone, address: str = "", status: int = 0) -> str:
    """The same to its end; returns what it said."""
    return end(start(tree, address), status)


@pytest.fixture(scope="module")
def reference(clone: Clone, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Rows that this machine alone makes."""
    tree = clone.copy(tmp_path_factory.mktemp("reference") / "tree")
    run(tree)
    return tree.rows("limit")


@pytest.fixture(scope="module")
def dask(clone: Clone, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    """A cluster of three workers."""
    cluster = Dask(tmp_path_factory.mktemp("dask"), clone.folder / "src")
    try:
        cluster.start_scheduler()
        for _ in range(3):
            cluster.add_worker()
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture
def small(clone: Clone, tmp_path: Path) -> Iterator[Dask]:
    """A scheduler without workers."""
    folder = tmp_path / "dask"
    folder.mkdir()
    cluster = Dask(folder, clone.folder / "src")
    try:
        cluster.start_scheduler()
        yield cluster
    finally:
        cluster.stop()


def test_a_cluster_gives_the_bytes_of_one_machine(
    tree: Clone, dask: Dask, reference: dict[str, bytes]
) -> None:
    assert "3 running, 0 waiting" in run(tree, dask.address)
    assert tree.rows("limit") == reference
    trained, evaluated = tree.entries("training"), tree.entries("evaluation")
    assert len(trained) == len(evaluated) == 3
    assert "runs done" not in run(tree, dask.address)
    # What is trained is evaluated there, and not trained again.
    shutil.rmtree(tree.folder / ".runs/evaluation")
    for path in tree.row_files("limit"):
        path.unlink()
    assert "3 of 3 runs done" in run(tree, dask.address)
    assert tree.rows("limit") == reference
    assert tree.entries("training") == trained
    assert tree.entries("evaluation").keys() == evaluated.keys()


def test_the_run_of_a_lost_worker_is_made_by_another(
    tree: Clone, dask: Dask, reference: dict[str, bytes]
) -> None:
    process = start(tree, dask.address)
    with Client(dask.address, set_as_default=False) as client:
        pids = client.run(os.getpid)
        working: list[str] = []

        def somebody_works() -> bool:
            working[:] = [name for name, tasks in client.processing().items() if tasks]
            return len(working) == 3

        wait_until(somebody_works)
        time.sleep(0.5)
        os.kill(pids[working[0]], signal.SIGKILL)
    end(process)
    assert tree.rows("limit") == reference
    assert working[0] in (dask.folder / "scheduler.log").read_text().partition("Remove worker")[2]


def test_a_run_that_ends_its_workers_fails_alone(
    tree: Clone, small: Dask, reference: dict[str, bytes]
) -> None:
    """One worker: with it go the images, which it is sent again."""
    small.add_worker()
    tree.edit("studies/limit/params.yaml", DEADLY_VARIANT)
    line = run(tree, small.address, 1).splitlines()[-1]
    assert re.match("runs: (limit: )?deadly, seed 0: every worker that tried it died", line)
    assert "more failed" not in line
    assert len(tree.entries("evaluation")) == 3
    tree.edit("studies/limit/params.yaml", DEADLY_VARIANT[::-1])
    assert "runs done" not in run(tree)
    assert tree.rows("limit") == reference


def test_a_lost_scheduler_is_told_in_one_line(tree: Clone, small: Dask) -> None:
    small.add_worker()
    process = start(tree, small.address)
    wait_for(process, "1 of 3 runs done, 1 running")
    small.processes[0].kill()
    assert end(process, 1).splitlines()[-1].startswith("runs: the scheduler is gone")
    assert len(tree.entries("evaluation")) in {1, 2}


def test_a_failing_run_is_named_with_its_reason(tree: Clone, dask: Dask) -> None:
    tree.edit("studies/limit/params.yaml", ("still: {train.batch_size: 4,", "still: {train.batch_size: 601,"))
    line = run(tree, dask.address, 1).splitlines()[-1]
    assert "still, seed 0" in line
    assert "train.batch_size" in line
    assert "more failed" not in line
    assert len(tree.entries("evaluation")) == 2


# What is refused, in one line.


def two_threads(dask: Dask, src: Path) -> None:
    dask.add_worker(threads=2)


def another_version(dask: Dask, src: Path) -> None:
    shutil.copytree(dask.src, src)
    with (src / "aae/model/priors/mixture.py").open("a") as file:
        file.write("\nANOTHER = 1\n")
    dask.add_worker(src=src)


def no_code(dask: Dask, src: Path) -> None:
    (src / "aae").mkdir(parents=True)
    (src / "aae/__init__.py").touch()
    dask.add_worker(src=src)


def other_bits(dask: Dask, src: Path) -> None:
    dask.add_worker()
    dask.add_worker(ATEN_CPU_CAPABILITY="default", MKL_CBWR="COMPATIBLE")


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (lambda dask, src: None, "has no workers"),
        (two_threads, "--nthreads 1"),
        (another_version, "another version of this code"),
        (no_code, "cannot run this code"),
        (other_bits, "would not give the same bits"),
    ],
)
def test_workers_that_will_not_do_are_refused(
    tree: Clone, small: Dask, tmp_path: Path, prepare: Callable[[Dask, Path], None], words: str
) -> None:
    prepare(small, tmp_path / "src")
    (line,) = run(tree, small.address, 1).splitlines()
    assert words in line


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "what://is/this"])
def test_no_scheduler_is_refused(tree: Clone, address: str) -> None:
    (line,) = run(tree, address, 1).splitlines()
    assert f"no Dask scheduler at {address}" in line
