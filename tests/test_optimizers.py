"""The optimisers are PyTorch's, and their state can be put away and taken up."""

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam, Optimizer

from aae.model import optimizers
from aae.model.optimizers import make_optimizer

BETAS = (0.9, 0.98)
NAMES = pytest.mark.parametrize("name", ["adam", "sgd"])


def make_network() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 3))


def train(network: nn.Module, optimizer: Optimizer, steps: range) -> list[torch.Tensor]:
    """The weights after steps whose gradients and learning rates differ."""
    for step in steps:
        x = torch.randn(11, 5, generator=torch.Generator().manual_seed(step))
        optimizer.zero_grad()
        network(x).square().mean().backward()
        rate = 0.01 / (step + 1)
        if isinstance(optimizer.param_groups[0]["lr"], torch.Tensor):
            optimizers.step(optimizer, torch.tensor(rate, dtype=torch.float64))
        else:  # PyTorch's own, with a number.
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.step()
    return [parameter.detach().clone() for parameter in network.parameters()]


def equal(a: list[torch.Tensor], b: list[torch.Tensor]) -> bool:
    return all(torch.equal(left, right) for left, right in zip(a, b, strict=True))


@NAMES
def test_an_optimiser_is_pytorchs_to_the_bit(name: str) -> None:
    network, theirs_network = make_network(), make_network()
    theirs: Optimizer
    if name == "adam":
        theirs = Adam(theirs_network.parameters(), betas=BETAS, fused=True)
    else:
        theirs = SGD(theirs_network.parameters(), lr=1.0, momentum=0.9)
    ours = train(network, make_optimizer(name, network.parameters(), BETAS), range(20))
    assert equal(ours, train(theirs_network, theirs, range(20)))
    assert not equal(ours, [parameter.detach() for parameter in make_network().parameters()])
