"""Tables of the benchmark and of the campaign of kills, in Markdown."""

import math
from typing import Any

import pandas as pd

from aae.report.results import table


def bench_tables(machine: dict[str, Any], speed: pd.DataFrame, quality: pd.DataFrame) -> str:
    """The machine, and a row a contestant."""
    header = (
        "loop, batch, products in, seconds an epoch, times ours, limit, from memory, and updates, peak memory"
    )
    lines = [[*header.split(", "), "to quality"], ["---"] * 10]
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
    return f"{describe(machine)}; {how}.\n\n{table(lines)}"


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
        f"{last['reconstruction_error']:.4f}, KL {last['kl']:.2f})"
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
    return f"{describe(machine)}.\n\n{table(lines)}"


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
