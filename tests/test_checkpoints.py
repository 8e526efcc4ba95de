"""Checkpoints: what goes in comes out or is called damaged, with one writer at a time and no litter."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from conftest import ROOT
from safetensors.torch import save_file

from aae.errors import UserError
from aae.io import checkpoints
from aae.io.checkpoints import Checkpoint

TENSORS = {
    "networks": {"weight": torch.arange(6.0).view(2, 3), "a/b": torch.ones(())},
    "codes": {"epoch 000001": torch.tensor([[0.1, -0.2]])},
    "generators": {"batch_order": torch.Generator().get_state()},
}
UNFINISHED = Checkpoint(TENSORS, [{"epoch": 1, "loss": 0.1 + 0.2, "absent": float("nan")}], finished=False)
FINISHED = Checkpoint(TENSORS, [], finished=True)
HOLDER = (  # Takes the lock, says so, and keeps it for a minute.
    "import sys, time; from pathlib import Path; from aae.io import checkpoints\n"
    "with checkpoints.lock(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A checkpoint in the folder of a run."""
    path = tmp_path / "run/key.safetensors"
    checkpoints.save(UNFINISHED, path)
    return path


def hold(run: Path) -> subprocess.Popen[str]:
    """Another process that holds the lock of a run."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(run)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_checkpoint_comes_back_to_the_bit(path: Path) -> None:
    loaded = checkpoints.load(path)
    assert repr(loaded.history) == repr(UNFINISHED.history)  # By repr, as NaN is not NaN.
    assert not loaded.finished
    assert {group: set(members) for group, members in loaded.tensors.items()} == {
        group: set(members) for group, members in TENSORS.items()
    }
    for group, members in TENSORS.items():
        assert all(torch.equal(loaded.tensors[group][name], tensor) for name, tensor in members.items())


def test_any_wrong_byte_is_damage(path: Path) -> None:
    whole = path.read_bytes()
    for place in range(0, len(whole), 97):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(ValueError, match="damaged"):
            checkpoints.load(path)


def test_any_missing_end_is_damage(path: Path) -> None:
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="damaged"):
            checkpoints.load(path)


def test_a_file_of_tensors_that_is_no_checkpoint_is_damage(path: Path) -> None:
    save_file({"weight": torch.ones(2)}, path)
    with pytest.raises(ValueError, match="damaged"):
        checkpoints.load(path)


def test_the_key_follows_the_content_of_files_and_the_environment(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_text("a")
    b.write_text("b")
    key = checkpoints.key([a, b], {"cpu": "one"})
    assert checkpoints.key([a, b], {"cpu": "one"}) == key
    assert checkpoints.key([b, a], {"cpu": "one"}) != key
    assert checkpoints.key([a, b], {"cpu": "other"}) != key
    b.write_text("c")
    assert checkpoints.key([a, b], {"cpu": "one"}) != key


def test_a_held_lock_is_reported_in_one_line_and_free_once_its_holder_is_killed(tmp_path: Path) -> None:
    holder = hold(tmp_path / "run")
    line = rf"process {holder.pid} is training run already; .*kill {holder.pid}"
    with pytest.raises(UserError, match=line), checkpoints.lock(tmp_path / "run", patience=0):
        pass
    holder.send_signal(signal.SIGKILL)
    with checkpoints.lock(tmp_path / "run"):
        assert (tmp_path / "run/lock").read_text() == str(os.getpid())
    holder.communicate()


def test_tidying_keeps_what_somebody_may_resume(tmp_path: Path) -> None:
    own, other, busy = tmp_path / "own", tmp_path / "other", tmp_path / "busy"
    for run in (own, other, busy):
        checkpoints.save(UNFINISHED, run / "unfinished.safetensors")
        for name in ("kept", "finished", "half.partial"):
            checkpoints.save(FINISHED, run / f"{name}.safetensors")
        (run / "damaged.safetensors").write_bytes(b"damaged")
        checkpoints.save(UNFINISHED, run / "old.safetensors")
        long_ago = time.time() - 30 * 24 * 3600
        os.utime(run / "old.safetensors", (long_ago, long_ago))
        (run / "lock").touch()
    before = {path.name for path in own.iterdir()}
    holder = hold(busy)
    with checkpoints.lock(own):
        checkpoints.tidy(tmp_path, keep=own / "kept.safetensors")
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    assert {path.name for path in own.iterdir()} == {"lock", "kept.safetensors", "unfinished.safetensors"}
    assert {path.name for path in other.iterdir()} == {"lock", "unfinished.safetensors"}
    assert {path.name for path in busy.iterdir()} == before


def test_a_folder_that_takes_no_checkpoint_is_named(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("")  # Not chmod, which does not stop root.
    with pytest.raises(NotADirectoryError) as caught, checkpoints.lock(tmp_path / "folder/run"):
        pass
    assert caught.value.filename == str(tmp_path / "folder/run")
