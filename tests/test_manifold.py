"""Decoded images beside the data: distances as SciPy's, the way back, digits that a classifier can tell."""

from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from conftest import failure
from scipy.spatial.distance import cdist
from scipy.stats import norm
from tiny import make_config

from aae.compare.measures import MEASURES
from aae.data.images import read_images
from aae.measure import manifold
from aae.model.networks import Autoencoder
from aae.runs.evaluation import EXTRA, evaluate_run, evaluation_key
from aae.runs.store import Store
from aae.runs.training import train_run
from aae.settings.params import GridSettings
from aae.system import artifacts

HERE = "torch-0-cpu-float32-0123456789ab"  # Stands for an environment.
CONFIG = make_config()
RNG = np.random.default_rng(0)
CODES = RNG.standard_normal((500, 2)).astype(np.float32)


class Known(Autoencoder):
    """One whose images are their codes: 1 by 2 pixels. Encoding adds a step to the right."""

    def __init__(self, step: float = 0.0, noise: float = 0.0) -> None:
        torch.nn.Module.__init__(self)
        self.shape = (1, 2)
        self.step, self.noise = step, noise

    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """The codes themselves."""
        return z.reshape(-1, 1, 2)

    def encode(self, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """The images themselves, and the step."""
        return x.reshape(-1, 2) + torch.tensor([self.step, 0.0])


def labelled(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes as images, with the side of the plane that they lie on as a label."""
    return x.reshape(-1, 1, 2), (x[:, 0] > 0).astype(np.int64)


def measured(autoencoder: Autoencoder, x_training: np.ndarray, config: Any = CONFIG) -> dict[str, float]:
    return manifold.manifold(config, autoencoder, CODES, labelled(x_training), labelled(CODES))


@pytest.fixture(autouse=True)
def _fewer_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifold, "CHUNK", 64)
    monkeypatch.setattr(manifold, "FINE", 40)


def test_the_nearest_is_that_of_scipy() -> None:
    x, others = RNG.random((150, 30), np.float32), RNG.random((400, 30), np.float32)
    expected = cdist(x, others).min(1)
    assert manifold.nearest(x, others) == pytest.approx(expected, rel=1e-4)
    assert manifold.nearest(others[:99], others) == pytest.approx(0, abs=5e-3)  # Of float32.


def test_distances_are_of_percentiles_of_reconstructions_and_of_images() -> None:
    others = RNG.standard_normal((300, 2)).astype(np.float32)
    found = measured(Known(), others)
    assert found["reconstruction_distance"] == found["image_distance"]  # They are the same images.
    side = norm.ppf((np.arange(20) + 0.5) / 20)
    percentiles = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
    expected = cdist(percentiles, others).min(1).mean()
    assert found["decoded_distance"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("std", [1.0, 5.0])
def test_the_way_back_is_in_the_priors_standard_deviations(std: float) -> None:
    config = make_config(model={"prior_std": std})
    found = measured(Known(step=0.3 * std), CODES, config)
    assert found["return_median"] == pytest.approx(0.3, abs=1e-5)
    assert found["return_p95"] == pytest.approx(0.3, abs=1e-5)


def test_without_a_prior_the_unit_is_the_codes_own() -> None:
    config = make_config(prior="none")
    found = manifold.manifold(config, Known(step=3.0), 10 * CODES, labelled(CODES), labelled(10 * CODES))
    assert found["return_median"] == pytest.approx(3.0 / (10 * CODES.std(0).mean()), rel=0.01)


def test_a_classifier_is_unsure_between_digits_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifold, "EPOCHS", 200)
    apart = np.concatenate([CODES[:250] * 0.1 - 1, CODES[250:] * 0.1 + 1])
    x, y = labelled(apart)
    classifier = manifold.train_classifier(manifold.flat(x), y)
    assert manifold.unsure(classifier, apart) == 0
    between = np.zeros((10, 2), np.float32)
    assert manifold.unsure(classifier, between) == 1
    assert manifold.unsure(classifier, np.concatenate([apart[:30], between])) == 0.25


def test_the_prior_is_seen_at_percentiles_of_equal_mass(monkeypatch: pytest.MonkeyPatch) -> None:
    # Unsure within a half of the border by the label: that is the mass of N(0, 1) there.
    monkeypatch.setattr(manifold, "unsure", lambda _, x: float((np.abs(x[:, 0]) < 0.5).mean()))
    found = measured(Known(), CODES)
    assert found["unsure"] == pytest.approx(0.383, abs=0.02)
    assert found["unsure_images"] == found["unsure_reconstructions"]
    assert found["classifier_accuracy"] > 0.9


def test_a_classifier_depends_on_its_images_alone() -> None:
    x, y = labelled(CODES)
    one, other = (manifold.train_classifier(manifold.flat(x), y) for _ in range(2))
    assert (one.predict_proba(CODES) == other.predict_proba(CODES)).all()


def test_codes_beyond_the_plane_are_refused() -> None:
    config = make_config(model={"code_dim": 8})
    line = failure(lambda: measured(Known(), CODES, config))
    assert "code_dim: the measure manifold needs 2, not 8" in line


def test_a_study_that_asks_for_it_gets_numbers_with_a_name(sample_folder: Path, tmp_path: Path) -> None:
    config = make_config(model={"hidden_units": 16}, train={"threads": 1}, prior="mixture", labels=100)
    images = read_images(sample_folder, config)
    assert (images.y_known[:100] == images.y[:100]).all()
    assert (images.y_known >= 0).all()
    store = Store(tmp_path)
    train_run(config, images, store, HERE)
    asked, usual = (
        artifacts.load_json(evaluate_run(config, images, store, HERE, extra) / "measures.json")
        for extra in (("manifold",), ())
    )
    added = set(asked) - set(usual)
    assert {name: asked[name] for name in usual} == usual
    assert added <= set(MEASURES)
    assert {"decoded_distance", "return_median", "unsure", "classifier_accuracy"} <= added
    assert evaluation_key(config, images, ("manifold",)) != evaluation_key(config, images)


def test_studies_can_ask_for_what_there_is() -> None:
    (choice,) = get_args(GridSettings.model_fields["measures"].annotation)
    assert set(get_args(choice)) == set(EXTRA)
