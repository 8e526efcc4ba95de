"""Training runs, killed for real: nothing finished is lost, and the next run ends with the same bytes."""

import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from clones import DVC, Clone, make_clone

# So many that no machine is done with them before a kill that is due soon after the sixth.
EPOCHS = 15
# Small images by the hundred steps: an epoch long enough to be killed in.
SMALL = [("hidden_units: 16", "hidden_units: 64"), ("epochs: 1 ", f"epochs: {EPOCHS} "),
         ("batch_size: 100", "batch_size: 4")]  # fmt: skip
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "PATH": f"{Path(DVC).parent}:{os.environ['PATH']}"}


def start(tree: Path, *command: str, preexec_fn: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    """Start the train stage, or another command; both its streams are read."""

    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # What a background job ignores, its children do.
        if preexec_fn:
            preexec_fn()

    return subprocess.Popen(
        command or [sys.executable, "stages/train.py"],
        cwd=tree, env=ENVIRONMENT, preexec_fn=prepare,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def wait_for_epoch(process: subprocess.Popen[str], least: int) -> int:
    """Return the first epoch from the least one on that the process says is done."""
    assert process.stdout is not None
    for line in process.stdout:
        if (said := re.match(r"epoch (\d+) of", line)) and int(said[1]) >= least:
            return int(said[1])
    raise AssertionError(process.communicate())


def finish(tree: Path) -> str:
    """Run the train stage to its end; returns what it said on stderr."""
    process = start(tree)
    _, said = process.communicate()
    assert process.returncode == 0, said
    return said


def one_line(process: subprocess.Popen[str]) -> str:
    """The last line of a process that failed, which must not be a traceback."""
    _, said = process.communicate()
    assert process.returncode == 1, said
    assert "Traceback" not in said
    return said.splitlines()[-1]


def outputs(tree: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (tree / "data/training").iterdir()}


def resumed_after(said: str) -> int:
    (epoch,) = re.findall(rf"resuming after epoch (\d+) of {EPOCHS}$", said, re.MULTILINE)
    return int(epoch)


def litter(tree: Path) -> list[Path]:
    return [path for path in tree.rglob("*.partial*") if ".git" not in path.parts]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, sample_folder: Path) -> Clone:
    """A repository that is ready to train its base run, with a checkpoint after each epoch."""
    clone = make_clone(tmp_path_factory.mktemp("fresh"), sample_folder)
    clone.edit("params.yaml", *SMALL)
    clone.edit("src/aae/runs/training.py", ("CHECKPOINT_EVERY = 60.0", "CHECKPOINT_EVERY = 0.0"))
    clone.dvc("repro", "--quiet", "validate")
    return clone


@pytest.fixture(scope="module")
def reference(fresh: Clone, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What an undisturbed training run writes."""
    tree = tmp_path_factory.mktemp("reference") / "tree"
    shutil.copytree(fresh.folder, tree)
    assert "resuming" not in finish(tree)
    return outputs(tree)


@pytest.fixture
def tree(fresh: Clone, tmp_path: Path) -> Path:
    """A copy of the repository in which nothing is trained."""
    return shutil.copytree(fresh.folder, tmp_path / "tree")


def test_kills_cost_an_epoch_at_most_and_no_bit(tree: Path, reference: dict[str, bytes]) -> None:
    done = 0
    for least in (3, 6):
        process = start(tree)
        done = wait_for_epoch(process, least)
        process.kill()
        process.communicate(timeout=60)
    said = finish(tree)
    assert done - 1 <= resumed_after(said) < EPOCHS
    assert outputs(tree) == reference
    assert litter(tree) == []
    assert list(tree.glob(".runs/training/*/*checkpoint*")) == []
    # Nor does a kill between the run's end and DVC's commit, after which DVC deletes the outputs.
    shutil.rmtree(tree / "data/training")
    assert "resuming" not in finish(tree)
    assert outputs(tree) == reference


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_training_run_in_one_line(tree: Path, number: signal.Signals) -> None:
    process = start(tree)
    wait_for_epoch(process, 3)
    process.send_signal(number)
    assert one_line(process) == "train: interrupted"
    assert not litter(tree)
    assert len(list(tree.glob(".runs/training/*/*checkpoint*"))) == 1


def test_a_full_disk_is_told_in_one_line_and_loses_nothing(tree: Path, reference: dict[str, bytes]) -> None:
    limit = 500_000  # Bytes; a checkpoint has more.
    process = start(tree, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    line = one_line(process)
    assert "checkpoint" in line
    assert line.endswith("File too large")
    assert not litter(tree)
    finish(tree)
    assert outputs(tree) == reference


def test_a_damaged_checkpoint_starts_over_with_a_word(tree: Path, reference: dict[str, bytes]) -> None:
    process = start(tree)
    wait_for_epoch(process, 3)
    process.kill()
    process.communicate(timeout=60)
    (path,) = tree.glob(".runs/training/*/*.checkpoint.safetensors")
    whole = path.read_bytes()
    path.write_bytes(whole[:-7] + bytes([whole[-7] ^ 1]) + whole[-6:])
    assert "is damaged; starting over" in finish(tree)
    assert outputs(tree) == reference


def descendants(name: str, tree: Path) -> list[str]:
    """Processes that run a command of this tree."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_text()
            place = str((process / "cwd").readlink())
        except OSError:
            continue
        if name in command and place.startswith(str(tree)):
            found.append(command)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_runs_and_stages_die_with_dvc(tree: Path) -> None:
    dvc = start(tree, DVC, "repro", "--single-item", "ablation")
    deadline = time.monotonic() + 120
    while not list(tree.glob(".runs/training/*/*.checkpoint.safetensors")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert descendants("aae.runs.one", tree)
    dvc.kill()
    dvc.communicate(timeout=60)
    time.sleep(0.5)
    assert descendants("aae.runs.one", tree) == descendants("stages/", tree) == []
    again = start(tree, DVC, "repro", "--single-item", "ablation")
    _, said = again.communicate(timeout=600)
    assert again.returncode == 0, said
