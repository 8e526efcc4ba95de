"""The project's question answered in words, by rules that were written down before the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aae.compare.measures import MEASURES
from aae.compare.summary import VARIANT, t_interval

if TYPE_CHECKING:
    from aae.model.priors.base import Prior

# Excess sliced W2, in the prior's standard deviations, up to which moments agree. Codes from the prior
# but a tenth too wide are at 0.1.
MOMENTS_AGREE = 0.05
SEEN = 0.5  # Share of what the better probe finds that a discriminator must see to see most of it.
# Median sigma(x), in the prior's standard deviations, below which an encoder is nearly deterministic: the
# distance between neighbours among 60,000 codes is about as large.
NEARLY_DETERMINISTIC = 0.01
PROBES = {"probe_jsd": "boosted trees find", "neighbour_jsd": "neighbours' densities tell"}
SEES = {  # Of what there is to see.
    "most": ": it sees most of it",
    "little": ": it is blind to most of it",
    "open": ": whether it sees most of it is open",
    "nothing": ": no probe finds more than in prior samples",
    "1 seed": "",
}
MOMENTS = {
    "are": "the moments are those of",
    "agree": "the moments agree with those of",
    "differ": "the moments differ from those of",
}

Numbers = Mapping[str, Mapping[str, Any]]  # Of one variant: its rows of `variants` by measure.


def answer(
    rows: Sequence[Mapping[str, Any]],
    summary: Sequence[Mapping[str, Any]],
    compared: Sequence[Mapping[str, Any]],
    priors: Mapping[str, Prior],
) -> list[str]:
    """A sentence a variant, one on what each random encoder became, one a comparison of two encoders.

    Args:
        rows: the ablation's table.
        summary: from `variants`.
        compared: from `contrasts`; those of measures with a margin are put into words.
        priors: the object of each prior that the rows name.
    """
    sentences = []
    for numbers in by_variant(summary):
        encoder, name = (numbers["sliced_w2"][key] for key in VARIANT)
        prior = priors[name]
        seeds = [row for row in rows if (row["encoder"], row["prior"]) == (encoder, name)]
        start = f"{encoder.capitalize()} encoder, prior {name}"
        clauses = [
            f"{MOMENTS[moments(numbers, seeds)]} {prior.description} ({_excess(numbers)})",
            _density(numbers),
        ]
        if not prior.constrains:  # Nothing draws the codes to a place and a scale.
            kl, w2 = (numbers[f"{measure}_whitened"]["mean"] for measure in ("kl", "sliced_w2"))
            clauses.append(f"after whitening, KL {kl:.3f} nats and sliced W2 {w2:.3f}")
        if words := sight(numbers, seeds):
            clauses.append(words)
        sentences.append(f"{start} ({_seeds(len(seeds))}): {'; '.join(clauses)}.")
        if encoder != "deterministic" and "sigma_median" in numbers:
            sentences.append(f"{start}: {became(seeds)}.")
    return sentences + [
        _comparison(row) for row in compared if MEASURES[row["measure"]].margin and row["low"] is not None
    ]


def by_variant(summary: Sequence[Mapping[str, Any]]) -> list[Numbers]:
    """Rows of `variants`, by measure, for each variant."""
    names = dict.fromkeys(row["variant"] for row in summary)
    return [{row["measure"]: row for row in summary if row["variant"] == name} for name in names]


def moments(numbers: Numbers, rows: Sequence[Mapping[str, Any]]) -> str:
    """Judge if q(z) has the prior's moments, by the sliced W2 of test and of training codes.

    Args:
        numbers: the variant's.
        rows: its runs.

    Returns:
        "are": none of its runs is above the null band; else "agree": the mean excess over seeds is at
        most `MOMENTS_AGREE`; else "differ".
    """
    measures = ["sliced_w2", "sliced_w2_training"]
    if all(row[measure] <= numbers[measure]["null_high"] for measure in measures for row in rows):
        return "are"
    excess = max(numbers[f"{measure}_excess"]["mean"] for measure in measures)
    return "agree" if excess <= MOMENTS_AGREE else "differ"


def above_null(row: Mapping[str, Any]) -> bool:
    """Tell if a measure is more than prior samples give.

    It is if its 95% interval over seeds (with one seed, its value) lies above the null band.
    """
    low = row["mean"] if row["low"] is None else row["low"]
    return bool(low > row["null_high"])


def sight(numbers: Numbers, rows: Sequence[Mapping[str, Any]]) -> str:
    """Say how much the final discriminators see of what is left of the misfit of training codes, in a clause.

    "" for runs without a discriminator, or whose rows are older than its measure; arguments as in `seen`.
    """
    if not (outcome := seen(numbers, rows)):
        return ""
    name = better_probe(numbers)
    probe, own, null = numbers[name], numbers["discriminator_jsd"], numbers["discriminator_jsd_null"]
    quarter = numbers["kl_training"]["mean"] / 4
    share = "" if outcome in ("nothing", "1 seed") else f", {min(own['mean'] / probe['mean'], 1):z.0%} of it"
    return (
        f"of what {PROBES[name]} on training codes, {probe['mean']:.4f} nats of Jensen-Shannon divergence "
        f"(prior samples {probe['null']:z.4f}; KL/4 {quarter:.4f}), the final discriminator sees "
        f"{own['mean']:z.4f} (prior samples {null['mean']:z.4f}){share}{SEES[outcome]}"
    )


def better_probe(numbers: Numbers) -> str:
    """The probe that finds more of the misfit of training codes, on average over runs.

    One that finds more than in prior samples comes first.
    """
    return max(PROBES, key=lambda probe: (above_null(numbers[probe]), numbers[probe]["mean"]))


def seen(numbers: Numbers, rows: Sequence[Mapping[str, Any]]) -> str:
    """Judge how much the final discriminators see of what is left of the misfit of training codes.

    The rule: of two probes the one that finds more (`better_probe`) stands for what there is to see. If its
    95% interval over seeds does not lie above the null band, there is nothing. Else the
    discriminator sees most of it if its own divergence is above `SEEN` times the probe's, by the 95% interval
    of the paired difference; is blind to most of it if that interval lies below 0; or else it is open. A
    discriminator that sees nothing fails this rule wherever a probe finds something.

    Args:
        numbers: the variant's.
        rows: its runs.

    Returns:
        A key of `SEES`; "" for runs without a discriminator, or whose rows are older than its measure.
    """
    if "discriminator_jsd" not in numbers or "neighbour_jsd" not in numbers:
        return ""
    name = better_probe(numbers)
    probe = numbers[name]
    low, high = t_interval(np.array([row["discriminator_jsd"] - SEEN * row[name] for row in rows]))
    if low is None or high is None:
        return "1 seed"
    if not above_null(probe):
        return "nothing"
    return "most" if low > 0 else "little" if high < 0 else "open"


def became(rows: Sequence[Mapping[str, Any]], encoder: str = "it", *, ends: bool = True) -> str:
    """Say how random an encoder is after training, by its runs' median sigma(x)."""
    sigmas = [row["sigma_median"] for row in rows]
    middle = float(np.median(sigmas))
    word = "became nearly deterministic" if middle < NEARLY_DETERMINISTIC else "stayed random"
    runs = (
        f" (median over {_seeds(len(sigmas))}; from {min(sigmas):.2g} to {max(sigmas):.2g})" if ends else ""
    )
    return (
        f"{encoder} {word}, with a median sigma(x) of {middle:.2g} of the prior's standard deviations{runs}"
    )


def interval(row: Mapping[str, Any], form: str) -> str:
    """The 95% interval ("low" to "high") of a mean or a difference, its numbers in a format such as ".3f"."""
    return f"95% CI {row['low']:{form}} to {row['high']:{form}}"


def in_words(values: Sequence[object]) -> str:
    """Several values as "a, b and c"."""
    *others, last = map(str, values or [""])
    return f"{', '.join(others)} and {last}" if others else last


def spread(row: Mapping[str, Any], form: str) -> str:
    """Write the 95% interval, where there is more than one seed."""
    return "1 seed" if row["low"] is None else interval(row, form)


def significance(contrast: Mapping[str, Any]) -> str:
    """Say whether the 95% interval of a difference leaves 0 out."""
    return "significant" if contrast["low"] > 0 or contrast["high"] < 0 else "not significant"


def shown(contrast: Mapping[str, Any], form: str) -> str:
    """The 95% interval of a difference and its significance; without one, the effect that would be found."""
    found = significance(contrast)
    words = f"{interval(contrast, f'+{form}')}; {found}"
    return words if found == "significant" else f"{words}, {detectable(contrast, form)}"


def detectable(contrast: Mapping[str, Any], form: str) -> str:
    """The effect that so many seeds find with a power of 80%."""
    return f"{contrast['detectable']:{form}} would be found in 80% of cases"


def equivalence(contrast: Mapping[str, Any], margin: str = "") -> str:
    """Say what the test of equivalence showed; the margin in other words where it was set in these."""
    margin, p = margin or f"±{contrast['margin']:g}", contrast["p_equivalence"]
    words = "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
    if contrast["equivalent"]:
        return f"equivalent within {margin} ({words})"
    power = contrast.get("power")  # Older rows lack it.
    return f"equivalence within {margin} not shown ({words}{'' if power is None else f'; power {power:.0%}'})"


def _comparison(row: Mapping[str, Any]) -> str:
    measure = MEASURES[row["measure"]]
    return (
        f"Prior {row['prior']}, {row['encoders']}, {row['seeds']} seeds, paired: {row['difference']:+.4f} "
        f"{measure.unit} in {measure.title} of {measure.of} ({interval(row, '+.4f')}), {significance(row)}; "
        f"{equivalence(row)}; minimum detectable effect {row['detectable']:.4f}."
    )


def _excess(numbers: Numbers) -> str:
    test, training = (numbers[name]["mean"] for name in ("sliced_w2_excess", "sliced_w2_training_excess"))
    return f"excess sliced W2 {test:.3f} on test codes, {training:.3f} on training codes"


def _density(numbers: Numbers) -> str:
    differ: list[str] = []
    same: list[str] = []
    for codes, kl in {"test": numbers["kl"], "training": numbers["kl_training"]}.items():
        words = (
            f"{kl['mean']:.3f} nats on {codes} codes ({spread(kl, '.3f')}; "
            f"prior samples give {kl['null']:.3f})"
        )
        (differ if above_null(kl) else same).append(words)
    clauses = [f"the density differs by {' and by '.join(differ)}"] if differ else []
    if same:
        clauses.append(f"no difference in density found: {' and '.join(same)}")
    return "; ".join(clauses)


def _seeds(n: int) -> str:
    return "1 seed" if n == 1 else f"{n} seeds"
