"""Adversarial autoencoders (Makhzani et al., arXiv:1511.05644) on MNIST: train, measure the fit, draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aae.pretrained.network import Network


def load() -> Network:
    """The encoder and decoder of the base run, as this package brings them (docs/model-card.md)."""
    from importlib import resources

    from aae.pretrained import network

    with resources.as_file(resources.files("aae.weights") / "base.safetensors") as path:
        return network.load(path)
