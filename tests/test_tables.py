"""Tables and metrics: every float32 comes back to the bit, and what a row lacks leaves a gap."""

from pathlib import Path

import numpy as np

from aae.system import artifacts


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
