"""paper: do the claims of Figures 2A and 2B hold in the paper's own settings?"""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from aae.draw.seeds import figure_seeds
from aae.settings.config import RunConfig
from aae.studies import claims
from aae.studies.common import Conclusion, Grid, summarise
from aae.studies.pictures import kept_pictures
from aae.studies.variants import Rows, by_variant, grouped

BY = (*claims.BY, "epochs")  # What a variant's runs have in common in the table.
PANELS = ("kl", "total_variation", "below_quarter", "reconstruction_error")


def conclude(grid: Grid) -> Conclusion:
    """Means over seeds, the figures, and what came out."""
    concluded = summarise(grid, BY, settings, verdict, figure)
    pictures = kept_pictures(
        grid,
        lambda run, row: (
            f"{named({**row, **settings(run.config)})}\nseed {run.config.seed}, KL {row['kl']:.3f} nats"
        ),
    )
    return Conclusion(concluded.tables, concluded.figures | pictures)


def settings(config: RunConfig) -> dict[str, Any]:
    """Settings that vary beside encoder and prior: epochs."""
    return claims.settings(config) | {"epochs": config.train.epochs}


def named(run: Mapping[str, Any]) -> str:
    """A variant in words."""
    return f"prior {run['prior']}, {run['epochs']} epochs"


def figure(rows: Rows) -> Figure:
    """Every variant and seed by four measures."""
    title = "The paper's settings: SGD with momentum, first weights from N(0, 0.01²), equal weights"
    return figure_seeds(by_variant(rows, PANELS, named), title)


def verdict(rows: Rows) -> list[str]:
    """A sentence a variant and claim, by the claims' own rules."""
    return [
        sentence
        for name, runs in grouped(rows, named).items()
        for sentence in claims.sentences("claims", runs, f", {name}")
    ]
