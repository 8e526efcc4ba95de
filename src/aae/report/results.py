"""Tables and sentences of the pages and of the report, in Markdown, from the rows in metrics/."""

from collections.abc import Mapping, Sequence
from typing import Any

from aae.compare import verdicts
from aae.compare.measures import MEASURES
from aae.compare.summary import VARIANT
from aae.compare.verdicts import (
    became,
    by_variant,
    density_differs,
    equivalence,
    moments,
    significance,
)
from aae.model.parts import prior_class

Rows = Sequence[Mapping[str, Any]]
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
    "reconstruction_error",
    "neighbour_accuracy",
    "probe_jsd",
    "sigma_median",
)
MOMENTS = {"are": "have", "agree": "nearly have", "differ": "do not have"}


def answer(ablation: Rows, variants: Rows, contrasts: Rows) -> str:
    """The project's question, answered for newcomers in three sentences."""
    numbers = by_variant(variants)
    fitted = next((each for each in numbers if _constrained(each["kl"])), None)
    if fitted is None:
        return "No run here has a prior for its codes to fit.\n"
    runs = [row for row in ablation if all(row[key] == fitted["kl"][key] for key in VARIANT)]
    kl, w2, mass = (fitted[name] for name in ("kl", "sliced_w2_excess", "below_quarter"))
    density = "but not its density" if density_differs(kl) else "and no difference in density is found"
    # A raw scale that nothing holds is arbitrary: whitened codes say what a discriminator is for.
    without = [each["kl_whitened"]["mean"] for each in numbers if not _constrained(each["kl"])]
    contrast = (
        f"; without a discriminator the KL divergence is {without[0]:.2f} nats even after the codes get "
        "the prior's mean and covariance"
        if without
        else ""
    )
    return (
        f"1. **The codes {MOMENTS[moments(fitted, runs)]} the prior's location and scale, {density}**: "
        f"those of the test images are {w2['mean']:.3f} of its standard deviations off (sliced W2 beyond "
        f"sampling noise) and {kl['mean']:.3f} nats (KL divergence; {interval(kl)}; samples of the prior "
        f"give {kl['null']:.3f}), and {mass['mean']:.1%} of the prior's mass has less than a quarter of "
        "the codes that it should have.\n"
        f"2. **Whether the discriminator sees what is left is open**: {_withdrawn(fitted)}{contrast}.\n"
        f"3. {_encoders(ablation, contrasts)}.\n"
    )


def _withdrawn(fitted: Mapping[str, Mapping[str, Any]]) -> str:
    """Why nothing is said any more of what the discriminator sees."""
    jsd, probe = (fitted[name]["mean"] for name in ("jsd", "probe_jsd"))
    return (
        "earlier versions said that it sees nearly all of it, which their own numbers contradict: its loss "
        f"implies {jsd:.4f} nats of Jensen-Shannon divergence, where boosted trees find {probe:.4f}"
    )


def _encoders(ablation: Rows, contrasts: Rows) -> str:
    """The third sentence: whether the type of encoder matters, and what the Gaussian one became."""
    judged = [row for row in contrasts if row["equivalent"] is not None]
    if not judged:
        return "**Whether the type of encoder matters** takes more than one seed to say"
    equivalent = sum(row["equivalent"] for row in judged)
    different = [row for row in judged if significance(row) == "significant" and not row["equivalent"]]
    if equivalent == len(judged):
        words = "The type of encoder makes no difference that matters"
    elif different:
        words = f"The type of encoder makes a difference in {len(different)} of {len(judged)} comparisons"
    else:
        words = "No difference between encoders is significant, but equivalence is not shown throughout"
    # Of measures with different units.
    most = max(different or judged, key=lambda row: abs(row["difference"]) / row["margin"])
    measure = MEASURES[most["measure"]]
    margins = " and ".join(
        dict.fromkeys(
            f"±{row['margin']:g} {MEASURES[row['measure']].unit} in {MEASURES[row['measure']].title}"
            for row in judged
        )
    )
    pair = most["encoders"].replace(" - ", " minus ")
    sentence = (
        f"**{words}**: the largest beside its margin, {pair} in {measure.title} of {measure.of}, is "
        f"{most['difference']:+.3f} {measure.unit} ({interval(most, '+.3f')}), and {equivalent} of "
        f"{len(judged)} comparisons are equivalent within {margins}"
    )
    gaussian = [row for row in ablation if row["encoder"] == "gaussian" and _constrained(row)]
    return f"{sentence}; {became(gaussian, 'the Gaussian encoder')}" if gaussian else sentence


def interval(row: Mapping[str, Any], form: str = ".3f") -> str:
    """The 95% interval over seeds, in words."""
    if row["low"] is None:
        return "1 seed"
    return f"{verdicts.interval(row, form)}, {row['seeds']} seeds"


def _constrained(row: Mapping[str, Any]) -> bool:
    return prior_class(row["prior"]).constrains


def base_table(details: Rows) -> str:
    """Every number of the base run beside the null band."""
    header = ["measure", "value", "prior samples (95%)"]
    lines = [header, ["---"] * len(header)]
    *numbers, trained_with = details
    for row in numbers:
        null = "" if row["null"] is None else f"{row['null']:.4f} ({row['low']:.4f} to {row['high']:.4f})"
        lines.append([row["measure"], f"{row['value']:.4g}", null])
    return f"Trained with {trained_with['value']}.\n\n{table(lines)}"


def ablation_table(variants: Rows) -> str:
    """Mean and standard deviation over seeds, a row a variant, and what samples of the prior give."""
    header = ["encoder, prior", "seeds", *(MEASURES[name].label for name in VARIANT_COLUMNS)]
    lines = [header, ["---"] * len(header)]
    samples = {}
    for numbers in by_variant(variants):
        kl, nulls = numbers["kl"], []
        cells = [kl["variant"], str(kl["seeds"])]
        for name in VARIANT_COLUMNS:
            form = MEASURES[name].form
            row = numbers.get(name, {"mean": None, "std": None, "null": None})
            cells.append(_formatted(row["mean"], form) + (f" ± {row['std']:{form}}" if row["std"] else ""))
            nulls.append(_formatted(row["null"], form))
        lines.append(cells)
        if _constrained(kl):
            samples[kl["prior"]] = [f"samples of the prior, {kl['prior']}", "", *nulls]
    return table(lines + list(samples.values()))


def _formatted(value: float | None, form: str) -> str:
    return "" if value is None else f"{value:{form}}"


def contrast_table(contrasts: Rows) -> str:
    """Differences between encoders under a prior, paired by seed; bold where the interval leaves 0 out."""
    header = ["prior", "encoders", "measure", "seeds", "difference (95% CI)", "equivalence"]
    header += ["minimum detectable", "standard deviation over seeds"]
    lines = [header, ["---"] * len(header)]
    for row in contrasts:
        measure = MEASURES[row["measure"]]
        form = ".5f" if row["measure"] == "reconstruction_error" else ".4f"
        cells = [row["prior"], row["encoders"], measure.label, str(row["seeds"])]
        difference = f"{row['difference']:+{form}}"
        if row["low"] is None:  # One seed.
            lines.append([*cells, difference, "", "", ""])
            continue
        difference += f" ({row['low']:+{form}} to {row['high']:+{form}})"
        cells.append(f"**{difference}**" if significance(row) == "significant" else difference)
        cells.append("" if row["equivalent"] is None else equivalence(row))
        lines.append([*cells, f"{row['detectable']:{form}}", f"{row['seed_std']:{form}}"])
    return table(lines)


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


def study_table(means: Rows) -> str:
    """A row a group of runs with equal settings: means over seeds, with their 95% intervals."""
    settings = [key for key in means[0] if key not in {"seeds", "measure", "mean", "std", "low", "high"}]
    header = [*settings, "seeds", *(MEASURES[name].label for name in STUDY_COLUMNS)]
    lines = [header, ["---"] * len(header)]
    groups: dict[tuple[str, ...], dict[str, Mapping[str, Any]]] = {}
    for row in means:
        names = tuple("" if row[key] is None else str(row[key]) for key in settings)
        groups.setdefault(names, {})[row["measure"]] = row
    for names, numbers in groups.items():
        cells = [*names, str(numbers["kl"]["seeds"])]
        for name in STUDY_COLUMNS:
            if name not in numbers:  # Older rows lack newer measures.
                cells.append("")
                continue
            row, form = numbers[name], MEASURES[name].form
            text = f"{row['mean']:{form}}"
            # Sigma spans decades over seeds: Student's interval would reach below 0.
            bare = row["low"] is None or name == "sigma_median"
            cells.append(text if bare else f"{text} ({row['low']:{form}} to {row['high']:{form}})")
        lines.append(cells)
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


def table(lines: list[list[str]]) -> str:
    """Cells as a Markdown table; the first two lines are its head."""
    cells = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "".join("| " + " | ".join(line) + " |\n" for line in cells)
