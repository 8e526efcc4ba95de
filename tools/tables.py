"""Tables of the benchmark and of the paper beside ours, in Markdown."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from aae.compare.measures import MEASURES
from aae.compare.verdicts import in_words
from aae.report.results import difference, table
from aae.studies import figures
from aae.studies.claims import Claim, Said
from aae.studies.table1 import with_epochs

SOURCES = {"reported": "the paper", "control": "here, a control", "run": "here"}


CARD = {  # Of metrics/testset.json.
    "kl": "KL divergence of test codes from the prior, nats",
    "kl_training": "the same of training codes",
    "total_variation": "total variation, all codes",
    "squared_error": "squared error a pixel",
    "neighbours": "share of codes whose digit is that of most of their ten neighbours",
}


def card_table(numbers: dict[str, float]) -> str:
    """The base run's main numbers."""
    rows = [[words, f"{numbers[name]:.3f}"] for name, words in CARD.items()]
    return table([["measure", "value"], ["---"] * 2, *rows])


def weights_sentence(rows: Sequence[dict[str, Any]]) -> str:
    """The size of the small weights, and how near they are to all weights."""
    numbers = {row["name"]: row["value"] for row in rows}
    units, code, pixel = (numbers[name] for name in ("encoder_units", "code", "pixel"))
    return (
        f"{numbers['megabytes']:.1f} MB are left, with {units:,} hidden units in the encoder and "
        f"{numbers['decoder_units']:,} in the decoder. Codes of all 70,000 images differ from the full "
        f"run's by at most {code:.1g} standard deviations of the prior, pixels by at most "
        f"{255 * pixel:.1f}/255.\n"
    )


def bench_tables(machine: dict[str, Any], speed: pd.DataFrame, quality: pd.DataFrame) -> str:
    """The machine, and a row a contestant."""
    header = "loop, batch, products in, seconds an epoch, times ours, limit, peak memory, to quality"
    lines = [header.split(", "), ["---"] * 8]
    ours = speed["seconds_an_epoch"].iloc[0]
    for row in speed.to_dict("records"):
        seconds = row["seconds_an_epoch"]
        epochs = quality[quality["contestant"] == row["contestant"]]
        lines.append(
            [
                str(row["contestant"]),
                str(row["batch_size"]),
                str(row["precision"]),
                f"{seconds:.1f} ({row['lowest']:.1f} to {row['highest']:.1f})",
                f"{seconds / ours:.2f}",
                f"{row['limit_seconds'] / seconds:.0%}",
                f"{row['peak_memory_mb']:,.0f} MB",
                time_to_quality(epochs) if len(epochs) else "",
            ]
        )
    about = f"{machine['machine']} ({machine['capability']}), torch {machine['torch']}"
    how = f"medians of {speed['repeats'].iloc[0]} slices of an epoch (lowest to highest)"
    return f"{about}, {machine['threads']} threads; {how}.\n\n{table(lines)}"


def time_to_quality(epochs: pd.DataFrame) -> str:
    """Seconds and epochs until both goals were met, or where a contestant stood when its time was up."""
    last = epochs.iloc[-1]
    if last["reached"]:
        return f"{last['seconds']:.0f} s ({last['epoch']} epochs)"
    return (
        f"not in {last['seconds']:.0f} s ({last['epoch']} epochs: error "
        f"{last['reconstruction_error']:.4f}, KL {last['kl']:.2f})"
    )


def change_table(rows: Sequence[dict[str, Any]]) -> str:
    """A row a change of one thing: differences by measure, paired by seed; bold where 0 is left out."""
    measures = list(dict.fromkeys(row["measure"] for row in rows))
    header = ["change", "seeds", *(MEASURES[name].label for name in measures)]
    cells: dict[str, list[str]] = {}
    for row in rows:
        name = f"{row['before']} → {row['after']}"
        cells.setdefault(name, [name, str(row["seeds"])]).append(
            difference(row, MEASURES[row["measure"]].form)
        )
    return table([header, ["---"] * len(header), *cells.values()])


def claim_table(claims: Sequence[Claim]) -> str:
    """A row a claim: the paper's words, what was measured, and the verdicts."""
    header = [
        "claim",
        "in the paper",
        "our recipe (95% intervals)",
        "verdict",
        "the paper's settings",
        "figure",
    ]
    rows = [
        [
            claim.said.name,
            said(claim.said),
            claim.found,
            f"**{claim.verdict}**",
            claim.in_papers_settings,
            _figure(claim.said.figure, "../"),
        ]
        for claim in claims
    ]
    return table([header, ["---"] * len(header), *rows])


def said(claim: Said) -> str:
    """The paper's words, or that they are not its own."""
    return claim.words if claim.quoted else f"{claim.words} (paraphrase)"


def paper_table(claims: Sequence[Claim], likelihoods: Sequence[dict[str, Any]]) -> str:
    """Figure by figure, the first thing that the paper says, and whether it holds here."""
    lines = [["figure", "in the paper", "here"], ["---"] * 3]
    firsts: dict[str, Claim] = {}
    for claim in claims:
        if firsts.setdefault(claim.said.figure, claim) is claim and claim.said.figure[0].isdigit():
            whose = claim.statements[0].words.partition(": ")[0] if claim.statements else ""
            name = _figure(claim.said.figure) + (" (VAE)" if "VAE" in whose else "")
            lines.append([name, claim.said.words, f"**{claim.verdict}**"])
    reported = next(row for row in likelihoods if (row["samples"], row["source"]) == ("AAE", "reported"))
    ours = in_words([f"{row['log_likelihood']:.1f}" for row in likelihoods if row["source"] == "run"])
    (verdict,) = (each.verdict for each in claims if each.said.study == "table1")
    likelihood = f"log-likelihood {_with_error(reported)} nats"
    lines.append(["[Table 1](docs/paper.md#table-1)", likelihood, f"**{verdict}**: {ours}"])
    return table(lines)


def _figure(number: str, root: str = "") -> str:
    """A link to our version of the paper's figure, by the way to the root."""
    if not number[0].isdigit():
        return number
    folder = "plots" if number in ("2A", "2E") else "studies/figures/plots"
    return f"[{number}]({root}{folder}/{number}.png)"


def _with_error(row: dict[str, Any]) -> str:
    return f"{row['log_likelihood']:.1f} ± {row['standard_error']:.1f}"


def figures_table(rows: Sequence[dict[str, Any]]) -> str:
    """A row a run of the study of figures: what was measured of it."""
    lines = [["figure", "run", "measured, test images"], ["---"] * 3]
    for row in rows:
        run = f"{row['encoder']} encoder, prior {row['prior']}, {row['objective']}"
        run += f", {row['labels']:,} labels" if row["labels"] else ""
        lines.append([_figure(figures.title(row["figure"]), "../"), run, figures.measured(row)])
    return table(lines)


def likelihood_table(rows: Sequence[dict[str, Any]]) -> str:
    """Table 1: what the samples are of, how likely the test images are, and who says so."""
    header = (
        "samples of, log-likelihood (nats), 95% CI over seeds, seeds, bandwidth, squared error, KL (nats)"
    )
    lines = [[*header.split(", "), "source"], ["---"] * 8]
    for row in rows:
        cells = [
            "" if row["low"] is None else f"{row['low']:.1f} to {row['high']:.1f}",
            "" if row["seeds"] is None else str(row["seeds"]),
            "" if row["bandwidth"] is None else f"{row['bandwidth']:.3g}",
            "" if row["squared_error"] is None else f"{row['squared_error']:.4f}",
            "" if row["kl"] is None else f"{row['kl']:.2f} (prior samples {row['kl_null']:.2f})",
        ]
        name = with_epochs(row)
        name = f"**{name}**" if row["source"] == "run" else name
        lines.append([name, _with_error(row), *cells, SOURCES[row["source"]]])
    return table(lines)
