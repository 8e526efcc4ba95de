"""Score anybody's codes with this project's ruler.

Usage: python -m aae.score CODES.csv [--prior gaussian] [--std 1] [--json]
"""

import argparse
import json
import math
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from aae.errors import UserError
from aae.priors import CODE_DIM, Gaussian
from aae.scorecard import LEAST_CODES, null_bands, score, table

PRIORS = {"gaussian": Gaussian}


def main() -> None:
    """Print the scorecard of the codes in a file."""
    parser = argparse.ArgumentParser(
        prog="python -m aae.score", description="How well codes in the plane fit a prior."
    )
    parser.add_argument(
        "codes", type=Path, help="CSV (columns z1 and z2, or just two columns) or NPZ (array z, or just one)"
    )
    parser.add_argument("--prior", choices=sorted(PRIORS), default="gaussian", help="default: gaussian")
    parser.add_argument(
        "--std", type=_positive, default=1.0, help="the prior's standard deviation; default: 1"
    )
    parser.add_argument("--json", action="store_true", help="all digits, for programs")
    arguments = parser.parse_args()
    try:
        z = read_codes(arguments.codes)
        prior = PRIORS[arguments.prior](arguments.std)
        null = null_bands(len(z), prior)
        scores = score(z, prior, null)
    except UserError as error:
        sys.exit(f"aae.score: {error}")
    if arguments.json:
        print(json.dumps({"codes": scores, "null": null}, indent=2))
        return
    print(f"{len(z):,} codes against N(0, {arguments.std:g}^2 I), lengths in its standard deviations")
    print(
        f"sliced W2 {scores['raw']['sliced_w2']:.9g} "
        f"(95% bootstrap interval {scores['sliced_w2_low']:.4f} to {scores['sliced_w2_high']:.4f}), "
        f"fit ratio {scores['fit_ratio']:.9g}\n"
    )
    print(table(scores, null).to_string(index=False))


def read_codes(path: Path) -> np.ndarray:
    """The (n, 2) codes in a CSV or NPZ file, as float32, which is what networks give.

    Raises:
        UserError: no such file, not of either kind, not (n, 2) finite numbers, or too few rows.
    """
    try:
        values = _read_npz(path) if path.suffix == ".npz" else _read_csv(path)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None
    if values.dtype.kind not in "iuf":
        raise UserError(f"{path}: expected numbers, found {values.dtype}")
    if values.ndim != 2 or values.shape[1] != CODE_DIM:
        raise UserError(f"{path}: expected codes of shape (n, {CODE_DIM}), found {values.shape}")
    if len(values) < LEAST_CODES:
        raise UserError(f"{path}: {len(values)} codes are too few; at least {LEAST_CODES} are needed")
    with np.errstate(over="ignore"):
        z = values.astype(np.float32)
    wrong = np.flatnonzero(~np.isfinite(z).all(axis=1))
    if len(wrong):
        raise UserError(f"{path}: code {wrong[0] + 1} is not finite ({len(wrong)} such codes)")
    return z


def _read_npz(path: Path) -> np.ndarray:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            names = arrays.files
            if "z" not in names and len(names) != 1:
                raise UserError(f"{path}: expected an array z, or just one array; found {', '.join(names)}")
            return arrays["z" if "z" in names else names[0]]
    except (ValueError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(f"{path} cannot be read as NPZ ({error})") from None


def _read_csv(path: Path) -> np.ndarray:
    try:
        values = pd.read_csv(path)
        if all(_is_number(name) for name in values.columns):  # No header, then, but the first code.
            values = pd.read_csv(path, header=None)
    except (ValueError, pd.errors.ParserError) as error:
        raise UserError(f"{path} cannot be read as CSV ({' '.join(str(error).split())})") from None
    names = list(values.columns)
    if {"z1", "z2"} <= set(names):
        values = values[["z1", "z2"]]
    elif len(names) != CODE_DIM:
        raise UserError(
            f"{path}: expected columns z1 and z2, or just two; found {', '.join(map(str, names))[:200]}"
        )
    return values.to_numpy()


def _is_number(text: object) -> bool:
    try:
        float(str(text))
    except ValueError:
        return False
    return True


def _positive(text: str) -> float:
    value = float(text)
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError("a positive number is needed")
    return value


if __name__ == "__main__":
    main()
