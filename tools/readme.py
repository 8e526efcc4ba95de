"""Write the numbers of metrics/ and benchmarks/results/ into README.md and docs/, between their marks."""

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd

from aae.measure.scorecard import MEASURES

ROOT = Path(__file__).resolve().parents[1]
PAGES = ["README.md", "docs/how-to.md", "docs/measures.md", "docs/performance.md", "docs/results.md"]
COLUMNS = {  # Title and format of a number of the ablation.
    "reconstruction_error": ("error per pixel", ".4f"),
    "neighbour_accuracy": ("neighbour accuracy", ".3f"),
    "kl": ("KL, test codes", ".3f"),
    "kl_train": ("KL, training codes", ".3f"),
    "sliced_w2": ("sliced W2, test codes", ".3f"),
    "sliced_w2_train": ("sliced W2, training codes", ".3f"),
    "sliced_w2_means": ("sliced W2, means", ".3f"),
    "sliced_w2_whitened": ("sliced W2, whitened", ".3f"),
    "c2st_accuracy": ("C2ST accuracy", ".3f"),
    "holes": ("holes", ".3f"),
}


def main() -> None:
    """Rewrite the pages in place."""
    for name in PAGES:
        path = ROOT / name
        path.write_text(fill(path.read_text(encoding="utf-8"), ROOT), encoding="utf-8")


def fill(text: str, root: Path) -> str:
    """A page's text with every marked block made anew from the results below `root`."""
    ablation = _json(root / "metrics/ablation.json")
    results = root / "benchmarks/results"
    blocks = {
        "answer": answer(ablation, pd.read_csv(root / "metrics/contrasts.csv")),
        "base": base_table(_json(root / "metrics/testset.json")),
        "ablation": ablation_table(ablation),
        "verdicts": "".join(f"- {sentence}\n" for sentence in ablation["answer"]),
        "controls": control_table(pd.read_csv(root / "metrics/controls.csv")),
        "contrasts": contrast_table(pd.read_csv(root / "metrics/contrasts.csv")),
        "bench": bench_tables(
            _json(results / "machine_peers.json"),
            pd.read_csv(results / "speed.csv"),
            pd.read_csv(results / "quality.csv"),
        ),
        "growth": growth_table(_json(results / "machine_growth.json"), pd.read_csv(results / "growth.csv")),
        "chaos": chaos_sentence(pd.read_csv(results / "chaos.csv", index_col="event")["count"]),
    }
    for name, block in blocks.items():
        first, last = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        if first in text:
            before, rest = text.split(first)
            text = before + first + block + last + rest.split(last)[1]
    return text


def answer(ablation: dict[str, Any], contrasts: pd.DataFrame) -> str:
    """The project's question, answered for newcomers in three sentences."""
    constrained = [name.split("-")[0] for name in ablation["variants"] if name.endswith("-gaussian")]
    with_prior = [ablation["variants"][f"{encoder}-gaussian"] for encoder in constrained]
    without = [values for name, values in ablation["variants"].items() if name.endswith("-none")]
    null = ablation["null"]["gaussian"]["raw"]
    pair = contrasts[contrasts["encoders"] == "deterministic - gaussian"].set_index("measure").loc["kl"]
    significant = pair["low"] > 0 or pair["high"] < 0
    kl, w2 = null["kl"]["mean"], null["sliced_w2"]["mean"]
    return (
        "1. **Location and scale fit, the density does not yet.** With the discriminator, codes of the test "
        f"set are {_range(with_prior, 'sliced_w2', '.3f')} standard deviations from the prior (sliced W2; "
        f"prior samples: {w2:.3f}), but {_range(with_prior, 'kl', '.2f')} nats (KL divergence; prior "
        f"samples: {kl:.3f}): gaps between the digits remain.\n"
        f"2. **It takes the discriminator.** Without it the codes are {_range(without, 'sliced_w2', '.1f')} "
        "standard deviations away.\n"
        "3. **No advantage of a Gaussian encoder was found.** Deterministic minus Gaussian: "
        f"{pair['difference']:+.3f} nats (95% CI {pair['low']:+.3f} to {pair['high']:+.3f}; "
        f"{with_prior[0]['seeds']} seeds, {'significant' if significant else 'not significant'}); "
        "equivalence was not tested.\n"
    )


def _range(variants: list[dict[str, Any]], name: str, form: str) -> str:
    means = [variant[name]["mean"] for variant in variants]
    return f"{min(means):{form}} to {max(means):{form}}"


def base_table(metrics: dict[str, Any]) -> str:
    """What the base run measures on the 10,000 test images, beside the null bands."""
    codes, null, machine = (metrics[key] for key in ("codes", "null", "trained_with"))
    lines = [["measure", "codes", "null (95%)", "whitened codes", "null, whitened (95%)"], ["---"] * 5]
    for name in codes["raw"]:
        line = [MEASURES[name].title]
        for form in ("raw", "whitened"):
            band = null[form][name]
            line += [
                f"{codes[form][name]:.4f}",
                f"{band['mean']:.4f} ({band['low']:.4f} to {band['high']:.4f})",
            ]
        lines.append(line)
    mean, covariance = metrics["code_mean"], metrics["code_covariance"]
    return (
        f"Mean squared error per pixel {metrics['reconstruction_error']:.4f}, neighbour accuracy (k = 10, "
        f"leave one out) {metrics['neighbour_accuracy']:.3f}. KL **{codes['raw']['kl']:.3f} nats** on test "
        f"codes, {metrics['training']['kl']:.3f} on as many training codes. Sliced W2 "
        f"**{codes['raw']['sliced_w2']:.4f}** (95% bootstrap interval {codes['sliced_w2_low']:.4f} to "
        f"{codes['sliced_w2_high']:.4f}). Mean of the codes ({mean[0]:.3f}, {mean[1]:.3f}), covariance "
        f"{covariance[0][0]:.3f}, {covariance[1][1]:.3f}, off the diagonal {covariance[0][1]:.3f}. Trained "
        f"by torch {machine['torch']} ({machine['capability']}).\n\n{_table(lines)}"
    )


def control_table(controls: pd.DataFrame) -> str:
    """What each measure says of codes with known errors, as multiples of the null band's upper end."""
    high = controls.iloc[-1]
    names = [name for name in controls.columns if name != "codes"]
    lines = [["codes", *(MEASURES[name].title for name in names)], ["---"] * (1 + len(names))]
    for _, row in controls.iloc[:-1].iterrows():
        line = [str(row["codes"])]
        for name in names:
            # An accuracy is no distance from 0: it stands as it is.
            said = f"{row[name]:.3f}" if name == "c2st_accuracy" else f"{row[name] / high[name]:.2f}"
            line.append(f"**{said}**" if row[name] > high[name] else said)
        lines.append(line)
    return _table(lines)


def ablation_table(metrics: dict[str, Any]) -> str:
    """Mean and standard deviation over seeds, a row a variant."""
    header = ["encoder - prior", "seeds", "verdict", *(title for title, _ in COLUMNS.values())]
    lines = [header, ["---"] * len(header)]
    for variant, numbers in metrics["variants"].items():
        cells = [variant.replace("-", " - "), str(numbers["seeds"]), metrics["verdicts"][variant]]
        for key, (_, form) in COLUMNS.items():
            mean, std = numbers[key]["mean"], numbers[key]["std"]
            cells.append(f"{mean:{form}}" + ("" if std is None else f" ± {std:{form}}"))
        lines.append(cells)
    return _table(lines)


def contrast_table(contrasts: pd.DataFrame) -> str:
    """Differences between encoders under a prior, paired by seed."""
    header = ["prior", "encoders", "measure", "difference (95% CI)", "standard deviation over seeds"]
    lines = [header, ["---"] * len(header)]
    lines.extend(
        [
            str(row.prior),
            str(row.encoders),
            str(row.measure).replace("_", " "),
            f"{row.difference:+.4f} ({row.low:+.4f} to {row.high:+.4f})",
            f"{row.seed_std:.4f}",
        ]
        for row in contrasts.itertuples()
    )
    return _table(lines)


def bench_tables(machine: dict[str, Any], speed: pd.DataFrame, quality: pd.DataFrame) -> str:
    """The machine, and a row a contestant."""
    header = ["loop", "batch", "products in", "seconds an epoch", "times ours", "limit", "from memory"]
    header += ["and updates", "peak memory", "to quality"]
    lines = [header, ["---"] * len(header)]
    ours = speed["seconds_an_epoch"].iloc[0]
    for row in speed.to_dict("records"):
        seconds = row["seconds_an_epoch"]
        explained = (row["from_memory_seconds"] + row["update_seconds"]) / seconds
        epochs = quality[quality["contestant"] == row["contestant"]]
        lines.append(
            [
                str(row["contestant"]),
                str(row["batch_size"]),
                str(row["precision"]),
                f"{seconds:.1f} ({row['lowest']:.1f} to {row['highest']:.1f})",
                f"{seconds / ours:.2f}",
                f"{row['limit_seconds'] / seconds:.0%}",
                f"{row['from_memory_seconds'] / seconds:.0%}",
                "" if math.isnan(explained) else f"{explained:.0%}",
                f"{row['peak_memory_mb']:,.0f} MB",
                time_to_quality(epochs) if len(epochs) else "",
            ]
        )
    how = f"medians of {speed['repeats'].iloc[0]} slices of an epoch (lowest to highest)"
    return f"{describe(machine)}; {how}.\n\n{_table(lines)}"


def describe(machine: dict[str, Any]) -> str:
    """What was measured on."""
    return (
        f"{machine['cpu']}, {machine['cores']} cores ({machine['capability']}), torch {machine['torch']}, "
        f"{machine['threads']} threads"
    )


def time_to_quality(epochs: pd.DataFrame) -> str:
    """Seconds and epochs until both goals were met, or where a contestant stood when its time was up."""
    last = epochs.iloc[-1]
    if last["reached"]:
        return f"{last['seconds']:.0f} s ({last['epoch']} epochs)"
    return (
        f"not in {last['seconds']:.0f} s ({last['epoch']} epochs: error "
        f"{last['reconstruction_error']:.4f}, W2 {last['sliced_w2']:.2f})"
    )


def growth_table(machine: dict[str, Any], growth: pd.DataFrame) -> str:
    """The machine, and a row an axis: how cost and work grow from the smallest value to the largest."""
    lines = [["what grows", "from", "to", "its work", "its cost", "memory of its own, MB"], ["---"] * 6]
    for axis in growth["axis"].unique():
        points = growth[growth["axis"] == axis].to_dict("records")
        first, last = points[0], points[-1]
        lines.append(
            [
                str(axis).replace("_", " "),
                f"{first['value']:,}",
                f"{last['value']:,}",
                f"{last['work'] / first['work']:.3g} times",
                f"{last['seconds'] / first['seconds']:.3g} times",
                f"{first['memory_mb']:.0f} to {last['memory_mb']:.0f}",
            ]
        )
    return f"{describe(machine)}.\n\n{_table(lines)}"


def chaos_sentence(counts: pd.Series) -> str:
    """What the committed campaign of kills ended with."""
    kinds = [event for event in counts.index if event.startswith("SIG")]
    return (
        f"In the committed campaign: {counts['kills in all']} kills ("
        + ", ".join(f"{counts[kind]} {kind}" for kind in kinds)
        + f"), {counts['training runs resumed']} training runs resumed, "
        f"{counts['files of DVC cut off, and removed']} of DVC's own files cut off and mended, "
        f"{counts['finished epochs trained again']} finished epochs trained again, "
        f"{counts['differing outputs']} differing outputs.\n"
    )


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _table(lines: list[list[str]]) -> str:
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


if __name__ == "__main__":
    main()
