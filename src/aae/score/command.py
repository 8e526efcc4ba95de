"""The command line of `aae score`, and what it prints."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aae.compare.measures import MEASURES
from aae.model.parts import PRIORS, prior_class
from aae.settings.error_messages import nearest
from aae.system.errors import UserError

if TYPE_CHECKING:  # What measures takes seconds to import, and is imported once it is needed.
    import pandas as pd

    from aae.measure.scorecard import Null
    from aae.model.priors.base import Prior

CHOICES = [name for name in PRIORS if prior_class(name).constrains]
# Of the pipeline's 200; a null mean's standard error is then 0.18 of the null's standard deviation.
NULL_SAMPLES = 30
BROKEN_BY_REPEATS = ("kl", "c2st_accuracy")
PATIENCE = 10  # Seconds between lines about progress where nobody watches a terminal.


def parse_arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, or the words given."""
    parser = argparse.ArgumentParser(
        prog="aae score", description="How well codes of 2 to 64 dimensions fit a prior."
    )
    parser.add_argument(
        "codes",
        type=Path,
        help="CSV, also .gz, NPY, NPZ or safetensors; - is standard input. Without --columns or --array: the "
        "columns z1, z2, ... or what else holds no whole numbers or text; the array z or the only one",
    )
    parser.add_argument(
        "--prior", type=_prior, default="gaussian", help=f"{', '.join(CHOICES)}; default: gaussian"
    )
    parser.add_argument(
        "--std", type=_standard_deviation, default=1.0, help="the prior's standard deviation; default: 1"
    )
    for name, what in (("--columns", "that hold codes"), ("--label", "that do not")):
        parser.add_argument(
            name, type=_names, default=(), metavar="NAME,...",
            help=f"columns {what}; those without names are 1, 2, ...",
        )  # fmt: skip
    parser.add_argument("--array", metavar="NAME", help="the array that holds codes, where there are several")
    parser.add_argument("--json", action="store_true", help="for programs: more digits, and the null bands")
    return parser.parse_args(words)


def scorecard(arguments: argparse.Namespace) -> str:
    """All that is printed.

    Raises:
        UserError: no codes, or none that can be held against this prior.
    """
    from aae.score import condition, measuring
    from aae.score.reading import Source, read_codes
    from aae.system.artifacts import rounded

    codes = read_codes(Source(arguments.codes, arguments.columns, arguments.label, arguments.array))
    z, notes = codes.z, codes.notes
    kind, dim = prior_class(arguments.prior), z.shape[1]
    if kind.planar and dim != 2:
        raise UserError(f"prior {arguments.prior} is one of codes in the plane; these have {dim} dimensions")
    prior = kind(arguments.std, dim)
    condition.refuse_far_codes(z)
    moments, repeats = condition.moments(z), condition.repeated(z)
    part = measuring.random_part(z, measuring.most_codes(dim))
    if len(part) < len(z):
        notes.append(
            f"moments are of all {len(z):,} codes, the rest of {len(part):,} of them, drawn at random"
        )
    if len(part) > measuring.CLASSIFIED:
        notes.append(f"the C2ST is of {measuring.CLASSIFIED:,} codes, drawn at random")
    if dim != 2:
        notes.append("holes, as figures, need a plane; KL is biased in many dimensions: see its null band")
    part, rounding = condition.smoothed(part)
    notes += filter(None, (rounding, repeats))
    null = measuring.find_null(len(part), prior, NULL_SAMPLES, Progress())
    scores = measuring.score(part, prior, null)
    if repeats:
        for form in measuring.FORMS:
            scores[form] |= dict.fromkeys(BROKEN_BY_REPEATS)
    if arguments.json:
        content = {
            "n": len(z), "moments": moments, "notes": notes,
            "codes": scores, "null": null, "null_samples": NULL_SAMPLES,
        }  # fmt: skip
        return json.dumps(rounded(content), indent=2)
    errors = {name: null["raw"][name]["std"] / NULL_SAMPLES**0.5 for name in ("kl", "sliced_w2")}
    head = [
        f"{len(z):,} codes against {prior.description}, lengths in its standard deviations",
        condition.describe_moments(moments),
        *(f"note: {note}" for note in notes),
    ]
    foot = [
        f"95% bootstrap interval of the sliced W2: {scores['sliced_w2_low']:.4f} to "
        f"{scores['sliced_w2_high']:.4f}",
        f"null: {NULL_SAMPLES} samples of the prior, {len(part):,} codes each; standard errors of its means: "
        f"{errors['kl']:.4f} (KL), {errors['sliced_w2']:.4f} (sliced W2)",
    ]
    words = (
        ["No verdict: codes repeat, and null bands are of independent draws."]
        if repeats
        else verdict(scores, null, prior)
    )
    words += condition.judge_moments(moments, len(z), prior)
    rows = table(scores, null).to_string(index=False)
    return "\n\n".join(["\n".join(head), rows, "\n".join(foot), "\n".join(words)])


class Progress:
    """A line on stderr that says how much of the null distribution is there; called after each sample."""

    def __init__(self) -> None:
        """None is there."""
        self.done = 0
        self.said = time.monotonic()

    def __call__(self) -> None:
        """One more is there."""
        self.done += 1
        line = f"null distribution: {self.done} of {NULL_SAMPLES} samples of the prior"
        if sys.stderr.isatty():
            end = "\r\033[K" if self.done == NULL_SAMPLES else ""
            print(f"\r\033[K{line}{end}", end="", file=sys.stderr, flush=True)
        elif time.monotonic() - self.said > PATIENCE:
            self.said = time.monotonic()
            print(line, file=sys.stderr, flush=True)


def table(scores: Mapping[str, Any], null: Null) -> pd.DataFrame:
    """A row a measure: value, mean and 95% null band, raw and whitened; for people to read."""
    import pandas as pd

    rows = []
    for name in [name for name in MEASURES if name in scores["raw"]]:
        row = {"measure": MEASURES[name].title}
        for form in ("raw", "whitened"):
            band, value = null[form][name], scores[form][name]
            row[form] = "-" if value is None else f"{value:.4f}"
            row[f"{form}, null (95%)"] = f"{band['mean']:.4f} ({band['low']:.4f} to {band['high']:.4f})"
        rows.append(row)
        if name == "sliced_w2":
            excess = {"raw": f"{scores['sliced_w2_excess']:.4f}"}
            rows.append({"measure": MEASURES["sliced_w2_excess"].title, **excess})
    return pd.DataFrame(rows).fillna("")


def verdict(scores: Mapping[str, Any], null: Null, prior: Prior) -> list[str]:
    """Say what the numbers mean, a sentence each for the density and for location and scale.

    Args:
        scores: from `aae.score.measuring.score`.
        null: from `aae.score.measuring.find_null`.
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


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",")]


def _prior(text: str) -> str:
    if text not in CHOICES:
        raise argparse.ArgumentTypeError(f"{text!r}: {nearest(text, CHOICES)}allowed: {', '.join(CHOICES)}")
    return text


def _standard_deviation(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
    if not 1e-6 <= value <= 1e6:  # NaN is not either.
        raise argparse.ArgumentTypeError(f"{text} is not between 1e-6 and 1e6")
    return value
