"""Evaluations and null bands as the stages write them, without training anything."""

from typing import Any

from tiny import make_config

from aae.config import RunConfig
from aae.measure.summary import cell_row

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
    "training": {"n": 60_000, "kl": band(0.001, 0.003), "sliced_w2": band(0.007, 0.01)},
    "shift": band(0.02, 0.026),
    "density": {
        "n": 70_000,
        "total_variation": band(0.03, 0.035),
        "below_half": band(0.001, 0.002),
        "below_quarter": band(0.0, 0.0),
    },
}


def evaluation(kl: float = 0.09, w2: float = 0.03, sigma: float = 0.0) -> dict[str, Any]:
    """What encode-testset says of a run whose test codes are so far from the prior."""
    measures = {
        "kl": kl, "sliced_w2": w2, "c2st_accuracy": 0.54, "holes": 0.03, "ks_radius": 0.02, "outside": 0.0,
    }  # fmt: skip
    return {
        "reconstruction_error": 0.035,
        "neighbour_accuracy": 0.83,
        "codes": {
            "raw": measures,
            "whitened": measures | {"kl": 0.9 * kl, "sliced_w2": 0.9 * w2},
            "sliced_w2_low": w2 - 0.005,
            "sliced_w2_high": w2 + 0.005,
            "sliced_w2_excess": max(w2**2 - 0.018**2, 0) ** 0.5,
        },
        "means": measures,
        "training": {
            "n": 60_000,
            "kl": kl - 0.02,
            "sliced_w2": w2 - 0.005,
            "sliced_w2_excess": max((w2 - 0.005) ** 2 - 0.007**2, 0) ** 0.5,
            "shift": 0.025,
            "shift_excess": 0.015,
        },
        "density": {"n": 70_000, "total_variation": 0.15, "below_half": 0.04, "below_quarter": 0.012},
        "discriminator": {"probe_jsd": 0.012, "jsd": 0.008, "gap": 0.004},
        "encoder": {"sigma_median": sigma, "sigma_p95": 2 * sigma},
        "code_mean": [0.01, -0.02],
        "code_covariance": [[0.98, 0.03], [0.03, 0.94]],
        "trained_with": {"torch": "2.14.1", "capability": "AVX512"},
    }


def config_of(cell: str) -> RunConfig:
    """The settings of a cell "{encoder}-{prior}-{seed}"."""
    encoder, prior, seed = cell.split("-")
    return make_config(encoder=encoder, prior=prior, seed=int(seed))


def ablation(seeds: int = 3) -> dict[str, dict[str, Any]]:
    """The evaluations of a grid by cell: three encoders under a prior, and a run without one."""
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
    del without["discriminator"]
    return cells | {"deterministic-none-0": without}


def rows_of(cells: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The ablation's table."""
    return [cell_row(config_of(cell), found) for cell, found in cells.items()]
