"""A stranger adds a prior or an architecture, by a class and a name: every stage works with it under DVC."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from clones import Clone, make_clone, ran
from conftest import ROOT

SHIFTED = '''"""A prior that the project does not have."""

import numpy as np
from scipy import special

from aae.model.priors.base import Prior


class Shifted(Prior):
    """A correlated Gaussian about (3, -1)."""

    name = "shifted"
    description = "N((3, -1), C)"
    factor = np.array([[1.0, 0.0], [0.8, 0.6]])

    def _scores(self, z):
        return (z / self.std - [3, -1]) @ np.linalg.inv(self.factor).T

    def log_density(self, z):
        log_area = np.log(2 * np.pi * np.linalg.det(self.factor) * self.std**2)
        return -0.5 * (self._scores(z) ** 2).sum(-1) - log_area

    def to_uniform(self, z):
        return special.ndtr(self._scores(z))

    def from_uniform(self, u):
        return self.std * ([3, -1] + special.ndtri(u) @ self.factor.T)
'''


def add_alone(clone: Clone, table: str, place: str, code: str) -> None:
    """Add a class, named after its module, by a file of its own and a line in one table."""
    module = place.partition(":")[0]
    clone.add_part(table, module.rpartition(".")[2], place, code)
    changed = clone.call("git", "status", "--short").split()[1::2]
    assert changed == ["src/aae/model/parts.py", f"src/{module.replace('.', '/')}.py"]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory, sample_folder: Path) -> tuple[Clone, str]:
    """A clone to which the prior was added, after a `dvc repro` that uses it; and what that printed.

    To choose a recipe for it: hence `data.validation: true`, and a folder of MNIST without its test images,
    so that a stage that reads one fails.
    """
    data = tmp_path_factory.mktemp("training-files")
    (data / "mnist").mkdir()
    for file in (sample_folder / "mnist").glob("train-*"):
        shutil.copy(file, data / "mnist")
    clone = make_clone(tmp_path_factory.mktemp("new-prior"), data)
    add_alone(clone, "PRIORS", "aae.model.priors.shifted:Shifted", SHIFTED)
    clone.edit(
        "params.yaml",
        ("prior: gaussian ", "prior: shifted "),
        (
            "    gaussian: {encoder: gaussian}\n",
            "    shifted: {prior: shifted}\n    no_prior: {prior: none}\n",
        ),
        ("validation: false", "validation: true"),
        ("hidden_units: 16", "hidden_units: 64"),
        ("epochs: 1 ", "epochs: 60 "),
        ("  learning_rate: 1.5e-3", "  learning_rate: 1.0e-3"),
        ("adversarial_weight_start: 0.004", "adversarial_weight_start: 0.1"),
    )
    return clone, clone.dvc("repro")


def test_every_stage_runs_with_it_and_without_the_test_images(clone: tuple[Clone, str]) -> None:
    tree, printed = clone
    assert sorted(path.name for path in (tree.folder / "data/mnist").iterdir()) == [
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
    ]
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    assert ran(printed) == set(stages) - {"download"}
    assert "up to date" in tree.dvc("status", "--with-deps", "dvc.yaml")


def test_the_base_run_is_measured_against_it(clone: tuple[Clone, str]) -> None:
    tree, _ = clone
    measures = json.loads((tree.folder / "data/testset/measures.json").read_text())
    details = json.loads((tree.folder / "metrics/details.json").read_text())
    z = pd.read_csv(tree.folder / "data/testset/codes.csv")[["z1", "z2"]].to_numpy()
    # Codes went where this prior is, and their distance from it is far less than that from N(0, I).
    assert np.hypot(*(z.mean(0) - [3, -1])) < 1
    probe = (
        "import sys; sys.path.insert(0, 'src'); import json; import numpy as np;"
        "from aae.measure.scorecard import measure; from aae.model.parts import prior_class;"
        "z = np.loadtxt('data/testset/codes.csv', delimiter=',', skiprows=1)[:, 1:3].astype(np.float32);"
        "print(json.dumps({name: measure(z, prior_class(name)()) for name in ('shifted', 'gaussian')}))"
    )
    found = json.loads(tree.call(sys.executable, "-c", probe))
    assert {name: measures[name] for name in found["shifted"]} == pytest.approx(found["shifted"], rel=1e-6)
    assert found["shifted"]["sliced_w2"] < 0.5 * found["gaussian"]["sliced_w2"]
    assert found["shifted"]["kl"] < found["gaussian"]["kl"]
    # The null band is its own: by that of N(0, I), its samples would be at a distance above 2.
    (high,) = (row["high"] for row in details if row["name"] == "sliced_w2")
    assert high < 0.5
    headline = json.loads((tree.folder / "metrics/testset.json").read_text())
    assert headline["kl"] == pytest.approx(found["shifted"]["kl"], rel=1e-3)


def test_the_ablation_holds_every_variant_against_its_own_prior(clone: tuple[Clone, str]) -> None:
    tree, _ = clone
    cells, variants, answer = (
        json.loads((tree.folder / f"metrics/{name}.json").read_text())
        for name in ("ablation", "variants", "answer")
    )
    priors = ["gaussian", "shifted", "none"]
    assert [row["prior"] for row in cells] == priors
    assert list(dict.fromkeys(row["prior"] for row in variants)) == priors
    assert any("N((3, -1), C)" in sentence for sentence in answer)
    numbers = pd.DataFrame(cells)[["kl", "sliced_w2", "c2st_accuracy", "holes", "total_variation"]]
    assert numbers.notna().all(axis=None)


# A small convolutional architecture, for all encoders.


CONVOLUTIONAL = '''"""A small convolutional architecture."""

import torch
from torch import nn

from aae.model.architectures.base import Architecture

CHANNELS = 4


class Convolutional(Architecture):
    """Images keep their rows and columns."""

    def encoder(self, outputs, noise, generator):
        return drawn(OfImages(self.shape, outputs, noise), generator)

    def decoder(self, generator):
        height, width = (size // 4 for size in self.shape)
        layers = nn.Sequential(
            nn.Linear(self.settings.code_dim, CHANNELS * height * width),
            nn.Unflatten(1, (CHANNELS, height, width)),
            nn.ReLU(),
            nn.ConvTranspose2d(CHANNELS, CHANNELS, 2, stride=2),
            nn.ReLU(),
            nn.ConvTranspose2d(CHANNELS, 1, 2, stride=2),
            nn.Flatten(1, 2),
        )
        return drawn(layers, generator)


class OfImages(nn.Module):
    def __init__(self, shape, outputs, noise):
        super().__init__()
        self.below = nn.Sequential(
            nn.Conv2d(1, CHANNELS, 2, stride=2),
            nn.ReLU(),
            nn.Conv2d(CHANNELS, CHANNELS, 2, stride=2),
            nn.ReLU(),
        )
        self.above = nn.Linear(CHANNELS * (shape[0] // 4) * (shape[1] // 4) + noise, outputs)

    def forward(self, x, noise):
        seen = self.below(x[:, None]).flatten(1)
        return self.above(seen if noise is None else torch.cat([seen, noise], dim=1))


def drawn(network, generator):
    for weights in network.parameters():
        nn.init.normal_(weights, std=0.1, generator=generator)
    return network
'''


def test_it_serves_every_encoder_and_what_needs_perceptrons_refuses_it_in_one_line(
    tmp_path: Path, sample_folder: Path
) -> None:
    clone = make_clone(tmp_path / "clone", sample_folder)
    add_alone(clone, "ARCHITECTURES", "aae.model.architectures.convolutional:Convolutional", CONVOLUTIONAL)
    clone.edit(
        "params.yaml",
        ("architecture: perceptron", "architecture: convolutional"),
        (
            "    gaussian: {encoder: gaussian}\n",
            "    gaussian: {encoder: gaussian}\n    universal: {encoder: universal}\n",
        ),
        ("epochs: 1 ", "epochs: 3 "),
    )
    printed = clone.dvc("repro", "--keep-going", status=255)
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    assert ran(printed) == set(stages) - {"download"}
    refused = [line for line in printed.splitlines() if line.startswith(("report: ", "weights: "))]
    assert len(refused) == 2
    assert all("model.architecture: perceptron" in line for line in refused)
    assert "Traceback" not in printed
    rows = json.loads((clone.folder / "metrics/ablation.json").read_text())
    assert [row["encoder"] for row in rows] == ["deterministic", "gaussian", "universal"]
    assert all(row["reconstruction_error"] < 0.25 for row in rows)  # Of noise it is 0.25 or more.
