"""images: does a deterministic encoder need more images than a random one to fit the prior?"""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from aae.compare.equivalence import compare
from aae.compare.measures import MEASURES
from aae.compare.verdicts import detectable, interval, significance
from aae.data.datasets import TRAINING_IMAGES
from aae.draw.curves import Curve, Panel, figure_curves
from aae.settings.config import RunConfig
from aae.studies.common import Conclusion, Grid, summarise
from aae.studies.variants import Rows, named, over, paired, sigma_of, start

BY = ("encoder", "sigma", "images")  # What a variant's runs have in common in the table.
PANELS = ("kl", "kl_training", "reconstruction_error", "neighbour_accuracy")  # The first is the primary one.


def conclude(grid: Grid) -> Conclusion:
    """Means over seeds, the figure, and what came out."""
    return summarise(grid, BY, settings, verdict, figure)


def settings(config: RunConfig) -> dict[str, Any]:
    """Settings that vary: the encoder's sigma (None without one) and the number of training images."""
    return {
        "sigma": sigma_of(config),
        "images": TRAINING_IMAGES if config.data.images == "all" else config.data.images,
    }


def figure(rows: Rows) -> Figure:
    """Four measures over the number of training images, a curve an encoder."""
    panels = [
        Panel(MEASURES[measure].label, [Curve(*each) for each in over(rows, "images", measure, named)])
        for measure in PANELS
    ]
    title = "Fewer training images, with equally many updates; prior: gaussian"
    return figure_curves(panels, "training images", title)


def verdict(rows: Rows) -> list[str]:
    """Verdict in a sentence for each random encoder.

    The rule, written down before the run: a random encoder fits better than the deterministic one with so
    many images if the 95% interval of the difference in KL divergence of test codes, paired by seed, lies
    below 0, and worse if it lies above.
    """
    sentences = []
    still = [run for run in rows if run["encoder"] == "deterministic"]
    for name in dict.fromkeys(named(run) for run in rows if run["encoder"] != "deterministic"):
        noisy = [run for run in rows if named(run) == name]
        clauses = []
        for images in sorted({run["images"] for run in rows}):
            a, b = ([run for run in runs if run["images"] == images] for runs in (still, noisy))
            pair = paired(a, b, "kl")
            if len(pair[0]) > 1:
                clauses.append(f"with {images:,} images {compared(*pair)}")
        if clauses:
            compared_with = "minus deterministic, KL of test codes in nats"
            sentences.append(f"{start(name)}, {compared_with}: {'; '.join(clauses)}.")
    return sentences


def compared(still: np.ndarray, noisy: np.ndarray) -> str:
    """The difference of two encoders' KL divergences of test codes, one a seed, and what it shows."""
    row = compare(noisy, still, None)
    word = "better" if row["difference"] < 0 else "worse"
    none = f"no difference shown ({detectable(row, '.3f')})"
    found = none if significance(row) == "not significant" else word
    return f"{row['difference']:+.3f} ({interval(row, '+.3f')}, {len(still)} seeds): {found}"
