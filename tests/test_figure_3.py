"""Figure 3: what is decoded along a prior's components, and what is drawn where."""

import numpy as np
import pytest
import torch
from tiny import make_config

from aae.data.datasets import SHAPE
from aae.draw.labels import Told, figure_3
from aae.measure.walks import component_walks
from aae.model.networks import Autoencoder
from aae.model.parts import prior_class

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("name", ["mixture", "swiss_roll"])
def test_a_walk_stays_in_its_component_and_goes_along_its_middle(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[np.ndarray] = []

    def decode(self: Autoencoder, z: torch.Tensor) -> torch.Tensor:
        decoded.append(z.numpy())
        return torch.arange(len(z))[:, None, None].expand(-1, 28, 28) / len(z)

    monkeypatch.setattr(Autoencoder, "decode", decode)
    config = make_config(prior=name, labels=100)
    walks = component_walks(config, Autoencoder(config, SHAPE), 6)
    assert walks.shape == (10, 6, 28, 28)
    assert walks[3, 2, 0] == pytest.approx((3 * 6 + 2) / 60)
    (z,) = decoded
    prior = prior_class(name)()
    assert prior.component(z).tolist() == np.repeat(np.arange(10), 6).tolist()
    along, across = prior.to_uniform(z.astype(float)).T
    np.testing.assert_allclose(across, 0.5, atol=1e-4)
    np.testing.assert_allclose(along, (np.arange(60) + 0.5) / 60, atol=1e-5)


def told(name: str) -> Told:
    y = np.arange(1000) % 10
    walks = np.zeros((10, 4, 28, 28))
    walks[2, 3] = 1
    title = (
        f"deterministic encoder,\nprior: {name}, 10,000 labels\n95.1% of the codes in their digit's component"
    )
    angles = 2 * np.pi * y / 10
    z = np.stack([np.cos(angles), np.sin(angles)], axis=-1) + 0.05 * RNG.standard_normal((1000, 2))
    return Told(title, z, y, prior_class(name)(), walks)


def test_a_run_has_its_plane_beside_its_walks() -> None:
    figure = figure_3([told("mixture"), told("swiss_roll")], "Figure 3", 1.5)
    planes, walks = figure.axes[::2], figure.axes[1::2]
    assert [axes.get_title().split("\n")[1] for axes in planes] == [
        "prior: mixture, 10,000 labels",
        "prior: swiss_roll, 10,000 labels",
    ]
    for axes in walks:
        (image,) = axes.images
        pixels = np.asarray(image.get_array())
        assert pixels.shape == (280, 112)
        assert pixels[56:84, 84:].min() == 1
        assert pixels.sum() == 784
        assert [label.get_text() for label in axes.get_yticklabels()] == [str(digit) for digit in range(10)]
