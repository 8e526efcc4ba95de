"""Score anybody's codes with this project's ruler.

Usage: python -m aae.score CODES.csv [--prior NAME] [--std 1] [--json]
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from aae.compare.measures import MEASURES
from aae.model.parts import PRIORS, prior_class
from aae.system.errors import UserError

if TYPE_CHECKING:  # What measures takes seconds to import, and is imported once it is needed.
    import pandas as pd

    from aae.measure.scorecard import Null
    from aae.model.priors.base import Prior

CODE_DIM = 2
CHOICES = [name for name in PRIORS if prior_class(name).constrains]
UNNAMED = [["0", "1"]]  # The header that pandas writes over two columns without names.
# Of the pipeline's 200; a null mean's standard error is then 0.18 of the null's standard deviation.
NULL_SAMPLES = 30


def main() -> None:
    """Print the scorecard of the codes in a file."""
    arguments = parse_arguments()
    try:
        z = read_codes(arguments.codes)

        from aae.measure.nulls import null_bands
        from aae.measure.scorecard import score
        from aae.system.artifacts import rounded

        prior = prior_class(arguments.prior)(arguments.std)
        null = null_bands(len(z), prior, NULL_SAMPLES)
        scores = score(z, prior, null)
    except UserError as error:
        sys.exit(f"aae.score: {error}")
    if arguments.json:
        content = {"codes": scores, "null": null, "null_samples": NULL_SAMPLES}
        print(json.dumps(rounded(content), indent=2))
        return
    print(f"{len(z):,} codes against {prior.description}, lengths in its standard deviations\n")
    print(table(scores, null).to_string(index=False))
    errors = {name: null["raw"][name]["std"] / NULL_SAMPLES**0.5 for name in ("kl", "sliced_w2")}
    print(
        f"\n95% bootstrap interval of the sliced W2: {scores['sliced_w2_low']:.4f} to "
        f"{scores['sliced_w2_high']:.4f}\n"
        f"null: {NULL_SAMPLES} samples of the prior, {len(z):,} codes each; standard errors of its means: "
        f"{errors['kl']:.4f} (KL), {errors['sliced_w2']:.4f} (sliced W2)\n"
    )
    print("\n".join(verdict(scores, null, prior)))


def parse_arguments() -> argparse.Namespace:
    """The command line."""
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
    return parser.parse_args()


def table(scores: Mapping[str, Any], null: Null) -> pd.DataFrame:
    """A row a measure: value, mean and 95% null band, raw and whitened; for people to read."""
    import pandas as pd

    rows = []
    for name in scores["raw"]:
        row = {"measure": MEASURES[name].title}
        for form in ("raw", "whitened"):
            band = null[form][name]
            row[form] = f"{scores[form][name]:.4f}"
            row[f"{form}, null (95%)"] = f"{band['mean']:.4f} ({band['low']:.4f} to {band['high']:.4f})"
        rows.append(row)
        if name == "sliced_w2":
            excess = {"raw": f"{scores['sliced_w2_excess']:.4f}"}
            rows.append({"measure": MEASURES["sliced_w2_excess"].title, **excess})
    return pd.DataFrame(rows).fillna("")


def verdict(scores: Mapping[str, Any], null: Null, prior: Prior) -> list[str]:
    """What the numbers say in words, a sentence each for the density and for location and scale.

    Args:
        scores: from `aae.measure.scorecard.score`.
        null: `null_bands` for as many codes.
        prior: the distribution that the codes should follow.
    """
    raw, bands = scores["raw"], null["raw"]
    above = {name: raw[name] > bands[name]["high"] for name in ("kl", "sliced_w2", "outside")}
    nothing = "no difference is seen"
    density = (
        f"Density: {raw['kl']:.3f} nats from {prior.description} (KL); prior samples give "
        f"{_band(bands['kl'])}: {'it differs' if above['kl'] or above['outside'] else nothing}."
    )
    if above["outside"]:
        density += f" Of the codes {raw['outside']:.1%} lie where p(z) is 0; the KL is of the others."
    location = (
        f"Location and scale: sliced W2 {raw['sliced_w2']:.3f}, an excess of "
        f"{scores['sliced_w2_excess']:.3f} over sampling noise; prior samples give "
        f"{_band(bands['sliced_w2'])}: {'they differ' if above['sliced_w2'] else nothing}."
    )
    return [density, location]


def _band(band: Mapping[str, float]) -> str:
    return f"{band['mean']:.3f} (95% {band['low']:.3f} to {band['high']:.3f})"


def read_codes(path: Path) -> np.ndarray:
    """The (n, 2) codes in a CSV, NPZ or NPY file, as float32, which is what networks give.

    Of a CSV with more columns z1 and z2 are taken, unless others hold codes as well (z3).

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
    from aae.measure.scorecard import LEAST_CODES

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
    import pandas as pd

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
        codes = [name for name in names if re.fullmatch(r"z_?\d+", str(name), re.IGNORECASE)]
        if len(codes) > CODE_DIM:
            raise UserError(
                f"{path}: the columns {', '.join(codes)[:200]} are codes of {len(codes)} dimensions; "
                f"only codes of {CODE_DIM}, z1 and z2, can be scored"
            )
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
