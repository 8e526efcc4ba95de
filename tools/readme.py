"""Write the numbers of metrics/ and benchmarks/results/ into README.md, between its <!-- name --> marks."""

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
MEASURES = {
    "sliced_w2": "sliced W2",
    "mmd": "MMD, Gaussian kernel",
    "c2st_accuracy": "accuracy of a fresh classifier",
    "ks_radius": "KS, radius",
    "ks_z1": "KS, z1",
    "ks_z2": "KS, z2",
    "holes": "holes",
}
COLUMNS = {  # Title and format of a number of the ablation.
    "reconstruction_error": ("error per pixel", ".4f"),
    "neighbour_accuracy": ("neighbour accuracy", ".3f"),
    "sliced_w2": ("sliced W2, test codes", ".3f"),
    "sliced_w2_means": ("of the means", ".3f"),
    "sliced_w2_whitened": ("whitened", ".3f"),
    "sliced_w2_train": ("train codes", ".3f"),
    "sliced_w2_train_to_test": ("train to test", ".3f"),
    "c2st_accuracy": ("classifier", ".3f"),
    "holes": ("holes", ".3f"),
}


def main() -> None:
    """Rewrite README.md in place."""
    path = ROOT / "README.md"
    path.write_text(fill(path.read_text(encoding="utf-8"), ROOT), encoding="utf-8")


def fill(text: str, root: Path) -> str:
    """The README's text with every marked block made anew from the results below `root`."""
    blocks = {
        "base": base_table(_json(root / "metrics/testset.json")),
        "ablation": ablation_table(_json(root / "metrics/ablation.json")),
        "answer": answer_list(_json(root / "metrics/ablation.json")),
        "controls": control_table(pd.read_csv(root / "metrics/controls.csv")),
        "contrasts": contrast_table(pd.read_csv(root / "metrics/contrasts.csv")),
    }
    results = root / "benchmarks/results"
    if (results / "quality.csv").exists():
        blocks["bench"] = bench_tables(
            _json(results / "machine_peers.json"),
            pd.read_csv(results / "speed.csv"),
            pd.read_csv(results / "quality.csv"),
        )
    if (results / "growth.csv").exists():
        blocks["growth"] = growth_table(
            _json(results / "machine_growth.json"), pd.read_csv(results / "growth.csv")
        )
    if (results / "chaos.csv").exists():
        blocks["chaos"] = chaos_sentence(pd.read_csv(results / "chaos.csv", index_col="event")["count"])
    for name, block in blocks.items():
        first, last = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, rest = text.split(first)
        text = before + first + block + last + rest.split(last)[1]
    return text


def base_table(metrics: dict[str, Any]) -> str:
    """What the base run measures on the 10,000 test images, beside true draws."""
    codes, null, centre, covariance, machine = (
        metrics[key] for key in ("codes", "null", "code_mean", "code_covariance", "trained_with")
    )
    lines = [["measure", "codes", "true draws (95%)", "whitened codes", "whitened draws (95%)"], ["---"] * 5]
    for name, title in MEASURES.items():
        line = [title]
        for form in ("raw", "whitened"):
            band = null[form][name]
            line += [
                f"{codes[form][name]:.4f}",
                f"{band['mean']:.4f} ({band['low']:.4f} to {band['high']:.4f})",
            ]
        lines.append(line)
    return (
        f"Mean squared error per pixel {metrics['reconstruction_error']:.4f}, neighbour accuracy (k = 10, "
        f"leave one out) {metrics['neighbour_accuracy']:.3f}. Sliced W2 **{codes['raw']['sliced_w2']:.4f}** "
        f"(95% bootstrap interval {codes['sliced_w2_low']:.4f} to {codes['sliced_w2_high']:.4f}), "
        f"{codes['fit_ratio']:.2f} times that of true draws. Mean of the codes ({centre['z1']:.3f}, "
        f"{centre['z2']:.3f}), covariance {covariance['z1z1']:.3f}, {covariance['z2z2']:.3f}, off the "
        f"diagonal {covariance['z1z2']:.3f}. Trained by torch {machine['torch']} on {machine['device']} "
        f"({machine['capability']}, {machine['threads']} threads), with products in {machine['precision']}."
        f"\n\n{_table(lines)}"
    )


def control_table(controls: pd.DataFrame) -> str:
    """What each measure says of codes with known errors, as multiples of the band's upper end."""
    high = controls.iloc[-1]
    lines = [["codes", *MEASURES.values()], ["---"] * (1 + len(MEASURES))]
    for _, row in controls.iloc[:-1].iterrows():
        line = [str(row["codes"])]
        for name in MEASURES:
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


def answer_list(metrics: dict[str, Any]) -> str:
    """The verdict's sentences, as the ablation computed them."""
    return "".join(f"- {sentence}\n" for sentence in metrics["answer"])


def contrast_table(contrasts: pd.DataFrame) -> str:
    """Differences between encoders under a prior, paired by seed."""
    lines = [["prior", "encoders", "measure", "difference (95% interval)", "spread of one encoder's seeds"]]
    lines.append(["---"] * len(lines[0]))
    lines.extend(
        [
            str(row.prior),
            str(row.encoders),
            str(row.measure).replace("_", " "),
            f"{row.difference:+.4f} ({row.low:+.4f} to {row.high:+.4f})",
            f"{row.seed_std:.4f}",
        ]
        for row in contrasts[contrasts["prior"] != "none"].itertuples()
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
        + f"), {counts['trainings resumed']} trainings resumed, "
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
