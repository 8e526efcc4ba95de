"""Panels of the figure of the ablation's fit: three measures of every run under a prior."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from aae.compare.measures import MEASURES
from aae.compare.summary import VARIANT

if TYPE_CHECKING:
    from aae.model.priors.base import Prior

SHOWN = ("kl_training", "kl", "sliced_w2")

Panel = tuple[str, tuple[float, float], list[tuple[str, np.ndarray]]]


def fit_panels(
    rows: Sequence[Mapping[str, Any]], nulls: Mapping[str, Mapping[str, Any]], priors: Mapping[str, Prior]
) -> tuple[list[Panel], str]:
    """The panels, and a note on the runs that would stretch their axes: those without a prior.

    Args:
        rows: the ablation's table.
        nulls: the null bands of each prior that the rows name.
        priors: the object of each.

    Returns:
        Each panel's axis label, null band (the widest of its priors'), and its variants' names and
        values, one a seed; and the note, empty where nothing is left out. Where no run has a prior, all
        are shown.
    """
    constrained = {name for name, prior in priors.items() if prior.constrains}
    shown = constrained or set(priors)
    groups = list(pd.DataFrame(rows).groupby(VARIANT, sort=False))
    panels = []
    for name in SHOWN:
        measure = MEASURES[name]
        bands = [measure.band(nulls[prior]) for prior in shown]
        band = min(band["low"] for band in bands), max(band["high"] for band in bands)
        values = [
            (f"{encoder} encoder, prior: {prior}", group[name].to_numpy(float))
            for (encoder, prior), group in groups
            if prior in shown
        ]
        panels.append((measure.label, band, values))
    notes = []
    for (encoder, prior), group in groups:
        if prior not in shown:
            kl, w2 = (group[measure].mean() for measure in ("kl", "sliced_w2"))
            notes.append(
                f"{encoder} encoder without a prior: KL {kl:.1f} nats, sliced W2 {w2:.2f}; not shown"
            )
    return panels, "\n".join(notes)
