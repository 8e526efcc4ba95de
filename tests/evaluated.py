"""Evaluations and null bands as the stages write them, without training anything."""

from typing import Any

from tiny import make_config

from aae.compare.summary import run_row, with_excess
from aae.settings.config import RunConfig

ENCODERS = ("deterministic", "gaussian", "universal")


def band(mean: float, high: float) -> dict[str, float]:
    """A null distribution."""
    return {"mean": mean, "std": (high - mean) / 2, "low": 2 * mean - high, "high": high}


FORM = {
    "kl": band(0.004, 0.015),
    "sliced_w2": band(0.018, 0.024),
    "c2st_accuracy": band(0.5, 0.509),
    "holes": band(0.005, 0.008),
    "ks_radius": band(0.009, 0.014),
    "outside": band(0.0, 0.0),
}
NULL: dict[str, Any] = {
    "n": 10_000,
    "raw": FORM,
    "whitened": FORM | {"sliced_w2": band(0.014, 0.017)},
    "training": {
        "n": 60_000,
        "kl": band(0.001, 0.003),
        "sliced_w2": band(0.007, 0.01),
        "probe_jsd": band(-0.0003, 0.0002),
        "neighbour_jsd": band(0.0, 0.0001),
    },
    "shift": band(0.02, 0.026),
    "density": {
        "n": 70_000,
        "total_variation": band(0.03, 0.035),
        "below_half": band(0.001, 0.002),
        "below_quarter": band(0.0, 0.0),
    },
}


def evaluation(kl: float = 0.09, w2: float = 0.03, sigma: float = 0.0) -> dict[str, Any]:
    """The measures of a run whose test codes are so far from the prior, as `evaluate` gives them."""
    raw = {
        "kl": kl, "sliced_w2": w2, "c2st_accuracy": 0.54, "holes": 0.03, "ks_radius": 0.02, "outside": 0.0,
    }  # fmt: skip
    whitened = raw | {"kl": 0.9 * kl, "sliced_w2": 0.9 * w2}
    return {
        "reconstruction_error": 0.035,
        "neighbour_accuracy": 0.83,
        "codes": 10_000,
        **raw,
        **{f"{name}_whitened": value for name, value in whitened.items()},
        "sliced_w2_low": w2 - 0.005,
        "sliced_w2_high": w2 + 0.005,
        "training_codes": 60_000,
        "kl_training": kl - 0.02,
        "sliced_w2_training": w2 - 0.005,
        "shift": 0.025,
        "total_variation": 0.15,
        "below_half": 0.04,
        "below_quarter": 0.012,
        "probe_jsd": 0.012,
        "neighbour_jsd": 0.016,
        "discriminator_jsd": 0.004,
        "discriminator_jsd_null": 0.0,
        "sigma_median": sigma,
        "sigma_p95": 2 * sigma,
        "mean_1": 0.01,
        "mean_2": -0.02,
        "covariance_1_1": 0.98,
        "covariance_1_2": 0.03,
        "covariance_2_2": 0.94,
    }


def config_of(cell: str) -> RunConfig:
    """The settings of a run "{encoder}-{prior}-{seed}"."""
    encoder, prior, seed = cell.split("-")
    return make_config(encoder=encoder, prior=prior, seed=int(seed))


def ablation(seeds: int = 3) -> dict[str, dict[str, Any]]:
    """The measures of a grid by run: three encoders under a prior, and a run without one."""
    cells = {
        f"{encoder}-gaussian-{seed}": evaluation(
            0.09 + 0.001 * place + 0.002 * seed + 0.0005 * (place * seed % 2),
            0.03 + 0.0004 * place + 0.001 * seed + 0.0003 * (place * seed % 2),
            2e-6 * (1 + seed) * (encoder == "gaussian"),
        )
        for place, encoder in enumerate(ENCODERS)
        for seed in range(seeds)
    }
    without = evaluation(36.5, 5.4)
    for name in ("discriminator_jsd", "discriminator_jsd_null"):
        del without[name]
    return cells | {"deterministic-none-0": without}


def row_of(config: RunConfig, measures: dict[str, Any]) -> dict[str, Any]:
    """A run's row of the tables."""
    return run_row(config, with_excess(measures, NULL))


def rows_of(cells: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The ablation's table."""
    return [row_of(config_of(cell), found) for cell, found in cells.items()]
