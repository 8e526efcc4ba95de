"""The flat tables: a run's row, the base run's numbers beside their nulls, and variants over seeds."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from evaluated import FORM, NULL, ablation, config_of, evaluation, row_of, rows_of
from scipy import stats
from tiny import make_config

from aae.compare.measures import MEASURES
from aae.compare.summary import details, headline, run_row, variants, with_excess
from aae.data.datasets import SHAPE
from aae.measure import scorecard
from aae.measure.evaluation import evaluate
from aae.measure.nulls import large_null_bands, null_bands
from aae.measure.smoothed import smoothed_kl
from aae.model.discriminator import make_discriminator
from aae.model.encoding import final_codes
from aae.model.networks import Autoencoder
from aae.model.parts import run_prior

CONFIG = config_of("gaussian-gaussian-7")


def row(encoder: str, prior: str, seed: int, **numbers: float) -> dict[str, Any]:
    return {"encoder": encoder, "prior": prior, "seed": seed, **numbers}


def by_variant(rows: list[dict[str, Any]], measure: str) -> dict[str, dict[str, Any]]:
    nulls = {"gaussian": NULL, "none": NULL, "uniform": NULL}
    return {each["variant"]: each for each in variants(rows, nulls) if each["measure"] == measure}


# A run.


def test_a_row_names_its_run_and_has_every_number_under_the_name_of_its_codes() -> None:
    found = row_of(CONFIG, evaluation(kl=0.09, w2=0.03, sigma=0.25))
    assert {name: found[name] for name in ("encoder", "prior", "seed")} == {
        "encoder": "gaussian", "prior": "gaussian", "seed": 7,
    }  # fmt: skip
    expected = {
        "kl": 0.09, "kl_whitened": 0.081, "kl_training": 0.07,
        "sliced_w2": 0.03, "sliced_w2_whitened": 0.027, "sliced_w2_training": 0.025,
        "sliced_w2_excess": 0.024, "sliced_w2_training_excess": 0.024, "sliced_w2_low": 0.025,
        "sliced_w2_high": 0.035, "shift": 0.025, "shift_excess": 0.015, "total_variation": 0.15,
        "below_half": 0.04, "below_quarter": 0.012, "probe_jsd": 0.012, "neighbour_jsd": 0.016,
        "discriminator_jsd": 0.004, "discriminator_jsd_null": 0.0,
        "sigma_median": 0.25, "sigma_p95": 0.5, "c2st_accuracy": 0.54, "holes": 0.03, "ks_radius": 0.02,
        "outside": 0.0, "reconstruction_error": 0.035, "neighbour_accuracy": 0.83,
    }  # fmt: skip
    assert {name: found[name] for name in found if name in MEASURES} == pytest.approx(expected)


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


def test_every_number_of_the_scorecard_has_a_title() -> None:
    assert set(scorecard.MEASURES) <= set(MEASURES)
    labels = [measure.label for measure in MEASURES.values()]
    assert len(set(labels)) == len(labels)


def test_the_headline_has_four_digits_and_the_numbers_of_the_row() -> None:
    found = headline(row_of(CONFIG, evaluation(kl=0.0912345, sigma=2.34567e-6)))
    assert found["kl"] == 0.09123
    assert found["sigma"] == 2.346e-6
    assert found["squared_error"] == 0.035
    assert found["neighbours"] == 0.83
    assert list(found)[:2] == ["kl", "kl_training"]
    assert len(found) <= 12
    without = evaluation()
    del without["discriminator_jsd"]
    assert "discriminator_jsd" not in headline(row_of(CONFIG, without))


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


def test_details_have_the_codes_moments_and_what_the_run_was_trained_with() -> None:
    found = details(with_excess(evaluation(), NULL), NULL, "torch-2.14.1-cpu")
    values = {each["name"]: each["value"] for each in found}
    assert (values["mean_1"], values["mean_2"]) == (0.01, -0.02)
    assert [values[f"covariance_{place}"] for place in ("1_1", "1_2", "2_2")] == [0.98, 0.03, 0.94]
    assert values["trained_with"] == "torch-2.14.1-cpu"


def test_a_number_that_prior_samples_do_not_have_has_no_null_band() -> None:
    assert MEASURES["sliced_w2"].band(NULL) == NULL["raw"]["sliced_w2"]
    assert MEASURES["reconstruction_error"].band(NULL) == MEASURES["kl"].band({"raw": {}}) == {}


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


def test_what_only_other_variants_have_is_no_row_of_a_variant() -> None:
    rows = [row("gaussian", "uniform", 0, kl=1.0), row("gaussian", "gaussian", 0, kl=2.0, shift=0.5)]
    assert list(by_variant(rows, "shift")) == ["gaussian, gaussian"]
    assert list(by_variant(rows, "kl")) == ["gaussian, uniform", "gaussian, gaussian"]


def test_every_number_of_an_ablation_is_summarised() -> None:
    rows = rows_of(ablation())
    for variant in {(each["encoder"], each["prior"]) for each in rows}:
        named = set().union(*(each for each in rows if (each["encoder"], each["prior"]) == variant))
        measures = {
            each["measure"]
            for each in variants(rows, {"gaussian": NULL, "none": NULL})
            if (each["encoder"], each["prior"]) == variant
        }
        assert measures == named - {"encoder", "prior", "seed"}


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
    found = run_row(config, with_excess(measures, null))
    assert set(MEASURES) - set(found) == {"component_accuracy"}
    bands = {name: measure.band(null) for name, measure in MEASURES.items() if measure.null}
    assert all({"mean", "low", "high"} <= set(band) for band in bands.values())
    assert len(details(with_excess(measures, null), null, "here")) == len(MEASURES) - 1 + 5 + 1
