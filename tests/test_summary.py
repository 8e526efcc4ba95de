"""Flat tables and panels: a run's row, the base run's numbers beside their nulls, variants over seeds."""

import copy
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from evaluated import ENCODERS, FORM, NULL, ablation, band, config_of, evaluation, row_of, rows_of
from scipy import stats
from tiny import make_config

from aae.compare.measures import MEASURES
from aae.compare.panels import SHOWN, fit_panels
from aae.compare.summary import details, run_row, variants, with_excess
from aae.data.datasets import SHAPE
from aae.measure.evaluation import evaluate
from aae.measure.manifold import manifold
from aae.measure.nulls import large_null_bands, null_bands
from aae.measure.smoothed import smoothed_kl
from aae.model.discriminator import make_discriminator
from aae.model.encoding import final_codes
from aae.model.networks import Autoencoder
from aae.model.parts import prior_class, run_prior

CONFIG = config_of("gaussian-gaussian-7")


def row(encoder: str, prior: str, seed: int, **numbers: float) -> dict[str, Any]:
    return {"encoder": encoder, "prior": prior, "seed": seed, **numbers}


def by_variant(rows: list[dict[str, Any]], measure: str) -> dict[str, dict[str, Any]]:
    nulls = {"gaussian": NULL, "none": NULL, "uniform": NULL}
    return {each["variant"]: each for each in variants(rows, nulls) if each["measure"] == measure}


# A run.


def test_what_a_run_lacks_is_left_out_of_its_row_and_a_zero_is_not() -> None:
    without = evaluation() | {"probe_jsd": 0.02, "component_accuracy": 0.7, "training_codes": 10_000}
    for name in ("discriminator_jsd", "shift"):
        del without[name]
    found = row_of(CONFIG, without)
    assert {"discriminator_jsd", "shift", "sliced_w2_training_excess", "entropy"}.isdisjoint(found)
    assert found["sliced_w2_excess"] == pytest.approx(0.024)
    assert found["component_accuracy"] == 0.7
    assert found["sigma_median"] == 0.0
    assert found["probe_jsd"] == 0.02


def test_a_null_for_other_numbers_of_codes_gives_no_excess() -> None:
    found = row_of(CONFIG, evaluation() | {"codes": 5_000})
    assert {"sliced_w2_excess", "shift_excess"}.isdisjoint(found)
    assert "sliced_w2_training_excess" in found


# The base run's details.


def test_details_hold_each_number_against_samples_of_as_many_codes() -> None:
    measures = with_excess(evaluation(), NULL)
    rows = details(measures, NULL, "torch-2.14.1-cpu")
    numbers = {each["name"]: each for each in rows}
    assert len(numbers) == len(rows)
    assert numbers["kl"] == {
        "measure": "KL(q || p), test codes, nats", "name": "kl", "value": 0.09,
        "null": 0.004, "low": FORM["kl"]["low"], "high": 0.015,
    }  # fmt: skip
    assert numbers["kl_training"]["null"] == 0.001
    assert numbers["sliced_w2_whitened"]["high"] == 0.017
    assert (numbers["shift"]["null"], numbers["total_variation"]["null"]) == (0.02, 0.03)
    none = numbers["discriminator_jsd"]
    assert none["null"] is none["low"] is none["high"] is None
    assert set(MEASURES) & set(numbers) == set(measures) & set(MEASURES)


# Over seeds.


def test_a_variant_has_mean_standard_deviation_and_t_interval_of_every_number() -> None:
    values = [0.09, 0.10, 0.104, 0.083]
    rows = [row("gaussian", "gaussian", seed, kl=value, shift=0.5) for seed, value in enumerate(values)]
    (found,) = by_variant(rows, "kl").values()
    interval = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert found == {
        "variant": "gaussian, gaussian", "encoder": "gaussian", "prior": "gaussian", "seeds": 4,
        "measure": "kl", "mean": pytest.approx(np.mean(values)), "std": pytest.approx(np.std(values, ddof=1)),
        "low": pytest.approx(interval.low), "high": pytest.approx(interval.high),
        "null": 0.004, "null_high": 0.015,
    }  # fmt: skip
    (shift,) = by_variant(rows, "shift").values()
    assert (shift["low"], shift["mean"], shift["high"], shift["std"]) == (0.5, 0.5, 0.5, 0)
    assert (shift["null"], shift["null_high"]) == (0.02, 0.026)


def test_one_seed_has_a_mean_and_no_more() -> None:
    (found,) = by_variant([row("gaussian", "none", 0, kl=30.0)], "kl").values()
    assert (found["seeds"], found["mean"]) == (1, 30.0)
    assert found["std"] is found["low"] is found["high"] is None


def test_variants_stand_in_the_order_in_which_they_came_and_do_not_mix() -> None:
    rows = [
        row("universal", "none", 0, kl=1.0),
        row("deterministic", "none", 0, kl=10.0),
        row("deterministic", "gaussian", 0, kl=100.0),
        row("universal", "none", 1, kl=3.0),
    ]
    found = by_variant(rows, "kl")
    assert list(found) == ["universal, none", "deterministic, none", "deterministic, gaussian"]
    assert [each["mean"] for each in found.values()] == [2.0, 10.0, 100.0]


# What evaluations and null distributions really hold.


def test_every_column_is_where_an_evaluation_and_the_null_bands_have_it(
    x: torch.Tensor, y: np.ndarray
) -> None:
    config = make_config(encoder="gaussian")
    prior = run_prior(config)
    null = null_bands(200, prior, samples=3) | large_null_bands(200, len(x), prior, samples=3)
    history = pd.DataFrame({"epoch": [1], "discriminator_loss": [0.68]})
    autoencoder = Autoencoder(config, SHAPE)
    tensors = final_codes(config, autoencoder, x, x[:200])
    codes = {name: value.numpy() for name, value in tensors.items()}
    discriminator, pixels = make_discriminator(config, 0), (255 * x).byte().numpy()
    images = x[:200].numpy(), y[:200]
    measures = evaluate(config, autoencoder, discriminator, codes, images, pixels, history).measures
    measures |= smoothed_kl(codes["training"], prior)
    measures |= manifold(config, autoencoder, codes["evaluation"], (x.numpy(), y), images)
    found = run_row(config, with_excess(measures, null))
    others = {"component_accuracy", "stray", "weights_misfit", "kl_within"}
    others |= {f"log_likelihood{codes}" for codes in ("", "_training_codes", "_test_codes")}
    assert set(MEASURES) - set(found) == others
    bands = {name: measure.band(null) for name, measure in MEASURES.items() if measure.null}
    assert all({"mean", "low", "high"} <= set(band) for band in bands.values())
    rows = details(with_excess(measures, null), null, "here")
    assert len(rows) == len(MEASURES) - len(others) + 5 + 1


# The panels of the fit.


NULLS = {"gaussian": NULL, "none": NULL}
OBJECTS = {name: prior_class(name)() for name in NULLS}


def test_each_measure_has_a_panel_of_every_variant_under_a_prior_with_a_value_a_seed() -> None:
    rows = rows_of(ablation())
    panels, _ = fit_panels(rows, NULLS, OBJECTS)
    bands = [NULL["training"]["kl"], NULL["raw"]["kl"], NULL["raw"]["sliced_w2"]]
    for (label, null, values), measure, expected in zip(panels, SHOWN, bands, strict=True):
        assert label == MEASURES[measure].label
        assert null == (expected["low"], expected["high"])
        assert [name for name, _ in values] == [f"{encoder} encoder, prior: gaussian" for encoder in ENCODERS]
        for (_, drawn), encoder in zip(values, ENCODERS, strict=True):
            due = [row[measure] for row in rows if (row["encoder"], row["prior"]) == (encoder, "gaussian")]
            np.testing.assert_array_equal(drawn, due)
            assert len(due) == 3


def test_the_note_says_what_is_not_shown() -> None:
    cells = ablation()
    _, note = fit_panels(rows_of(cells), NULLS, OBJECTS)
    assert note == "deterministic encoder without a prior: KL 36.5 nats, sliced W2 5.40; not shown"
    del cells["deterministic-none-0"]
    _, note = fit_panels(rows_of(cells), {"gaussian": NULL}, {"gaussian": OBJECTS["gaussian"]})
    assert note == ""


def test_the_band_is_the_widest_of_the_priors_that_are_shown() -> None:
    other = copy.deepcopy(NULL)
    other["raw"]["kl"] = band(0.02, 0.05)
    rows = rows_of(ablation())
    rows += [row | {"prior": "uniform"} for row in rows[:3]]
    nulls = NULLS | {"uniform": other, "none": {}}  # A prior that is not shown needs no band.
    panels, _ = fit_panels(rows, nulls, OBJECTS | {"uniform": prior_class("uniform")()})
    assert panels[1][1] == (min(NULL["raw"]["kl"]["low"], other["raw"]["kl"]["low"]), 0.05)
    assert len(panels[1][2]) == 4
