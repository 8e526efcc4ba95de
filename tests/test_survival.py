"""Training runs, killed for real: nothing finished is lost, and the next run ends with the same bytes."""

import re
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from clones import Clone, end, make_clone, wait_for, wait_until

# So many that no machine is done with them before a kill that is due soon after the sixth.
EPOCHS = 15
# Small images by the hundred steps: an epoch long enough to be killed in.
SMALL = [("hidden_units: 16", "hidden_units: 64"), ("epochs: 1 ", f"epochs: {EPOCHS} "),
         ("batch_size: 100", "batch_size: 4")]  # fmt: skip
TRAIN = "stages/train.py"
CHECKPOINTS = ".runs/training/*/*.checkpoint.safetensors"


def outputs(tree: Clone) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (tree.folder / "data/training").iterdir()}


def checkpoints(tree: Clone) -> list[Path]:
    return list(tree.folder.glob(CHECKPOINTS))


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
    """Files that an undisturbed training run writes."""
    tree = fresh.copy(tmp_path_factory.mktemp("reference") / "tree")
    assert "resuming" not in tree.run(TRAIN)
    return outputs(tree)


@pytest.fixture
def tree(fresh: Clone, tmp_path: Path) -> Clone:
    """A copy of the repository in which nothing is trained."""
    return fresh.copy(tmp_path / "tree")


def wait_for_epoch(process: subprocess.Popen[str], least: int) -> int:
    """Return the first epoch from the least one on that the process says is done."""
    while (epoch := int(wait_for(process, r"epoch (\d+) of")[1])) < least:
        pass
    return epoch


def test_kills_cost_an_epoch_at_most_and_no_bit(tree: Clone, reference: dict[str, bytes]) -> None:
    done = 0
    for least in (3, 6):
        process = tree.start(TRAIN)
        done = wait_for_epoch(process, least)
        process.kill()
        end(process, -signal.SIGKILL)
    said = tree.run(TRAIN)
    (epoch,) = map(int, re.findall(rf"resuming after epoch (\d+) of {EPOCHS}$", said, re.MULTILINE))
    assert done - 1 <= epoch < EPOCHS
    assert outputs(tree) == reference
    assert tree.litter() == checkpoints(tree) == []
    # Nor does a kill between the run's end and DVC's commit, after which DVC deletes the outputs.
    shutil.rmtree(tree.folder / "data/training")
    assert "resuming" not in tree.run(TRAIN)
    assert outputs(tree) == reference


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_training_run_in_one_line(tree: Clone, number: signal.Signals) -> None:
    process = tree.start(TRAIN)
    wait_for_epoch(process, 3)
    process.send_signal(number)
    assert end(process, 1).splitlines()[-1] == "train: interrupted"
    assert not tree.litter()
    assert len(checkpoints(tree)) == 1


def test_a_full_disk_is_told_in_one_line_and_loses_nothing(tree: Clone, reference: dict[str, bytes]) -> None:
    limit = (500_000, 500_000)  # Bytes; a checkpoint has more.
    said = tree.run(TRAIN, status=1, prepare=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit))
    assert re.search("checkpoint.*File too large$", said.splitlines()[-1])
    assert not tree.litter()
    tree.run(TRAIN)
    assert outputs(tree) == reference


def descendants(name: str, tree: Clone) -> list[str]:
    """Processes that run a command of this tree."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_text()
            place = str((process / "cwd").readlink())
        except OSError:
            continue
        if name in command and place.startswith(str(tree.folder)):
            found.append(command)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_runs_and_stages_die_with_dvc(tree: Clone) -> None:
    dvc = tree.start("-m", "dvc", "repro", "--single-item", "ablation")
    wait_until(lambda: checkpoints(tree))
    assert descendants("aae.runs.one", tree)
    dvc.kill()
    end(dvc, -signal.SIGKILL)
    wait_until(lambda: not descendants("aae.runs.one", tree) + descendants("stages/", tree))
    assert not tree.entries("training")  # Nor did they end by being done.
