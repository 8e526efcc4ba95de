"""The log-likelihood of a run about decoded samples and codes, and of the run of a study that asks for it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import make_config

from aae.compare.measures import MEASURES
from aae.data.images import read_images
from aae.measure import likelihood
from aae.measure.parzen import log_likelihood
from aae.model.networks import Autoencoder
from aae.runs.evaluation import evaluate_run
from aae.runs.store import Store
from aae.runs.training import train_run
from aae.system import artifacts

HERE = "torch-0-cpu-float32-0123456789ab"  # Stands for an environment.
RNG = np.random.default_rng(0)


def test_codes_take_the_place_of_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    config = make_config(model={"code_dim": 3})
    autoencoder = Autoencoder(config, (4, 4))
    weights = 0.2 * torch.randn(3, 16, generator=torch.Generator().manual_seed(0))
    monkeypatch.setattr(autoencoder, "decode", lambda z: (0.5 + z.float() @ weights).view(-1, 4, 4))

    def images(z: np.ndarray) -> np.ndarray:
        decoded = autoencoder.decode(torch.from_numpy(z)).flatten(1).numpy()
        return decoded + 0.03 * RNG.standard_normal(decoded.shape)

    # Codes lie at a fifth of the prior's spread: samples of p(z) are far from most images.
    codes = {
        "training": 0.2 * RNG.standard_normal((250, 3)),
        "evaluation": 0.2 * RNG.standard_normal((200, 3)),
    }
    validation, test = images(0.2 * RNG.standard_normal((100, 3))), images(codes["evaluation"])

    def found(samples: int, seed: int = 0) -> dict[str, float]:
        monkeypatch.setattr(likelihood, "SAMPLES", samples)
        run = config.model_copy(update={"seed": seed})
        return likelihood.likelihood_of_run(run, autoencoder, codes, validation, test)

    every = found(400)
    assert every["samples"] == 400
    for name, kind in (("training", "training"), ("test", "evaluation")):
        centres = autoencoder.decode(torch.from_numpy(codes[kind])).flatten(1).numpy()
        expected = log_likelihood(centres, validation, test)
        for key in ("log_likelihood", "bandwidth"):
            assert every[f"{key}_{name}_codes"] == pytest.approx(expected[key], rel=1e-4)
    by_centres = [every[f"log_likelihood{of}"] for of in ("", "_training_codes", "_test_codes")]
    assert by_centres == sorted(by_centres)
    few, again, other = found(50), found(50), found(50, seed=1)
    assert few == again
    assert few["log_likelihood_training_codes"] != other["log_likelihood_training_codes"]
    assert few["log_likelihood_training_codes"] < every["log_likelihood_training_codes"]


def test_a_study_that_asks_for_it_gets_numbers_with_names(
    sample_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(likelihood, "SAMPLES", 200)
    data = {"name": "mnist", "images": 500, "validation": False}
    config = make_config(model={"hidden_units": 16}, train={"threads": 1}, data=data)
    images, store = read_images(sample_folder, config), Store(tmp_path)
    train_run(config, images, store, HERE)
    folder = evaluate_run(config, images, store, HERE, ("log_likelihood",))
    found = artifacts.load_json(folder / "measures.json")
    centres = ("", "_training_codes", "_test_codes")
    assert found.keys() >= {"samples", "validation", "standard_error"}
    for of in centres:
        assert f"log_likelihood{of}" in MEASURES
        assert np.isfinite(found[f"log_likelihood{of}"])
        assert 0.05 < found[f"bandwidth{of}"] < 0.5
