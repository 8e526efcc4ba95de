"""Files: what goes in comes out, equal content gives equal bytes, and damage is reported in one line."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import ROOT, failure
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_np
from matplotlib.figure import Figure

from aae.settings.config import load_config, save_config
from aae.settings.params import parse_params
from aae.system import artifacts

CONFIG = parse_params((ROOT / "params.yaml").read_text(encoding="utf-8")).base()
TABLE = pd.DataFrame({"label": [3, 1], "z1": [0.1, -2.5], "prior": ["none", "gaussian"]})
TENSORS = {"weight": torch.arange(6.0).view(2, 3), "bias": torch.ones(2)}
CONTENT = {"name": "aae", "numbers": {"b": 0.1, "a": [1, 2.5, None]}}
ROWS: list[dict[str, object] | str] = [{"seed": 0, "kl": 0.1}, "A sentence.", {"absent": None}]


def figure() -> Figure:
    drawn = Figure()
    drawn.add_subplot().plot([0, 1], [1, 0], label="$z_1$")
    return drawn


SAVERS: dict[str, Callable[[Path], None]] = {
    "content.json": lambda path: artifacts.save_json(CONTENT, path),
    "rows.json": lambda path: artifacts.save_rows(ROWS, path),
    "table.csv": lambda path: artifacts.save_table(TABLE.to_dict("records"), path),
    "config.json": lambda path: save_config(CONFIG, path),
    "tensors.safetensors": lambda path: artifacts.save_tensors(TENSORS, path),
    "figure.png": lambda path: artifacts.save_figure(figure(), path, 50),
    "figure.pdf": lambda path: artifacts.save_figure(figure(), path, 50),
}
LOADERS: dict[str, Callable[[Path], Any]] = {
    "content.json": artifacts.load_json,
    "rows.json": artifacts.load_json,
    "table.csv": artifacts.load_table,
    "config.json": load_config,
    "tensors.safetensors": artifacts.load_tensors,
    "arrays.safetensors": artifacts.load_arrays,
    "notes.safetensors": artifacts.load_notes,
}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose files a test may overwrite as often as it likes."""
    return tmp_path_factory.mktemp("artifacts")


def complaint(load: Callable[[Path], Any], path: Path) -> str:
    """The one line that a file cannot be loaded with."""
    line = failure(lambda: load(path))
    assert str(path) in line
    return line


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.text(st.characters(codec="utf-8")), JSON, max_size=3))
def test_any_content_comes_back_from_json_in_its_order(folder: Path, content: dict[str, Any]) -> None:
    artifacts.save_json(content, folder / "any.json")
    assert list(artifacts.load_json(folder / "any.json").items()) == list(content.items())


def test_notes_beside_tensors_come_back(tmp_path: Path) -> None:
    artifacts.save_tensors({"a": torch.ones(2)}, tmp_path / "a.safetensors", {"note": "as it was"})
    assert artifacts.load_notes(tmp_path / "a.safetensors") == {"note": "as it was"}
    artifacts.save_tensors({"a": torch.ones(2)}, tmp_path / "b.safetensors")
    assert artifacts.load_notes(tmp_path / "b.safetensors") == {}


@settings(deadline=None, max_examples=50)
@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=8),
        st_np.arrays(np.float32, st_np.array_shapes(min_dims=0, max_dims=3, max_side=4)),
        max_size=3,
    )
)
def test_any_tensors_come_back_to_the_bit(folder: Path, arrays: dict[str, np.ndarray]) -> None:
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items() if name != "__metadata__"}
    artifacts.save_tensors(tensors, folder / "any.safetensors")
    loaded = artifacts.load_tensors(folder / "any.safetensors")
    arrays = artifacts.load_arrays(folder / "any.safetensors")
    saved = {name: (tensor.shape, tensor.numpy().tobytes()) for name, tensor in tensors.items()}
    assert {name: (tensor.shape, tensor.numpy().tobytes()) for name, tensor in loaded.items()} == saved
    assert {name: (array.shape, array.tobytes()) for name, array in arrays.items()} == saved


def test_figures_are_of_the_kind_that_their_suffix_says(tmp_path: Path) -> None:
    artifacts.save_figure(figure(), tmp_path / "figure.png", 50)
    artifacts.save_figure(figure(), tmp_path / "figure.pdf", 50)
    png, pdf = (tmp_path / "figure.png").read_bytes(), (tmp_path / "figure.pdf").read_bytes()
    assert png.startswith(b"\x89PNG")
    assert pdf.startswith(b"%PDF")
    assert int.from_bytes(png[16:20]) == 320  # 6.4 inches at 50 dots.
    assert b"matplotlib" not in (png + pdf).lower()
    assert b"CreationDate" not in pdf


@pytest.mark.parametrize("name", list(SAVERS))
def test_equal_content_gives_equal_bytes_and_one_file(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    SAVERS[name](tmp_path / "here" / name)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")  # Another day, as far as matplotlib can tell.
    SAVERS[name](tmp_path / "there" / name)
    assert (tmp_path / "here" / name).read_bytes() == (tmp_path / "there" / name).read_bytes()
    assert [file.name for file in (tmp_path / "here").iterdir()] == [name]


@pytest.mark.parametrize("name", list(LOADERS))
def test_a_missing_file_is_named_with_the_command_that_makes_it(tmp_path: Path, name: str) -> None:
    line = complaint(LOADERS[name], tmp_path / name)
    assert "is missing" in line
    assert "dvc repro" in line


@pytest.mark.parametrize("name", list(LOADERS))
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\0\0 \x80\x81 no text"])
def test_a_file_of_something_else_is_damaged(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert "is damaged" in complaint(LOADERS[name], tmp_path / name)


@pytest.mark.parametrize("name", ["content.json", "rows.json", "config.json", "tensors.safetensors"])
def test_a_file_that_ends_anywhere_too_early_is_damaged(tmp_path: Path, name: str) -> None:
    SAVERS[name](tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    for length in range(len(whole.rstrip())):
        (tmp_path / name).write_bytes(whole[:length])
        assert "is damaged" in complaint(LOADERS[name], tmp_path / name)


@pytest.mark.parametrize("name", list(SAVERS))
def test_a_full_disk_names_the_file_and_keeps_the_old_one(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("old")
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, usual[1]))  # Bytes; what is beyond does not fit.
    try:
        with pytest.raises(OSError, match=r"large|space") as caught:
            SAVERS[name](path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert caught.value.filename == str(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_kill_in_the_midst_of_writing_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "content.json"
    artifacts.save_json({"a": 1}, path)
    script = (
        "import os, sys; from pathlib import Path; from aae.system import artifacts\n"
        "with artifacts.atomic(Path(sys.argv[1])) as partial:\n"
        "    partial.write_text('{'); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, path], env=os.environ | {"PYTHONPATH": str(ROOT / "src")})
    assert len(list(tmp_path.iterdir())) == 2
    assert artifacts.load_json(path) == {"a": 1}
    artifacts.save_json({"a": 2}, path)
    assert list(tmp_path.iterdir()) == [path]


def test_no_file_but_the_one_that_is_named_is_touched(tmp_path: Path) -> None:
    others = [tmp_path / name for name in ("a.partial.json", "a.json.partial")]
    for other in others:
        other.write_text("mine")
    artifacts.save_json({"a": 1}, tmp_path / "a.json")
    assert [other.read_text() for other in others] == ["mine", "mine"]
    assert len(list(tmp_path.iterdir())) == 3
    assert (tmp_path / "a.json").stat().st_mode == others[0].stat().st_mode  # As the umask has it.


def test_a_link_is_written_through(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link.json").symlink_to(tmp_path / "there" / "a.json")
    artifacts.save_json({"a": 1}, tmp_path / "link.json")
    assert (tmp_path / "link.json").is_symlink()
    assert artifacts.load_json(tmp_path / "there" / "a.json") == {"a": 1}


def test_an_error_names_the_file_that_was_given(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "absent" / "a.json")
    for name in ("folder", "link"):
        with pytest.raises(OSError, match="directory") as caught:
            artifacts.save_json({}, tmp_path / name)
        assert caught.value.filename == str(tmp_path / name)
    assert {path.name for path in tmp_path.iterdir()} == {"folder", "link"}


# Tables.


def test_float32_of_all_magnitudes_come_back_from_csv_to_the_bit(tmp_path: Path) -> None:
    bits = np.random.default_rng(0).integers(0, 2**32, 20_000, dtype=np.uint32)
    z = bits.view(np.float32)[np.isfinite(bits.view(np.float32))]
    artifacts.save_table([{"z1": value} for value in z], tmp_path / "any.csv")
    assert artifacts.load_table(tmp_path / "any.csv")["z1"].to_numpy(np.float32).tobytes() == z.tobytes()


def test_a_table_without_rows_keeps_its_columns(tmp_path: Path) -> None:
    artifacts.save_table([], tmp_path / "table.csv", columns=["a", "b"])
    assert (tmp_path / "table.csv").read_text() == "a,b\n"


def test_rounded_metrics_have_the_digits_of_tables_and_are_else_as_they_were() -> None:
    third = 1 / 3
    metrics = {"a": {"b": third, "c": [np.float64(third), None, 1], "d": ("word", True)}, "e": 12345678912.0}
    assert artifacts.rounded(metrics) == {
        "a": {"b": 0.333333333, "c": [0.333333333, None, 1], "d": ["word", True]},
        "e": 12345678900.0,
    }


def test_rows_with_different_keys_leave_gaps_and_keep_every_column_in_the_order_of_its_first_row(
    tmp_path: Path,
) -> None:
    rows: list[dict[str, object]] = [
        {"epoch": 1, "loss": 0.5},
        {"epoch": 2, "kl": 4.0, "word": None},
        {"loss": np.nan, "epoch": 3},
    ]
    artifacts.save_table(rows, tmp_path / "table.csv")
    assert (tmp_path / "table.csv").read_text() == "epoch,loss,kl,word\n1,0.5,,\n2,,4,\n3,,,\n"
    loaded = artifacts.load_table(tmp_path / "table.csv")
    np.testing.assert_array_equal(loaded["loss"], [0.5, np.nan, np.nan])
    np.testing.assert_array_equal(loaded["kl"], [np.nan, 4.0, np.nan])


def test_whole_numbers_stay_whole_beside_gaps(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"variant": "1", "codes": 100, "kl": 0.5},
        {"variant": "control"},
        {"variant": "2", "kl": 1.5},
    ]
    artifacts.save_table(rows, tmp_path / "table.csv")
    loaded = artifacts.load_rows(tmp_path / "table.csv", ["variant"])
    assert loaded == rows
    assert isinstance(loaded[0]["codes"], int)
