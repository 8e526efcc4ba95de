"""The ablation's tables: a row a cell, then mean and standard deviation over seeds per variant."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from aae.config import RunConfig

VARIANT = ["encoder", "prior"]


def cell_name(config: RunConfig) -> str:
    """The name that DVC's matrix gives to a cell: {encoder}-{prior}-{seed}."""
    return f"{config.encoder}-{config.prior}-{config.seed}"


def cell_row(config: RunConfig, metrics: Mapping[str, Any], train_sliced_w2: float) -> dict[str, Any]:
    """One row of the ablation's table.

    Args:
        config: the cell's settings.
        metrics: its metrics on the hold-out images, from `aae.evaluation.evaluate`.
        train_sliced_w2: the sliced W2 of as many codes of training images.
    """
    return {
        "encoder": config.encoder,
        "prior": config.prior,
        "seed": config.seed,
        "reconstruction_error": metrics["reconstruction_error"],
        "neighbour_accuracy": metrics["neighbour_accuracy"],
        "sliced_w2": metrics["codes"]["sliced_w2"],
        "fit_ratio": metrics["codes"]["fit_ratio"],
        "sliced_w2_whitened": metrics["codes"]["sliced_w2_whitened"],
        "sliced_w2_means": metrics["means"]["sliced_w2"],
        "sliced_w2_train": train_sliced_w2,
    }


def summarise(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Mean and standard deviation over seeds of every number, per variant "{encoder}-{prior}".

    The standard deviation (n - 1) is None where there is but one seed.
    """
    summary: dict[str, Any] = {}
    for names, group in pd.DataFrame(rows).groupby(VARIANT, sort=False):
        numbers = group.drop(columns=[*VARIANT, "seed"])
        several = len(group) > 1
        summary["-".join(map(str, names))] = {
            "seeds": len(group),
            **{
                name: {
                    "mean": float(values.mean()),
                    "std": float(values.std()) if several else None,
                }
                for name, values in numbers.items()
            },
        }
    return summary
