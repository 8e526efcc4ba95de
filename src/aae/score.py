"""Score anybody's codes with this project's ruler.

Usage: python -m aae.score CODES.csv [--prior NAME] [--std 1] [--json]
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from aae.errors import UserError
from aae.io.artifacts import rounded
from aae.measure.scorecard import LEAST_CODES, null_bands, score, table
from aae.model.priors import PRIORS

CODE_DIM = 2
CHOICES = [name for name, prior in PRIORS.items() if prior.constrains]
UNNAMED = [["0", "1"]]  # The header that pandas writes over two columns without names.


def main() -> None:
    """Print the scorecard of the codes in a file."""
    parser = argparse.ArgumentParser(
        prog="python -m aae.score", description="How well codes in the plane fit a prior."
    )
    parser.add_argument(
        "codes",
        type=Path,
        help="CSV (columns z1 and z2, or just two columns), NPZ (array z, or just one) or NPY",
    )
    parser.add_argument("--prior", choices=CHOICES, default="gaussian", help="default: gaussian")
    parser.add_argument(
        "--std", type=_standard_deviation, default=1.0, help="the prior's standard deviation; default: 1"
    )
    parser.add_argument("--json", action="store_true", help="for programs: more digits, and the null bands")
    arguments = parser.parse_args()
    try:
        z = read_codes(arguments.codes)
        prior = PRIORS[arguments.prior](arguments.std)
        null = null_bands(len(z), prior)
        scores = score(z, prior, null)
    except UserError as error:
        sys.exit(f"aae.score: {error}")
    if arguments.json:
        print(json.dumps(rounded({"codes": scores, "null": null}), indent=2))
        return
    print(f"{len(z):,} codes against {prior.description}, lengths in its standard deviations")
    print(
        f"sliced W2 {scores['raw']['sliced_w2']:.9g} "
        f"(95% bootstrap interval {scores['sliced_w2_low']:.4f} to {scores['sliced_w2_high']:.4f}), "
        f"fit ratio {scores['fit_ratio']:.9g}\n"
    )
    print(table(scores, null).to_string(index=False))


def read_codes(path: Path) -> np.ndarray:
    """The (n, 2) codes in a CSV, NPZ or NPY file, as float32, which is what networks give.

    Raises:
        UserError: no such file, not of these kinds, not (n, 2) finite numbers, or too few rows.
    """
    try:
        values = _read_numpy(path) if path.suffix.lower() in (".npz", ".npy") else _read_csv(path)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None
    if values.size and values.dtype.kind not in "iuf":
        raise UserError(f"{path}: expected numbers, found {values.dtype}")
    if values.ndim != 2 or values.shape[1] != CODE_DIM:
        raise UserError(f"{path}: expected codes of shape (n, {CODE_DIM}), found {values.shape}")
    if len(values) < LEAST_CODES:
        raise UserError(f"{path}: {len(values)} codes are too few; at least {LEAST_CODES} are needed")
    with np.errstate(over="ignore"):
        # In rows, as the stages have them: another order in memory could round another last digit.
        z = np.ascontiguousarray(values, dtype=np.float32)
    wrong = np.flatnonzero(~np.isfinite(z).all(axis=1))
    if len(wrong):
        raise UserError(f"{path}: code {wrong[0] + 1} is not finite ({len(wrong)} such codes)")
    return z


def _read_numpy(path: Path) -> np.ndarray:
    try:
        with path.open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return loaded
            names = loaded.files
            if "z" not in names and len(names) != 1:
                raise UserError(f"{path}: expected an array z, or just one array; found {names}")
            return np.asarray(loaded["z" if "z" in names else names[0]])
    except (UserError, OSError):
        raise
    except Exception as error:  # A damaged archive fails in more ways than can be listed.
        raise UserError(f"{path} cannot be read as NPZ or NPY ({_one_line(error)})") from None


def _read_csv(path: Path) -> np.ndarray:
    options: dict[str, Any] = {"skipinitialspace": True, "compression": None}
    try:
        first = pd.read_csv(path, header=None, nrows=1, dtype=str, **options).iloc[0].tolist()
        header = first in UNNAMED or not all(_is_number(text) for text in first)
        values = pd.read_csv(path, header=0 if header else None, **options)
    except ValueError as error:  # The parser's own errors among them.
        raise UserError(f"{path} cannot be read as CSV ({_one_line(error)})") from None
    if not isinstance(values.index, pd.RangeIndex):  # What pandas makes of it if it is so in every row.
        raise UserError(f"{path}: rows have more fields than the header has names")
    names = list(values.columns)
    if {"z1", "z2"} <= set(names):
        values = values[["z1", "z2"]]
    elif len(names) != CODE_DIM:
        found = _one_line(", ".join(map(str, names)))[:200]
        raise UserError(f"{path}: expected columns z1 and z2, or just two; found {found}")
    return values.to_numpy()


def _is_number(text: object) -> bool:
    try:
        float(str(text))
    except ValueError:
        return False
    return True


def _one_line(message: object) -> str:
    return " ".join(str(message).split())


def _standard_deviation(text: str) -> float:
    value = float(text)
    if not 1e-6 <= value <= 1e6:  # NaN is not either.
        raise argparse.ArgumentTypeError(f"{text} is not between 1e-6 and 1e6")
    return value


if __name__ == "__main__":
    main()
