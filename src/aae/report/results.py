"""Tables and sentences of the pages and of the report, in Markdown, from the rows in metrics/."""

from collections.abc import Mapping, Sequence
from typing import Any

from aae.compare import verdicts
from aae.compare.measures import MEASURES
from aae.compare.summary import VARIANT
from aae.compare.verdicts import (
    above_null,
    became,
    by_variant,
    equivalence,
    in_words,
    moments,
    significance,
)
from aae.model.parts import prior_class

Rows = Sequence[Mapping[str, Any]]
Numbers = Mapping[str, Mapping[str, Any]]  # Of one variant, by measure.
VARIANT_COLUMNS = (  # What the table of variants shows.
    "kl_training",
    "kl",
    "total_variation",
    "below_quarter",
    "sliced_w2_excess",
    "reconstruction_error",
    "neighbour_accuracy",
    "probe_jsd",
    "discriminator_jsd",
    "sigma_median",
)
TARGETS = {  # Of the default recipe, set before the search for it: bounds from above or below.
    "kl_training": ("at most", 0.08),
    "kl": ("at most", 0.10),
    "sliced_w2_excess": ("at most", 0.025),
    "reconstruction_error": ("at most", 0.0355),
    "neighbour_accuracy": ("at least", 0.82),
}
STUDY_COLUMNS = (
    "kl_training",
    "kl",
    "training_error",
    "reconstruction_error",
    "neighbour_accuracy",
)
BASE = (  # What the table of the base run on docs/results.md shows.
    "reconstruction_error",
    "training_error",
    "neighbour_accuracy",
    "kl",
    "kl_training",
    "sliced_w2",
    "c2st_accuracy",
    "holes",
    "ks_radius",
    "total_variation",
    "below_half",
    "below_quarter",
    "probe_jsd",
    "neighbour_jsd",
    "discriminator_jsd",
)
MOMENTS = {"are": "match", "agree": "nearly match", "differ": "do not match"}
# Means up to which q(z) nearly fits: of misplaced mass, and of the prior's that is nearly empty.
NEARLY = {"total_variation": 0.1, "below_quarter": 0.01}


def answer(ablation: Rows, variants: Rows, contrasts: Rows, left: str = "") -> str:
    """The project's questions, answered in plain words: a paragraph each.

    Args:
        ablation: a row a run.
        variants: over seeds.
        contrasts: of every two encoders.
        left: what is left of the misfit, and why (`aae.studies.discriminator.answer`).
    """
    numbers = by_variant(variants)
    fitted = next((each for each in numbers if _constrained(each["kl"])), None)
    if fitted is None:
        return "No run here has a prior for its codes to fit.\n"
    runs = [row for row in ablation if all(row[key] == fitted["kl"][key] for key in VARIANT)]
    free = next((each for each in numbers if not _constrained(each["kl"])), None)
    paragraphs = [_fits(fitted, runs, free), _encoders(numbers, ablation, contrasts), left.strip()]
    return "\n\n".join(filter(None, paragraphs)) + "\n"


def _fits(fitted: Numbers, runs: Rows, free: Numbers | None) -> str:
    """Say if q(z) fits p(z): "yes", "yes, nearly" by the moments and `NEARLY`, or "no"."""
    measures = ("kl", "sliced_w2_excess", "below_quarter", "holes", "total_variation")
    kl, w2, mass, cells, wrong = (fitted[name] for name in measures)
    how, differs = moments(fitted, runs), above_null(kl)
    nearly = how != "differ" and all(fitted[name]["mean"] <= most for name, most in NEARLY.items())
    word = "Yes." if how == "are" and not differs else "Yes, nearly." if nearly else "No."
    holes = "There are no large holes" if mass["mean"] <= NEARLY["below_quarter"] else "There are large holes"
    small = " Small ones exceed chance." if above_null(cells) else ""
    shift = max(2 * kl["mean"], 0) ** 0.5  # KL(N(m, 1) || N(0, 1)) is m^2 / 2.
    without = (
        "; codes trained without a prior, moved to its mean and spread, "
        f"{free['kl_whitened']['mean']:.1f} ({interval(free['kl_whitened'], '.1f')})"
        if free
        else ""
    )
    density = (
        f"But at least {wrong['mean']:.0%} of the codes' mass lies in the wrong place (total variation)"
        if differs
        else "No difference in density is found"
    )
    return (
        f"**Does q(z) fit p(z)? {word}** Location and spread {MOMENTS[how]}: test codes are "
        f"{w2['mean']:.3f} standard deviations off (sliced W2, sampling noise subtracted). {holes}: "
        f"{mass['mean']:.1%} of the prior's mass has less than a quarter of the codes it should have (all "
        f"codes, windows about a tile of Figure 2E).{small} {density}. The KL divergence of test codes is "
        f"{kl['mean']:.3f} nats ({interval(kl)}), as much as a pure shift by {shift:.2f} standard deviations "
        f"would give. As many prior samples measure {kl['null']:.3f}{without}."
    )


def _encoders(numbers: Sequence[Numbers], ablation: Rows, contrasts: Rows) -> str:
    """Say if the type of encoder matters, by every comparison that has a margin."""
    question = "Does it take a Gaussian encoder?"
    judged = [row for row in contrasts if row["equivalent"] is not None]
    if not judged:
        return f"**{question}** That takes more than one seed to say."
    equivalent = sum(row["equivalent"] for row in judged)
    different = [row for row in judged if significance(row) == "significant" and not row["equivalent"]]
    kls = [row["equivalent"] for row in judged if row["measure"] == "kl"]
    ends = [each for each in numbers if _constrained(each["kl"])]
    names = in_words([each["kl"]["encoder"] for each in ends]).capitalize().replace("gaussian", "Gaussian")
    reached = in_words([f"{each['kl']['mean']:.3f}" for each in ends])
    margins = " and ".join(
        dict.fromkeys(f"±{row['margin']:g} {MEASURES[row['measure']].unit}" for row in judged)
    )
    if different:
        word = f"It makes a difference in {len(different)} of {len(judged)} comparisons."
    else:
        word = "No." if all(kls) else "No difference is found, but none is ruled out."
    powers = [row["power"] for row in judged if not row["equivalent"] and row.get("power") is not None]
    spread = dict.fromkeys(f"{end:.0%}" for end in (min(powers, default=0), max(powers, default=0)))
    others = "others" if len(powers) > 1 else "other"
    power = f" (power {' to '.join(spread)} in the {others})" if powers else ""
    shown = "All" if equivalent == len(judged) else f"{equivalent} of"
    text = (
        f"**{question} {word}** {names} encoders end at {reached} nats of KL divergence on test codes. "
        f"{shown} {len(judged)} comparisons show equivalence{power}: differences within {margins}, "
        "set beforehand as too small to matter."
    )
    gaussian = [row for row in ablation if row["encoder"] == "gaussian" and _constrained(row)]
    return f"{text} {became(gaussian, 'The Gaussian encoder', ends=False)}." if gaussian else text


def interval(row: Mapping[str, Any], form: str = ".3f") -> str:
    """The 95% interval over seeds, in words."""
    if row["low"] is None:
        return "1 seed"
    return f"{verdicts.interval(row, form)}, {row['seeds']} seeds"


def _constrained(row: Mapping[str, Any]) -> bool:
    return prior_class(row["prior"]).constrains


def fills(details: Rows) -> str:
    """Say if the base run's codes fill the prior, in a sentence."""
    numbers = {row["name"]: row["value"] for row in details}
    empty, wrong = numbers["below_quarter"], numbers["total_variation"]
    word = "Yes" if empty <= NEARLY["below_quarter"] else "No"
    return (
        f"**{word}: {empty:.1%} of the prior's mass has less than a quarter of the codes it should have.** "
        f"{wrong:.0%} of the mass is misplaced (total variation)."
    )


def base_answer(details: Rows) -> str:
    """The base run's fit in a sentence."""
    (kl,) = (row for row in details if row["name"] == "kl")
    words = "no further than" if kl["value"] <= kl["high"] else "further than"
    return (
        f"**The codes of test images are {kl['value']:.3f} nats from the prior (KL divergence), {words} "
        f"chance:** as many samples of the prior measure {kl['low']:.3f} to {kl['high']:.3f}."
    )


def ablation_answer(variants: Rows) -> str:
    """The variants' fit in a sentence."""
    ends = [numbers["kl"] for numbers in by_variant(variants)]
    one = len({row["prior"] for row in ends if _constrained(row)}) == 1
    names = [row["encoder" if one else "variant"] if _constrained(row) else "no prior" for row in ends]
    reached = [f"{name} {row['mean']:.3f}" for name, row in zip(names, ends, strict=True)]
    counts = sorted({row["seeds"] for row in ends})
    seeds = "1 seed" if counts == [1] else f"{in_words(counts)} seeds"
    return (
        f"**KL divergence from the prior in nats: {in_words(reached)}** ({seeds}). Samples of the prior "
        f"measure {ends[0]['null']:.3f}."
    )


def base_table(details: Rows, names: Sequence[str] = ()) -> str:
    """The base run's numbers beside the null band: those of these names, or all."""
    header = ["measure", "value", "prior samples (95%)"]
    lines = [header, ["---"] * len(header)]
    *numbers, trained_with = details
    for row in [row for row in numbers if not names or row["name"] in names]:
        null = "" if row["null"] is None else f"{row['null']:.4f} ({row['low']:.4f} to {row['high']:.4f})"
        lines.append([row["measure"], f"{row['value']:.4g}", null])
    return f"Trained with {trained_with['value']}.\n\n{table(lines)}"


def ablation_table(variants: Rows) -> str:
    """Mean and standard deviation over seeds, a row a variant, and what samples of the prior give."""
    columns = [name for name in VARIANT_COLUMNS if any(row["measure"] == name for row in variants)]
    header = ["encoder, prior", "seeds", *(MEASURES[name].label for name in columns)]
    lines = [header, ["---"] * len(header)]
    samples = {}
    for numbers in by_variant(variants):
        kl, nulls = numbers["kl"], []
        cells = [kl["variant"], str(kl["seeds"])]
        for name in columns:
            form = MEASURES[name].form
            row = numbers.get(name, {"mean": None, "std": None, "null": None})
            cells.append(_formatted(row["mean"], form) + (f" ± {row['std']:{form}}" if row["std"] else ""))
            nulls.append(_formatted(row["null"], form))
        lines.append(cells)
        if _constrained(kl):
            samples[kl["prior"]] = [f"samples of the prior, {kl['prior']}", "", *nulls]
    return table(lines + list(samples.values()))


def _formatted(value: float | None, form: str) -> str:
    return "" if value is None else f"{value:z{form}}"


def contrast_table(contrasts: Rows) -> str:
    """Differences between encoders under a prior, paired by seed; bold where the interval leaves 0 out."""
    one = len({row["prior"] for row in contrasts}) == 1
    header = [] if one else ["prior"]
    header += ["encoders", "measure", "seeds", "difference (95% CI)", "equivalence"]
    header += ["minimum detectable", "standard deviation over seeds"]
    lines = [header, ["---"] * len(header)]
    for row in contrasts:
        measure = MEASURES[row["measure"]]
        form = ".5f" if row["measure"] == "reconstruction_error" else ".4f"
        cells = [] if one else [row["prior"]]
        cells += [row["encoders"], measure.label, str(row["seeds"])]
        cells.append(difference(row, form))
        if row["low"] is None:  # One seed.
            lines.append([*cells, "", "", ""])
            continue
        cells.append("" if row["equivalent"] is None else equivalence(row))
        lines.append([*cells, f"{row['detectable']:{form}}", f"{row['seed_std']:{form}}"])
    return table(lines)


def difference(row: Mapping[str, Any], form: str) -> str:
    """A paired difference with its 95% interval, where there is one; bold where that leaves 0 out."""
    if row["low"] is None:
        return f"{row['difference']:+{form}}"
    words = f"{row['difference']:+{form}} ({row['low']:+{form}} to {row['high']:+{form}})"
    return f"**{words}**" if significance(row) == "significant" else words


def target_table(variants: Rows) -> str:
    """The default recipe's targets beside what it reached, mean over seeds of the first encoder."""
    numbers = by_variant(variants)[0]
    lines = [["measure", "target", f"reached ({numbers['kl']['variant']})", "met"], ["---"] * 4]
    for name, (side, bound) in TARGETS.items():
        row, measure = numbers[name], MEASURES[name]
        met = row["mean"] <= bound if side == "at most" else row["mean"] >= bound
        reached = f"{row['mean']:{measure.form}} ({interval(row, measure.form)})"
        lines.append([measure.label, f"{side} {bound:g}", reached, "yes" if met else "**no**"])
    return table(lines)


def study_table(means: Rows, measures: Sequence[str] = STUDY_COLUMNS) -> str:
    """A row a group of runs with equal settings: means over seeds of some measures."""
    settings = [key for key in means[0] if key not in {"seeds", "measure", "mean", "std", "low", "high"}]
    # Older rows lack newer measures.
    columns = [name for name in measures if any(row["measure"] == name for row in means)]
    header = [*settings, "seeds", *(MEASURES[name].label for name in columns)]
    lines = [header, ["---"] * len(header)]
    groups: dict[tuple[str, ...], dict[str, Mapping[str, Any]]] = {}
    for row in means:
        names = tuple("" if row[key] is None else str(row[key]) for key in settings)
        groups.setdefault(names, {})[row["measure"]] = row
    for names, numbers in groups.items():
        cells = [*names, str(numbers["kl"]["seeds"])]
        found = (numbers.get(name, {"mean": None})["mean"] for name in columns)
        forms = (MEASURES[name].form for name in columns)
        lines.append(cells + [_formatted(*each) for each in zip(found, forms, strict=True)])
    return table(lines)


def sentences(said: Sequence[str]) -> str:
    """The answer's sentences as a list."""
    return "".join(f"- {sentence}\n" for sentence in said)


def control_table(controls: Rows) -> str:
    """Every measure of codes with known errors, as multiples of the null band's upper end."""
    *rows, high = controls
    # Codes where p(z) = 0 cannot be under this prior: their band ends at 0.
    names = [name for name in high if name != "codes" and high[name] > 0]
    lines = [["codes", *(MEASURES[name].title for name in names)], ["---"] * (1 + len(names))]
    for row in rows:
        line = [row["codes"]]
        for name in names:
            # An accuracy is no distance from 0: it stands as it is.
            said = f"{row[name]:.3f}" if name == "c2st_accuracy" else f"{row[name] / high[name]:.2f}"
            line.append(f"**{said}**" if row[name] > high[name] else said)
        lines.append(line)
    return table(lines)


def probe_table(found: Rows) -> str:
    """Divergence of checkerboards that probes find, in nats and as shares of the exact one."""
    names = {
        "probe_jsd": "boosted trees find",
        "neighbour_jsd": "neighbours' densities tell",
        "quarter_of_kl": "KL/4",
    }
    lines = [["side of a square", "exact", *names.values()], ["---"] * (2 + len(names))]
    for row in found:
        cells = [f"{row[name]:.4f} ({row[name] / row['exact']:.0%})" for name in names]
        lines.append([f"{row['side']:g}", f"{row['exact']:.4f}", *cells])
    return table(lines)


def table(lines: list[list[str]]) -> str:
    """Cells as a Markdown table; the first two lines are its head."""
    cells = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "".join("| " + " | ".join(line) + " |\n" for line in cells)
