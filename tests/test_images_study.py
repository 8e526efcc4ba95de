"""The study of fewer training images: what its verdict says of given runs, and what its figure draws."""

from typing import Any

import numpy as np
from evaluated import evaluation, row_of
from tiny import make_config

from aae.studies import images


def run(encoder: str, seed: int, count: object, kl: float, sigma: object = "learned") -> dict[str, Any]:
    """A row of the study."""
    config = make_config(
        encoder=encoder,
        seed=seed,
        model={"sigma": sigma},
        data={"name": "mnist", "images": count, "validation": False},
    )
    return row_of(config, evaluation(kl)) | images.settings(config)


def study(difference: float = -0.02) -> list[dict[str, Any]]:
    """Two seeds of two encoders at two numbers of images; sigma 0.1 changes the KL at 300 alone."""
    rows = []
    for seed in range(2):
        for count, kl in ((300, 0.4), ("all", 0.08)):
            change = (difference + 0.0005 * seed) * (count == 300) + 0.001 * seed
            rows += [
                run("deterministic", seed, count, kl),
                run("gaussian", seed, count, kl + change, 0.1),
            ]
    return rows


def test_the_verdict_compares_each_random_encoder_with_the_deterministic_one() -> None:
    few, all_images = images.verdict(study())
    assert few == (
        "300 training images, 2 seeds: KL of test codes 0.400 nats with deterministic codes, 0.381 with "
        "gaussian, sigma 0.1; difference -0.019 (95% CI -0.029 to -0.010): the latter fits better."
    )
    assert all_images.startswith("60,000 training images, 2 seeds: ")
    assert all_images.endswith(": no difference shown.")


def test_one_seed_is_not_compared() -> None:
    assert images.verdict([row for row in study() if row["seed"] == 0]) == []


def test_the_figure_has_a_curve_an_encoder_over_the_number_of_images() -> None:
    rows = study()
    figure = images.figure(rows)
    assert len(figure.axes) == len(images.PANELS)
    dots = [line for line in figure.axes[0].lines if line.get_marker() == "."]
    drawn = {round(float(y), 6) for line in dots for y in np.asarray(line.get_ydata())}
    assert drawn == {round(row["kl"], 6) for row in rows}
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["deterministic", "gaussian, sigma 0.1"]
