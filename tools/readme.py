"""Write the numbers of metrics/ and benchmarks/results/ into README.md, between its <!-- name --> marks."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    """Rewrite README.md in place."""
    path = ROOT / "README.md"
    path.write_text(fill(path.read_text(encoding="utf-8"), ROOT), encoding="utf-8")


def fill(text: str, root: Path) -> str:
    """The README's text with every marked block made anew from the results below `root`."""
    blocks = {
        "base": base_table(_json(root / "metrics/testset.json")),
        "ablation": ablation_table(_json(root / "metrics/ablation.json")),
    }
    results = root / "benchmarks/results"
    if (results / "growth.png").exists():  # What `make bench` writes last.
        blocks["bench"] = bench_tables(
            _json(results / "machine.json"),
            pd.read_csv(results / "speed.csv"),
            pd.read_csv(results / "quality.csv"),
        )
    for name, block in blocks.items():
        first, last = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, rest = text.split(first)
        text = before + first + block + last + rest.split(last)[1]
    return text


def base_table(metrics: dict[str, Any]) -> str:
    """What the base run measures on the 10,000 test images."""
    null, centre, covariance = (metrics[key] for key in ("sliced_w2_null", "code_mean", "code_covariance"))
    rows = [
        ("mean squared error per pixel", f"{metrics['reconstruction_error']:.4f}"),
        ("neighbour accuracy (k = 10, leave one out)", f"{metrics['neighbour_accuracy']:.3f}"),
        ("sliced W2 to N(0, I)", f"{metrics['codes']['sliced_w2']:.3f}"),
        ("the same of true draws (null band)", f"{null['mean']:.3f} ± {null['std']:.3f}"),
        ("fit ratio (distance / mean of the band)", f"{metrics['codes']['fit_ratio']:.2f}"),
        ("mean of the codes", f"({centre['z1']:.3f}, {centre['z2']:.3f})"),
        (
            "covariance of the codes",
            f"{covariance['z1z1']:.3f}, {covariance['z2z2']:.3f}; off the diagonal {covariance['z1z2']:.3f}",
        ),
    ]
    return "| measure | value |\n| --- | --- |\n" + "".join(f"| {name} | {value} |\n" for name, value in rows)


def ablation_table(metrics: dict[str, Any]) -> str:
    """Mean and standard deviation over seeds, a row a variant."""
    columns = {
        "reconstruction_error": ("error per pixel", ".4f"),
        "neighbour_accuracy": ("neighbour accuracy", ".3f"),
        "sliced_w2": ("sliced W2, test codes", ".3f"),
        "sliced_w2_train": ("train codes", ".3f"),
        "sliced_w2_means": ("means of q(z\\|x), test", ".3f"),
        "sliced_w2_whitened": ("test codes, whitened", ".3f"),
    }
    header = ["encoder - prior", "seeds", *(title for title, _ in columns.values())]
    lines = [header, ["---"] * len(header)]
    for variant, numbers in metrics["variants"].items():
        cells = []
        for key, (_, form) in columns.items():
            mean, std = numbers[key]["mean"], numbers[key]["std"]
            cells.append(f"{mean:{form}}" + ("" if std is None else f" ± {std:{form}}"))
        lines.append([variant.replace("-", " - "), str(numbers["seeds"]), *cells])
    return _table(lines)


def bench_tables(machine: dict[str, Any], speed: pd.DataFrame, quality: pd.DataFrame) -> str:
    """The machine, a row a contestant, and how cost grows."""
    lines = [
        ["loop", "batch", "seconds an epoch", "times ours", "share of the limit", "peak memory", "to quality"]
    ]
    lines.append(["---"] * len(lines[0]))
    ours = speed["seconds_an_epoch"].iloc[0]
    for row in speed.itertuples():
        epochs = quality[quality["contestant"] == row.contestant]
        lines.append(
            [
                str(row.contestant),
                str(row.batch_size),
                f"{row.seconds_an_epoch:.1f} ({row.lowest:.1f} to {row.highest:.1f})",
                f"{row.seconds_an_epoch / ours:.2f}",
                f"{row.share_of_limit:.0%}",
                f"{row.peak_memory_mb:,.0f} MB",
                time_to_quality(epochs) if len(epochs) else "",
            ]
        )
    return (
        f"{machine['cpu']}, {machine['cores']} cores ({machine['capability']}), torch {machine['torch']}, "
        f"{machine['threads']} threads; medians of {speed['repeats'].iloc[0]} slices of an epoch (lowest to "
        f"highest).\n\n{_table(lines)}\n![How cost grows](benchmarks/results/growth.png)\n"
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


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _table(lines: list[list[str]]) -> str:
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


if __name__ == "__main__":
    main()
