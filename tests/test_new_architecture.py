"""A stranger adds a small convolutional architecture by a class and a name: it serves all encoders."""

import json
from pathlib import Path

import yaml
from clones import make_clone, ran
from conftest import ROOT

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


def test_it_serves_every_encoder_and_the_report_refuses_it_in_one_line(
    tmp_path: Path, sample_folder: Path
) -> None:
    clone = make_clone(tmp_path / "clone", sample_folder)
    place = "aae.model.architectures.convolutional:Convolutional"
    clone.add_part("ARCHITECTURES", "convolutional", place, CONVOLUTIONAL)
    changed = clone.call("git", "status", "--short").split()[1::2]
    assert changed == ["src/aae/model/parts.py", "src/aae/model/architectures/convolutional.py"]
    clone.edit(
        "params.yaml",
        ("architecture: perceptron", "architecture: convolutional"),
        (
            "    gaussian: {encoder: gaussian}\n",
            "    gaussian: {encoder: gaussian}\n    universal: {encoder: universal}\n",
        ),
        ("epochs: 1 ", "epochs: 3 "),
    )
    printed = clone.dvc("repro", status=255)
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    assert ran(printed) == set(stages) - {"download"}
    (line,) = (line for line in printed.splitlines() if line.startswith("report: "))
    assert "model.architecture: perceptron" in line
    assert "Traceback" not in printed
    rows = json.loads((clone.folder / "metrics/ablation.json").read_text())
    assert [row["encoder"] for row in rows] == ["deterministic", "gaussian", "universal"]
    assert all(row["reconstruction_error"] < 0.25 for row in rows)  # Of noise it is 0.25 or more.
