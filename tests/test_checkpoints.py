"""Checkpoints: what goes in comes out, or is called damaged."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from aae.runs import checkpoints
from aae.runs.checkpoints import Checkpoint

TENSORS = {
    "networks": {"weight": torch.arange(6.0).view(2, 3), "a/b": torch.ones(())},
    "codes": {"epoch 000001": torch.tensor([[0.1, -0.2]])},
    "generators": {"batch_order": torch.Generator().get_state()},
}
UNFINISHED = Checkpoint(TENSORS, [{"epoch": 1, "loss": 0.1 + 0.2, "absent": float("nan")}])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A checkpoint in the folder of a run."""
    path = tmp_path / "run/key.safetensors"
    checkpoints.save(UNFINISHED, path)
    return path


def test_a_checkpoint_comes_back_to_the_bit(path: Path) -> None:
    loaded = checkpoints.load(path)
    assert repr(loaded.history) == repr(UNFINISHED.history)  # By repr, as NaN is not NaN.
    assert {group: set(members) for group, members in loaded.tensors.items()} == {
        group: set(members) for group, members in TENSORS.items()
    }
    for group, members in TENSORS.items():
        assert all(torch.equal(loaded.tensors[group][name], tensor) for name, tensor in members.items())


def test_any_wrong_or_missing_byte_and_any_other_file_is_damage(path: Path) -> None:
    whole = path.read_bytes()
    places = range(0, len(whole), 97)
    wrong = [whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :] for place in places]
    for content in [*wrong, *(whole[:place] for place in places), save({"weight": torch.ones(2)})]:
        path.write_bytes(content)
        with pytest.raises(ValueError, match="damaged"):
            checkpoints.load(path)
