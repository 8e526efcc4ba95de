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
from clones import Clone, make_clone
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


def wait_until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


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
    return Clone(shutil.copytree(clone.folder, tmp_path / "tree"))


def start(tree: Clone, address: str = "") -> subprocess.Popen[str]:
    """Start the study's runs without DVC; on a cluster if an address is given."""
    return tree.start("aae.runs", "limit", env={"DASK_SCHEDULER_ADDRESS": address})


def run(tree: Clone, address: str = "") -> str:
    """The same to its end; returns what it said."""
    process = start(tree, address)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return said


def refusal(tree: Clone, address: str) -> str:
    """The one line with which the study's runs are refused."""
    process = start(tree, address)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 1
    (line,) = said.splitlines()
    return line


def files(tree: Clone) -> dict[str, bytes]:
    names = ("runs.csv", "curves.csv", "pictures.safetensors")
    return {name: (tree.folder / "studies/limit" / name).read_bytes() for name in names}


@pytest.fixture(scope="module")
def reference(clone: Clone, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What this machine alone makes."""
    tree = Clone(shutil.copytree(clone.folder, tmp_path_factory.mktemp("reference") / "tree"))
    run(tree)
    return files(tree)


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
    assert files(tree) == reference
    trained, evaluated = tree.entries("training"), tree.entries("evaluation")
    assert len(trained) == len(evaluated) == 3
    assert "runs done" not in run(tree, dask.address)
    # What is trained is evaluated there, and not trained again.
    shutil.rmtree(tree.folder / ".runs/evaluation")
    for name in files(tree):
        (tree.folder / "studies/limit" / name).unlink()
    assert "3 of 3 runs done" in run(tree, dask.address)
    assert files(tree) == reference
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
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    assert files(tree) == reference
    assert working[0] in (dask.folder / "scheduler.log").read_text().partition("Remove worker")[2]


def test_a_run_that_ends_its_workers_fails_alone(
    tree: Clone, small: Dask, reference: dict[str, bytes]
) -> None:
    """One worker: with it go the images, which it is sent again."""
    small.add_worker()
    tree.edit("studies/limit/params.yaml", DEADLY_VARIANT)
    process = start(tree, small.address)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "Traceback" not in said
    line = said.splitlines()[-1]
    assert re.match("runs: (limit: )?deadly, seed 0: every worker that tried it died", line)
    assert "more failed" not in line
    assert len(tree.entries("evaluation")) == 3
    tree.edit("studies/limit/params.yaml", DEADLY_VARIANT[::-1])
    assert "runs done" not in run(tree)
    assert files(tree) == reference


def test_a_lost_scheduler_is_told_in_one_line(tree: Clone, small: Dask) -> None:
    small.add_worker()
    process = start(tree, small.address)
    assert process.stderr is not None
    next(line for line in process.stderr if "1 of 3 runs done, 1 running" in line)
    small.processes[0].kill()
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "Traceback" not in said
    assert said.splitlines()[-1].startswith("runs: the scheduler is gone")
    assert len(tree.entries("evaluation")) in {1, 2}


def test_a_failing_run_is_named_with_its_reason(tree: Clone, dask: Dask) -> None:
    tree.edit("studies/limit/params.yaml", ("still: {train.batch_size: 4,", "still: {train.batch_size: 601,"))
    process = start(tree, dask.address)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 1
    line = said.splitlines()[-1]
    assert "still, seed 0" in line
    assert "train.batch_size" in line
    assert "more failed" not in line
    assert len(tree.entries("evaluation")) == 2


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "what://is/this"])
def test_no_scheduler_is_refused(tree: Clone, address: str) -> None:
    assert f"no Dask scheduler at {address}" in refusal(tree, address)


def test_a_scheduler_without_workers_is_refused(tree: Clone, small: Dask) -> None:
    assert "has no workers" in refusal(tree, small.address)


def test_workers_with_several_threads_are_refused(tree: Clone, small: Dask) -> None:
    small.add_worker(threads=2)
    assert "--nthreads 1" in refusal(tree, small.address)


def test_workers_with_another_version_of_the_code_are_refused(
    tree: Clone, small: Dask, tmp_path: Path
) -> None:
    src = shutil.copytree(tree.folder / "src", tmp_path / "src")
    with (src / "aae/model/priors/mixture.py").open("a") as file:
        file.write("\nANOTHER = 1\n")
    small.add_worker(src=src)
    assert "another version of this code" in refusal(tree, small.address)


def test_workers_without_the_code_are_refused(tree: Clone, small: Dask, tmp_path: Path) -> None:
    (tmp_path / "src/aae").mkdir(parents=True)
    (tmp_path / "src/aae/__init__.py").touch()
    small.add_worker(src=tmp_path / "src")
    assert "cannot run this code" in refusal(tree, small.address)


def test_workers_that_would_not_give_the_same_bits_are_refused(tree: Clone, small: Dask) -> None:
    small.add_worker()
    small.add_worker(ATEN_CPU_CAPABILITY="default", MKL_CBWR="COMPATIBLE")
    assert "would not give the same bits" in refusal(tree, small.address)
