"""The study of the mixture: its verdict falls by each part of the fit."""

from typing import Any

import numpy as np
import pytest
from evaluated import evaluation, row_of
from tiny import make_config

from aae.model.parts import prior_class
from aae.studies import claims, mixture

NULL = {"stray": 0.0003, "weights_misfit": 0.012, "kl_within": 0.017}
GOOD = {"stray": 0.004, "weights_misfit": 0.02, "kl_within": 0.05}


def rows(features: int = 0, **parts: float) -> list[dict[str, Any]]:
    """Three seeds of one variant, which matches but for what is given."""
    found = []
    for seed in range(3):
        config = make_config(prior="mixture", seed=seed, model={"fourier_features": features})
        measures = {name: value + 1e-4 * seed for name, value in (GOOD | parts).items()}
        found.append(row_of(config, evaluation(0.3) | measures) | mixture.settings(config))
    return found


def test_a_small_share_of_stray_codes_is_no_misfit_whatever_the_whole_kl_is() -> None:
    (sentence,) = mixture.verdict(rows(), NULL)
    assert sentence.startswith("Weight 0.004 to 0.1, the paper's discriminator (3 seeds): that it matches")
    assert "that it matches the mixture holds" in sentence
    assert "beyond 4 standard deviations of any component 0.4% (95% CI" in sentence
    assert "prior samples 0.0%, limit 2.0%" in sentence
    assert "KL(q || p) as a whole 0.300 nats" in sentence


@pytest.mark.parametrize(
    "part", [{"stray": 0.03}, {"weights_misfit": 0.06}, {"kl_within": 0.2}], ids=lambda part: next(iter(part))
)
def test_it_falls_by_each_part(part: dict[str, float]) -> None:
    assert "that it matches the mixture holds in part" in mixture.verdict(rows(**part), NULL)[0]


def test_nothing_holds_of_codes_that_miss_every_limit() -> None:
    worse = {name: 2 * limit for name, limit in claims.MATCHED_PARTS.items()}
    assert "that it matches the mixture does not hold" in mixture.verdict(rows(**worse), NULL)[0]


def test_variants_have_a_sentence_each() -> None:
    both = rows() + rows(features=64)
    assert [line.split(" (")[0] for line in mixture.verdict(both, NULL)] == [
        "Weight 0.004 to 0.1, the paper's discriminator",
        "Weight 0.004 to 0.1, 64 Fourier features",
    ]
    assert len(mixture.figure(both).axes) == len(mixture.PANELS)


def test_the_null_is_of_so_many_samples() -> None:
    prior = prior_class("mixture")()
    few, many = mixture.of_samples(prior, 1000), mixture.of_samples(prior, 16_000)
    assert few["weights_misfit"] / many["weights_misfit"] == pytest.approx(4, rel=0.3)
    assert many["stray"] == pytest.approx(np.exp(-8), abs=2e-4)
