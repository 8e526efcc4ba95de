"""Studies: what their verdicts say of given runs, and what their figures draw."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from evaluated import evaluation, row_of
from tiny import make_config

from aae.compare.measures import MEASURES
from aae.studies import claims, images, noise, tradeoff

CLAIMS = {
    "filled": "The AAE's codes fill the Gaussian prior without holes",
    "holes": "The VAE's codes leave holes in it",
    "shape": "The VAE's codes roughly have the shape of the Gaussian",
    "matched": "The AAE matches the mixture",
    "not matched": "The VAE differs from the mixture",
    "similar": "The three encoders are similar",
    "at home": "Labels put each digit into its own component",
}


def claims_run(
    seed: int, prior: str = "gaussian", encoder: str = "deterministic", objective: str = "adversarial",
    labels: int = 0, kl: float = 0.06, below_quarter: float = 0.001, component: float = 0.95,
    kl_weight: float = 1e-4,
) -> dict[str, Any]:  # fmt: skip
    config = make_config(
        encoder=encoder, prior=prior, objective=objective, labels=labels, seed=seed,
        train={"kl_weight": kl_weight},
    )  # fmt: skip
    row = row_of(config, evaluation(kl)) | claims.settings(config)
    row |= {"below_quarter": below_quarter + 1e-4 * seed, "kl": kl + 1e-3 * seed}
    return row | ({"component_accuracy": component + 1e-3 * seed} if prior == "mixture" else {})


def claims_study(**changes: dict[str, Any]) -> list[dict[str, Any]]:
    """Three seeds of each variant, of which every claim holds; `changes` by the variant's name."""
    variants: dict[str, dict[str, Any]] = {
        "aae": {},
        "gaussian": {"encoder": "gaussian"},
        "universal": {"encoder": "universal"},
        "vae": {"encoder": "gaussian", "objective": "variational", "below_quarter": 0.05},
        "aae_mixture": {"prior": "mixture"},
        "vae_mixture": {"prior": "mixture", "encoder": "gaussian", "objective": "variational", "kl": 0.4},
        "told": {"prior": "mixture", "labels": 100},
    }
    assert set(changes) <= set(variants)
    return [
        claims_run(seed, **(settings | changes.get(name, {})))
        for name, settings in variants.items()
        for seed in range(3)
    ]


def claims_verdicts(rows: list[dict[str, Any]]) -> dict[str, str]:
    found = {claim.said.name: claim.verdict for claim in claims.judged({"claims": rows}) if claim.statements}
    return {short: found[name] for short, name in CLAIMS.items() if name in found}


def test_every_claim_holds_of_runs_that_do_as_the_paper_says() -> None:
    assert claims_verdicts(claims_study()) == dict.fromkeys(CLAIMS, "holds")


@pytest.mark.parametrize(
    ("variant", "change", "claim", "verdict"),
    [
        ("aae", {"below_quarter": 0.02}, "filled", "does not hold"),
        ("aae", {"below_quarter": 0.0098}, "filled", "holds in part"),  # Its mean is 0.0099.
        ("vae", {"below_quarter": 0.005}, "holes", "holds in part"),  # More than the AAE's, and still few.
        ("vae", {"below_quarter": 0.0005}, "holes", "does not hold"),
        ("aae_mixture", {"kl": 0.2}, "matched", "does not hold"),
        ("aae_mixture", {"kl": 0.0985}, "matched", "holds in part"),
        ("aae_mixture", {"kl": 0.5}, "not matched", "holds in part"),
        ("vae_mixture", {"kl": 0.05}, "not matched", "does not hold"),
        ("universal", {"kl": 0.09}, "similar", "holds in part"),  # The first two are equivalent.
        ("told", {"component": 0.8}, "at home", "does not hold"),
        ("told", {"component": 0.8995}, "at home", "holds in part"),
    ],
)
def test_a_claim_falls_by_the_rule(variant: str, change: dict[str, Any], claim: str, verdict: str) -> None:
    assert claims_verdicts(claims_study(**{variant: change}))[claim] == verdict


def test_the_first_vae_judges_and_each_other_one_has_sentences_of_its_own() -> None:
    wider: dict[str, Any] = {"encoder": "gaussian", "objective": "variational", "kl_weight": 2e-3}
    rows = claims_study() + [claims_run(seed, **wider, below_quarter=0.005) for seed in range(3)]
    assert claims_verdicts(rows) == dict.fromkeys(CLAIMS, "holds")
    about = [said for said in claims.verdict(rows) if ", Gaussian at 0.002:" in said]
    holes, shape = about
    assert holes.startswith(f"{CLAIMS['holes']} (Figure 2C), ")
    assert "holds in part. gaussian, VAE (Gaussian at 0.002): prior mass" in holes
    assert shape.startswith(CLAIMS["shape"])


def test_encoders_that_all_differ_are_not_similar() -> None:
    rows = claims_study(gaussian={"kl": 0.1}, universal={"kl": 0.15})
    assert claims_verdicts(rows)["similar"] == "does not hold"


def test_with_one_seed_nothing_is_shown() -> None:
    rows = [row for row in claims_study() if row["seed"] == 0]
    assert claims_verdicts(rows) == dict.fromkeys(CLAIMS, "not judged: one seed")


def test_claims_about_variants_without_a_run_are_left_out() -> None:
    rows = [row for row in claims_study() if row["prior"] == "gaussian" and row["objective"] == "adversarial"]
    assert set(claims_verdicts(rows)) == {"filled", "similar"}


# Claims that other studies judge, and what no study does.


def claim_of(name: str, rows: dict[str, list[dict[str, Any]]]) -> claims.Claim:
    (found,) = (claim for claim in claims.judged(rows) if claim.said.name == name)
    return found


DECODED = {"decoded_distance": 3.5, "reconstruction_distance": 3.46, "return_median": 0.05, "unsure": 0.11}
MANIFOLD, SHARP = (
    "Interpolations lie on the manifold",
    "The AAE turns from one digit to the next at sharp borders",
)


def decoded_runs(**changes: float) -> dict[str, list[dict[str, Any]]]:
    """Three runs with the measure of decoded images, of the study of figures."""
    scales = (0.999, 1.0, 1.001)
    rows = [
        claims_run(seed) | {name: value * scales[seed] for name, value in (DECODED | changes).items()}
        for seed in range(3)
    ]
    return {"percentiles": rows}


@pytest.mark.parametrize(
    ("name", "changes", "verdict"),
    [
        (MANIFOLD, {}, "holds"),
        (MANIFOLD, {"decoded_distance": 3.7}, "holds in part"),
        (MANIFOLD, {"decoded_distance": 3.7, "return_median": 0.2}, "does not hold"),
        (SHARP, {}, "holds"),
        (SHARP, {"unsure": 0.1501}, "does not hold"),
    ],
)
def test_what_lies_between_codes_is_judged_by_its_rule(
    name: str, changes: dict[str, float], verdict: str
) -> None:
    assert claim_of(name, decoded_runs(**changes)).verdict == verdict


def test_rows_without_the_measure_judge_nothing_yet() -> None:
    for rows in ({}, {"percentiles": [claims_run(0)]}):
        assert claim_of(MANIFOLD, rows).verdict == "not measured yet"
        assert claim_of(SHARP, rows).verdict == "not measured yet"


def of_table1(recipe: str, epochs: int, seed: int, nats: float) -> dict[str, Any]:
    return {"recipe": recipe, "epochs": epochs, "seed": seed, "log_likelihood": nats}


@pytest.mark.parametrize(
    ("nats", "verdict"), [(345.0, "holds"), (340.05, "holds in part"), (300.0, "does not hold")]
)
def test_table_1_is_judged_by_our_recipe_trained_longest(nats: float, verdict: str) -> None:
    rows = [of_table1("our recipe", 100, seed, nats + seed - 1) for seed in range(3)]
    rows += [of_table1("our recipe", 18, seed, 100.0) for seed in range(3)]
    rows += [of_table1("our recipe", 2000, 0, 500.0), of_table1("SGD as in the paper", 100, 0, 500.0)]
    found = claim_of("The AAE reaches the log-likelihood of Table 1", {"table1": rows})
    assert found.verdict == verdict
    assert [number.value for each in found.statements for number in each.numbers] == [pytest.approx(nats)]


def test_the_papers_settings_are_judged_by_the_longest_runs_of_enough_seeds() -> None:
    name = CLAIMS["matched"]
    ours = claims_study()
    assert claim_of(name, {"claims": ours}).in_papers_settings == "not tested"
    papers = [
        claims_run(seed, prior="mixture", kl=kl) | {"epochs": epochs}
        for epochs, kl, seeds in ((20, 0.5, 3), (300, 0.05, 3), (1000, 0.9, 1))
        for seed in range(seeds)
    ]
    found = claim_of(name, {"claims": ours, "paper": papers})
    assert found.verdict == "holds"
    assert found.in_papers_settings.startswith("holds: mixture, AAE deterministic: KL(q || p) 0.051 ")
    one = claim_of(name, {"claims": ours, "paper": papers[:1]}).in_papers_settings
    assert one.startswith("not judged: one seed: mixture, AAE deterministic: KL(q || p) 0.500")
    assert claim_of(CLAIMS["filled"], {"claims": ours, "paper": papers}).in_papers_settings == "not tested"


def test_what_is_out_of_scope_is_not_tested() -> None:
    names = [claim.said.name for claim in claims.judged({"claims": claims_study()}) if not claim.said.study]
    assert all(claim_of(name, {"claims": claims_study()}).verdict == "not tested" for name in names)
    words = " ".join(said.words for said in claims.CLAIMS if said.name in names)
    assert all(each in words for each in ("semi-supervised", "clustering", "SVHN", "TFD"))


# Fewer training images.


def images_run(
    encoder: str, seed: int, count: object, kl: float, sigma: object = "learned"
) -> dict[str, Any]:
    """A row of the study."""
    config = make_config(
        encoder=encoder,
        seed=seed,
        model={"sigma": sigma},
        data={"name": "mnist", "images": count, "validation": False},
    )
    return row_of(config, evaluation(kl)) | images.settings(config)


def images_study(difference: float = -0.02) -> list[dict[str, Any]]:
    """Two seeds of two encoders at two numbers of images; sigma 0.1 changes the KL at 300 alone."""
    rows = []
    for seed in range(2):
        for count, kl in ((300, 0.4), ("all", 0.08)):
            change = (difference + 0.0005 * seed) * (count == 300) + 0.001 * seed
            rows += [
                images_run("deterministic", seed, count, kl),
                images_run("gaussian", seed, count, kl + change, 0.1),
            ]
    return rows


def test_the_verdict_compares_each_random_encoder_with_the_deterministic_one() -> None:
    (found,) = images.verdict(images_study())
    assert found.startswith("Gaussian, sigma 0.1, minus deterministic, KL of test codes in nats: ")
    assert "with 300 images -0.019 (95% CI -0.029 to -0.010, 2 seeds): better; with 60,000 images" in found
    assert ": no difference shown (0." in found


def test_one_seed_is_not_compared() -> None:
    assert images.verdict([row for row in images_study() if row["seed"] == 0]) == []


def test_the_figure_has_a_curve_an_encoder_over_the_number_of_images() -> None:
    rows = images_study()
    figure = images.figure(rows)
    assert len(figure.axes) == len(images.PANELS)
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "."]
    drawn = {round(float(y), 6) for line in dots for y in np.asarray(line.get_ydata())}
    assert drawn == {round(row["kl"], 6) for row in rows}
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["deterministic", "gaussian, sigma 0.1"]


# Noise of the encoder.


def noise_curves(loss: float = 0.7, reconstruction: float = 0.033, sigma: float = 1e-6) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "epoch": [1, 2],
            "encoder_adversarial_loss": [0.9, loss],
            "reconstruction_loss": [0.06, reconstruction],
            "sigma_low": 2 * [sigma / 2],
            "sigma_median": 2 * [sigma],
            "sigma_high": 2 * [2 * sigma],
        }
    )


def noise_run(
    encoder: str, seed: int, sigma: object = "learned", kl: float = 0.09, error: float = 0.035,
    loss: float = 0.7, reconstruction: float = 0.033, found_sigma: float = 0.0,
) -> dict[str, Any]:  # fmt: skip
    """A row of the study: KL, squared error of test images, and the last losses of training."""
    model, train = {"sigma": sigma}, {"adversarial_weight": 0.1}
    config = make_config(encoder=encoder, seed=seed, model=model, train=train)
    found = evaluation(kl, sigma=found_sigma) | {"reconstruction_error": error}
    return row_of(config, found) | noise.settings(config, noise_curves(loss, reconstruction))


def noise_study() -> list[dict[str, Any]]:
    """Two seeds of each variant: sigma 0.1 takes 0.02 nats off, for 0.004 of squared error."""
    rows = []
    for seed in range(2):
        rows += [
            noise_run("deterministic", seed),
            noise_run("gaussian", seed, 0.0),
            noise_run(
                "gaussian",
                seed,
                0.1,
                kl=0.07,
                error=0.039 + 2e-4 * seed,
                loss=0.69,
                reconstruction=0.037 + 1e-5 * seed,
                found_sigma=0.1,
            ),
            noise_run("gaussian", seed, found_sigma=1e-6 + seed * 1e-7),
            noise_run("universal", seed),
        ]
    return rows


def test_the_verdict_says_what_learned_sigma_became_and_what_a_fixed_one_changes() -> None:
    learned, fixed = noise.verdict(noise_study())
    assert learned.startswith(
        "With learned sigma the Gaussian encoder became nearly deterministic, with a median sigma(x) of 1"
    )
    # 0.037 + 0.1 * 0.69 with it, 0.033 + 0.1 * 0.7 without.
    assert "KL of training codes -0.020 nats" in fixed
    assert "training objective +0.00300 (95% CI +0.00294 to +0.00307): the noise does not pay." in fixed


@pytest.mark.parametrize(
    ("differences", "word"),
    [
        ([0.002, 0.0021], "the noise does not pay"),
        ([-0.002, -0.0021], "the noise pays"),
        ([0.002, 0.0], "whether the noise pays is not shown"),
        ([0.002], "whether the noise pays is not shown"),
    ],
)
def test_noise_pays_only_if_the_interval_of_the_objective_says_so(
    differences: list[float], word: str
) -> None:
    rows = []
    for seed, difference in enumerate(differences):
        rows += [
            noise_run("gaussian", seed, 0.0),
            noise_run("gaussian", seed, 0.1, reconstruction=0.033 + difference),
        ]
    (sentence,) = noise.verdict(rows)
    assert sentence.endswith(f": {word}.")


def test_the_figure_has_every_run_and_the_learned_sigma_over_training() -> None:
    rows = noise_study()
    figure = noise.figure(rows, [noise_curves() for _ in rows])
    *panels, learned = figure.axes
    assert [axes.get_xlabel().replace("\n", " ") for axes in panels] == [
        MEASURES[name].label for name in noise.PANELS
    ]
    names = [text.get_text().replace(",\n", ", ") for text in panels[0].get_yticklabels()]
    assert names == [
        "deterministic",
        "gaussian, sigma 0",
        "gaussian, sigma 0.1",
        "gaussian, learned sigma",
        "universal",
    ]
    errors = [np.asarray(line.get_xdata()) for line in panels[2].lines if line.get_marker() == "o"]
    np.testing.assert_allclose(errors[2], [0.039, 0.0392])
    assert learned.get_yscale() == "log"
    assert len([line for line in learned.lines if len(np.asarray(line.get_xdata())) == 2]) == 2


# The trade-off.


FRONT = {0.01: (0.2, 0.034), 0.1: (0.05, 0.035), 1.0: (0.03, 0.037)}  # KL of training codes, squared error.


def tradeoff_row(seed: int, kl: float, error: float, **settings: Any) -> dict[str, Any]:
    """A row of the study; `evaluation` puts the KL of training codes 0.02 below that of test codes."""
    config = make_config(seed=seed, **settings)
    found = evaluation(kl + 0.02) | {"reconstruction_error": error}
    return row_of(config, found) | tradeoff.settings(config)


def tradeoff_adversarial(
    seed: int, weight: float, kl: float, error: float, start: float = 0.001
) -> dict[str, Any]:
    train = {"adversarial_weight_start": start, "adversarial_weight": weight}
    return tradeoff_row(seed, kl, error, train=train)


def tradeoff_variational(seed: int, weight: float, kl: float, error: float) -> dict[str, Any]:
    settings = {"encoder": "gaussian", "objective": "variational", "train": {"kl_weight": weight}}
    return tradeoff_row(seed, kl, error, **settings)


def tradeoff_study() -> list[dict[str, Any]]:
    """Two seeds of each: one variational weight is above the front, one below, one beyond its errors."""
    rows = []
    for seed in range(2):
        rows += [tradeoff_adversarial(seed, weight, *found) for weight, found in FRONT.items()]
        rows += [
            tradeoff_variational(
                seed, 1e-5, 0.11, 0.0345
            ),  # The front is at 0.1 there: halfway, of logarithms.
            tradeoff_variational(seed, 1e-4, 0.09, 0.0345),
            tradeoff_variational(seed, 1e-3, 0.5, 0.04),
            tradeoff_adversarial(seed, 1 / 784, 0.4, 0.0335, start=1 / 784),
            tradeoff_row(seed, 9.0, 0.033, prior="none"),
        ]
    return rows


def test_the_verdict_tells_the_front_the_objectives_and_the_ends() -> None:
    words = (
        "0.200 nats (95% CI 0.200 to 0.200), squared error 0.0340",
        "higher KL divergence than the adversarial front at 1 of the 2 weights",
        "equal weighting of reconstruction and adversarial loss: KL of training codes 0.400 nats",
        "No regularization: KL of training codes 9.000 nats",
    )
    said = tradeoff.verdict(tradeoff_study())
    for sentence, part in zip(said, words, strict=False):
        assert part in sentence
    assert said[4:] == [
        "Seen after the run, from an adversarial weight of 0.01 to 1, paired by seed: KL of training codes "
        "-0.170 (95% CI -0.170 to -0.170; significant), squared error of test images +0.0030 (95% CI +0.0030 "
        "to +0.0030; significant)."
    ]


def test_a_front_that_turns_back_is_told() -> None:
    rows = [
        tradeoff_adversarial(seed, weight, kl + 0.01 * seed * weight, error)
        for seed in range(3)
        for weight, (kl, error) in (FRONT | {3.0: (0.13, 0.042)}).items()
    ]
    rise = tradeoff.verdict(rows)[-1]
    assert "from an adversarial weight of 1 to 3, paired by seed: KL of training codes +0.120 (95% CI" in rise


def test_weights_without_seeds_in_common_are_not_compared() -> None:
    rows = [tradeoff_adversarial(seed, weight, *FRONT[weight]) for seed, weight in enumerate(FRONT)]
    assert not [sentence for sentence in tradeoff.verdict(rows) if sentence.startswith("Seen")]


def test_without_errors_in_common_the_objectives_are_not_compared() -> None:
    rows = [each for each in tradeoff_study() if each["weight"] not in (1e-5, 1e-4)]
    assert "No variational weight has a squared error that the adversarial front has as well." in (
        tradeoff.verdict(rows)
    )


def test_the_figure_has_every_run_and_names_the_weights() -> None:
    rows = tradeoff_study()
    figure = tradeoff.figure(rows)
    left, right = figure.axes
    assert (left.get_xlabel(), right.get_xlabel()) == tuple(MEASURES[name].label for name in tradeoff.PANELS)
    dots = [line for line in left.lines if line.get_marker() == "."]
    drawn = {
        (round(float(x), 6), round(float(y), 6)) for line in dots for x, y in np.asarray(line.get_xydata())
    }
    assert drawn == {(round(run["reconstruction_error"], 6), round(run["kl_training"], 6)) for run in rows}
    assert {text.get_text() for text in left.texts} == {"0.01", "1", "1e-05", "0.001"}
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == [
        "adversarial, deterministic encoder, weights: 0.01, 0.1, 1",
        "variational, Gaussian encoder, weights: 1e-05, 0.0001, 0.001",
        "adversarial, the paper's equal weighting",
        "no regularization",
    ]
