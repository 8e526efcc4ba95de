"""Draw docs/priors.png: every prior with its contours, coloured by the first of its percentiles."""

from pathlib import Path

import torch
from matplotlib.figure import Figure

from aae.draw.contours import draw_contours
from aae.draw.plane import limits, show
from aae.draw.style import LAYOUT
from aae.model.parts import PRIORS, prior_class
from aae.system.artifacts import save_figure

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = 4000


def figure() -> Figure:
    """A panel a prior: samples, the contours, and which coordinate the colour is."""
    kinds = map(prior_class, PRIORS)
    priors = [kind() for kind in kinds if kind.constrains]
    result = Figure(figsize=(3.2 * len(priors), 3.6), layout=LAYOUT)
    for place, prior in enumerate(priors, 1):
        axes = result.add_subplot(1, len(priors), place)
        z = prior.sample(SAMPLES, torch.Generator().manual_seed(0)).numpy()
        axes.scatter(z[:, 0], z[:, 1], s=2, c=prior.to_uniform(z)[:, 0], cmap="viridis", linewidths=0)
        draw_contours(axes, prior)
        show(axes, limits(z, prior))
        title = f"{prior.name}: {prior.description}\ncolour: {prior.coordinates[0]}"
        axes.set_title(title, fontsize=9)
    return result


if __name__ == "__main__":
    save_figure(figure(), ROOT / "docs/priors.png", dpi=120)
