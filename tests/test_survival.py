"""Training runs, killed for real: the next one resumes, and ends with the bytes of an undisturbed one."""

import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
from clones import DVC, Clone, make_clone
from safetensors.torch import load

import train as train_stage
from aae.io import artifacts, checkpoints
from aae.io.checkpoints import Checkpoint
from aae.model.trainer import Trainer

# So many that no machine is done with them before a kill that is due soon after the fourth.
EPOCHS = 30
# Small images by the hundred steps: an epoch long enough to be killed in.
SMALL = [("hidden_units: 16", "hidden_units: 64"), ("epochs: 1 ", f"epochs: {EPOCHS} "),
         ("batch_size: 100", "batch_size: 4")]  # fmt: skip
OUTPUTS = ("epoch_codes.safetensors", "history.csv", "weights.safetensors")
MOMENTS = random.Random(0)
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "PATH": f"{Path(DVC).parent}:{os.environ['PATH']}"}


def start(
    tree: Path, *command: str, shell: str = "/bin/sh", preexec_fn: Callable[[], None] | None = None
) -> subprocess.Popen[str]:
    """Start the train stage, or another command, in the base run's folder; both its streams are read."""

    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # What a background job ignores, its children do.
        if preexec_fn:
            preexec_fn()

    return subprocess.Popen(
        command or [sys.executable, "../../../stages/train.py"],
        cwd=tree / "data/runs/base", env=ENVIRONMENT | {"SHELL": shell}, preexec_fn=prepare,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def wait_for_epoch(process: subprocess.Popen[str], least: int) -> int:
    """Return the first epoch from the least one on that the process says is done, with its checkpoint."""
    assert process.stdout is not None
    for line in process.stdout:
        if (said := re.match(r"epoch (\d+) of", line)) and int(said[1]) >= least:
            return int(said[1])
    raise AssertionError(process.communicate())


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL within the next part of a second."""
    time.sleep(MOMENTS.uniform(0, 0.2))
    process.kill()
    # The streams end only when the last process that holds them does: dvc, its shell, the stage.
    process.communicate(timeout=60)


def finish(tree: Path) -> str:
    """Run the train stage to its end; returns what it said on stderr."""
    process = start(tree)
    _, said = process.communicate()
    assert process.returncode == 0, said
    return said


def one_line(process: subprocess.Popen[str]) -> str:
    """The last line of a process that failed, which must not be a traceback."""
    _, said = process.communicate()
    assert process.returncode == 1
    assert "Traceback" not in said
    return said.splitlines()[-1]


def outputs(tree: Path) -> dict[str, bytes]:
    return {name: (tree / "data/runs/base" / name).read_bytes() for name in OUTPUTS}


def checkpoint_of(tree: Path) -> Path:
    # A kill while one is written leaves a partial one beside it.
    paths = (tree / ".checkpoints/runs-base").glob("*.safetensors")
    (path,) = (path for path in paths if ".partial" not in path.name)
    return path


def resumed_after(said: str) -> int:
    (epoch,) = re.findall(rf"^train: resuming after epoch (\d+) of {EPOCHS}$", said, re.MULTILINE)
    return int(epoch)


def litter(tree: Path) -> list[Path]:
    return list(tree.rglob("*.partial*"))


def maker(tree: Path, x: torch.Tensor, **model: int) -> Callable[[], Trainer]:
    """What makes the base run's trainer, with changes to the model."""
    config = artifacts.load_config(tree / "data/runs/base/config.json")
    config = config.model_copy(update={"model": config.model.model_copy(update=model)})
    return partial(Trainer, config, x, torch.zeros(len(x), dtype=torch.int64))


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, sample_folder: Path) -> Clone:
    """A repository that is ready to train its base run."""
    clone = make_clone(tmp_path_factory.mktemp("fresh"), sample_folder)
    clone.edit("params.yaml", *SMALL)
    clone.dvc("repro", "--quiet", "configure")
    return clone


@pytest.fixture(scope="module")
def reference(fresh: Clone, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What an undisturbed training run writes."""
    tree = tmp_path_factory.mktemp("reference") / "tree"
    shutil.copytree(fresh.folder, tree)
    assert "resuming" not in finish(tree)
    return outputs(tree)


@pytest.fixture(scope="module")
def killed(fresh: Clone, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree whose training run was killed somewhere after its third epoch."""
    tree = tmp_path_factory.mktemp("killed") / "tree"
    shutil.copytree(fresh.folder, tree)
    process = start(tree)
    wait_for_epoch(process, 3)
    kill(process)
    return tree


@pytest.fixture
def tree(killed: Path, tmp_path: Path) -> Path:
    """A copy of the tree whose training run was killed."""
    return shutil.copytree(killed, tmp_path / "tree")


def test_kills_at_random_moments_cost_an_epoch_at_most_and_no_bit(
    tree: Path, reference: dict[str, bytes], x: torch.Tensor
) -> None:
    process = start(tree)
    done = wait_for_epoch(process, 4)
    kill(process)
    assert done <= resumed_after(finish(tree)) < EPOCHS
    assert outputs(tree) == reference

    # Nor does one between the run's end and DVC's commit, after which DVC deletes the outputs.
    trainer, history, _ = train_stage.resume(maker(tree, x), checkpoint_of(tree))
    assert len(history) == EPOCHS
    weights = load(reference["weights.safetensors"])
    assert all(torch.equal(weights[name], value) for name, value in trainer.autoencoder.state_dict().items())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_training_run_in_one_line(tree: Path, number: signal.Signals) -> None:
    process = start(tree)
    done = wait_for_epoch(process, 4)
    process.send_signal(number)
    assert one_line(process) == "train: interrupted"
    assert not litter(tree)
    assert len(checkpoints.load(checkpoint_of(tree)).history) >= done


def test_a_full_disk_is_told_in_one_line_and_leaves_the_checkpoint(tree: Path) -> None:
    path = checkpoint_of(tree)
    before = path.read_bytes()
    limit = 500_000  # Bytes; a checkpoint has more.
    process = start(tree, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert one_line(process) == f"train: {path}: File too large"
    assert path.read_bytes() == before
    assert not litter(tree)


@pytest.mark.parametrize("damage", ["a wrong byte", "a missing end", "other networks", "no groups"])
def test_a_damaged_checkpoint_is_removed_with_a_word(
    tree: Path, damage: str, x: torch.Tensor, capsys: pytest.CaptureFixture[str]
) -> None:
    path = checkpoint_of(tree)
    make = maker(tree, x)
    whole = path.read_bytes()
    path.unlink()
    if damage == "a wrong byte":
        path.write_bytes(whole[:-7] + bytes([whole[-7] ^ 1]) + whole[-6:])
    elif damage == "a missing end":
        path.write_bytes(whole[:-1000])
    elif damage == "other networks":
        other = maker(tree, x, hidden_units=32)()
        checkpoints.save(Checkpoint(other.state_dict() | {"codes": {}}, [], finished=False), path)
    else:
        checkpoints.save(Checkpoint({}, [], finished=False), path)
    trainer, history, codes = train_stage.resume(make, path)
    assert capsys.readouterr().err.endswith(f"the checkpoint {path} is damaged; starting over\n")
    assert not path.exists()
    assert (trainer.step, history, codes) == (0, [], {})
    assert all(
        torch.equal(a, b)
        for a, b in zip(trainer.autoencoder.parameters(), make().autoencoder.parameters(), strict=True)
    )


def test_a_second_process_leaves_the_training_run_of_the_first_alone(
    tree: Path, reference: dict[str, bytes]
) -> None:
    first = start(tree)
    wait_for_epoch(first, 4)
    first.send_signal(signal.SIGSTOP)  # So that it cannot end before the second gives up.
    try:
        assert f"process {first.pid} is training runs-base already" in one_line(start(tree))
    finally:
        first.send_signal(signal.SIGCONT)
    first.communicate()
    assert outputs(tree) == reference


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_training_run_dies_with_dvc_under_any_shell(fresh: Clone, reference: dict[str, bytes]) -> None:
    done = 0
    for shell in ("/bin/bash", "/bin/dash"):
        if Path(shell).exists():
            dvc = start(fresh.folder, DVC, "repro", "--single-item", "../../../dvc.yaml:train", shell=shell)
            done = wait_for_epoch(dvc, done + 1)
            kill(dvc)
            assert not checkpoints.load(checkpoint_of(fresh.folder)).finished, shell
    cell = fresh.folder / "data/ablation/deterministic-gaussian-0"
    cell.mkdir(parents=True)
    before = fresh.dvc("status", "ablation")
    (cell / "weights.partial.safetensors").write_text("half")
    assert fresh.dvc("status", "ablation") == before
    repro = subprocess.run(
        [DVC, "repro", "train"], cwd=fresh.folder, env=ENVIRONMENT, capture_output=True, text=True
    )
    assert repro.returncode == 0, repro.stderr
    assert resumed_after(repro.stderr) >= done
    assert outputs(fresh.folder) == reference
