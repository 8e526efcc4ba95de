"""percentiles: what does the decoder make of the prior? Figure 2E in numbers."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from aae.draw.seeds import figure_seeds
from aae.studies import claims
from aae.studies.common import Conclusion, Grid, summarise
from aae.studies.variants import Rows, by_variant, grouped, start

PANELS = ("decoded_distance", "return_median", "unsure")


def conclude(grid: Grid) -> Conclusion:
    """Means over seeds, the figure, and what came out."""
    return summarise(grid, claims.BY, claims.settings, verdict, figure)


def figure(rows: Rows) -> Figure:
    """Every variant and seed by three measures."""
    return figure_seeds(by_variant(rows, PANELS, claims.named), "Images decoded from the prior")


def verdict(rows: Rows) -> list[str]:
    """A sentence a claim, by its own rule, and one a variant with all numbers."""
    sentences = claims.sentences("percentiles", rows)
    for name, runs in grouped(rows, claims.named).items():
        seeds = "1 seed" if len(runs) == 1 else f"{len(runs)} seeds"
        sentences.append(f"{start(name)} ({seeds}): {decoded(runs)}.")
    return sentences


def decoded(runs: Rows) -> str:
    """Say what the decoder makes of the prior, in means over runs (`aae.measure.manifold`)."""

    def mean(measure: str) -> Any:
        return np.mean([run[measure] for run in runs])

    distances = (f"{mean(f'{name}_distance'):.2f}" for name in ("decoded", "reconstruction", "image"))
    percentiles, reconstructions, images = distances
    unsure = (f"{mean(name):.1%}" for name in ("unsure", "unsure_reconstructions", "unsure_images"))
    of_prior, of_reconstructions, of_images = unsure
    return (
        f"decoded percentiles are {percentiles} from the nearest training image, reconstructions "
        f"{reconstructions}, test images {images}; |E(D(z)) - z| is {mean('return_median'):.3f} (median; "
        f"95th percentile {mean('return_p95'):.2f}); a classifier that is right on "
        f"{mean('classifier_accuracy'):.1%} of test images is unsure of {of_prior} of p's mass, of "
        f"{of_reconstructions} of reconstructions and of {of_images} of test images"
    )
