"""figures: the paper's Figures 2B, 2C, 2D and 3, one run each, beside what the paper says of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from aae.draw.labels import Told, figure_3
from aae.draw.plane import figure_2a
from aae.studies import claims
from aae.studies.common import Conclusion, Grid

POINT_SIZE = 1.5


def conclude(grid: Grid) -> Conclusion:
    """Measures of each figure's run, and the figures."""
    rows, told = [], []
    figures = {}
    for run, measures, prior in grid.first_runs():
        config = run.config
        row = {"figure": run.variant, **measures, **claims.settings(config)}
        rows.append(row)
        name = title(run.variant)
        z, y = grid.picture(run.variant, "z"), grid.pictures["labels"]
        if config.labels:
            heading = f"{config.title}\n{at_home(row)}".replace(", ", ",\n", 1)
            told.append(Told(heading, z, y, prior, grid.picture(run.variant, "walks")))
            continue
        samples = prior.draw(len(z), np.random.default_rng(0))
        heading = f"Figure {name}: {config.title}\n{measured(row)}"
        figures[name] = figure_2a(z, y, prior, samples, heading, POINT_SIZE)
    heading = "Figure 3: codes of test images; the discriminator is told the digits of some training images"
    figures["3"] = figure_3(told, heading, POINT_SIZE)
    return Conclusion({"runs": rows, "answer": verdict(rows)}, figures)


def title(name: str) -> str:
    """Name that the paper gives to the figure of a cell, such as "3" of "3_mixture"."""
    return name.partition("_")[0]


def measured(row: Mapping[str, Any]) -> str:
    """The numbers of a run that concern what the paper says."""
    numbers = [f"KL {row['kl']:.3f} nats"]
    if row.get("outside"):
        numbers.append(f"of the codes where p(z) > 0, with {row['outside']:.1%} elsewhere")
    numbers.append(f"{row['below_quarter']:.1%} of p's mass with q/p below 1/4")
    if row["labels"]:
        numbers = [at_home(row), *numbers]
    return ", ".join(numbers)


def at_home(row: Mapping[str, Any]) -> str:
    """Say how many codes lie where their digit belongs."""
    return f"{row['component_accuracy']:.1%} of the codes in their digit's component"


def verdict(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """A sentence a figure."""
    return [
        f"Figure {title(row['figure'])} ({row['prior']}, {row['objective']}): {measured(row)}."
        for row in rows
    ]
