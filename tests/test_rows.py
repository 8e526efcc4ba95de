"""JSON that git compares: the bytes of lists of rows, and what is refused as no number."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aae.io import artifacts

Content = dict[str, Any]
SAVERS: dict[str, Callable[[Content, Path], None]] = {
    "object": artifacts.save_json,
    "rows": lambda content, path: artifacts.save_rows([{"a": 1}, content], path),
}
CELLS = st.none() | st.booleans() | st.integers() | st.text() | st.floats(-1e30, 1e30)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose files a test may overwrite as often as it likes."""
    return tmp_path_factory.mktemp("rows")


def test_rows_are_a_list_with_a_line_each(tmp_path: Path) -> None:
    rows: list[Content | str] = [
        {"encoder": "gaussian", "seed": 0, "kl": 1 / 3, "low": None, "equivalent": True},
        {"codes": {"kl": np.float64(2 / 3), "shares": (0.25, 1e-12)}, "n": 10_000},
        "A sentence.",
    ]
    artifacts.save_rows(rows, tmp_path / "rows.json")
    assert (tmp_path / "rows.json").read_bytes() == (
        b"[\n"
        b'  {"encoder": "gaussian", "seed": 0, "kl": 0.333333333, "low": null, "equivalent": true},\n'
        b'  {"codes": {"kl": 0.666666667, "shares": [0.25, 1e-12]}, "n": 10000},\n'
        b'  "A sentence."\n'
        b"]\n"
    )
    assert artifacts.load_json(tmp_path / "rows.json") == artifacts.rounded(rows)


def test_a_table_of_no_rows_is_an_empty_list(tmp_path: Path) -> None:
    artifacts.save_rows([], tmp_path / "rows.json")
    assert artifacts.load_json(tmp_path / "rows.json") == []


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text() | st.dictionaries(st.text(), CELLS, max_size=3), min_size=1, max_size=4))
def test_any_rows_come_back_in_their_order_a_line_each(folder: Path, rows: list[Content | str]) -> None:
    artifacts.save_rows(rows, folder / "any.json")
    loaded = artifacts.load_json(folder / "any.json")
    assert loaded == artifacts.rounded(rows)
    assert list(map(list, loaded)) == list(map(list, rows))
    lines = (folder / "any.json").read_text(encoding="utf-8").split("\n")
    assert [lines[0], *lines[-2:]] == ["[", "]", ""]
    assert [json.loads(line.removesuffix(",")) for line in lines[1:-2]] == loaded


@pytest.mark.parametrize("kind", SAVERS)
@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_refused_and_the_old_file_kept(tmp_path: Path, number: float, kind: str) -> None:
    path = tmp_path / "metrics.json"
    SAVERS[kind]({"a": 1}, path)
    old = path.read_bytes()
    for content in ({"b": number}, {"a": {"b": number}}, {"a": [number]}):
        with pytest.raises(ValueError, match="JSON"):
            SAVERS[kind](content, path)
    assert path.read_bytes() == old
    assert list(tmp_path.iterdir()) == [path]
