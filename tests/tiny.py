"""Training runs of a tiny budget, and whether their weights moved."""

from collections.abc import Mapping

import torch
from conftest import ROOT
from torch import nn

from aae.config import RunConfig
from aae.params import parse_params

TINY = {"epochs": 2, "batch_size": 100, "regularization_interval": 2, "device": "cpu", "precision": "float32"}


def make_config(
    model: Mapping[str, object] | None = None,
    train: Mapping[str, object] | None = None,
    **settings: object,
) -> RunConfig:
    """The committed recipe with a tiny budget and the given changes."""
    content = parse_params((ROOT / "params.yaml").read_text(encoding="utf-8")).base().model_dump()
    content["model"] |= {"hidden_units": 64} | dict(model or {})
    content["train"] |= TINY | dict(train or {})
    return RunConfig.model_validate(content | settings)


def snapshot(network: nn.Module) -> list[torch.Tensor]:
    """Copies of a network's weights."""
    return [parameter.detach().clone() for parameter in network.parameters()]


def moved(network: nn.Module, before: list[torch.Tensor]) -> bool:
    """Whether any weight differs from what it was."""
    return any(not torch.equal(a, b) for a, b in zip(network.parameters(), before, strict=True))
