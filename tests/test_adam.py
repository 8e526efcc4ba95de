"""The optimiser: PyTorch's Adam to the bit, and a state that can be put away and taken up."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from aae.adam import Adam

BETAS = (0.9, 0.98)


def make_network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 3))


def backward(network: nn.Module, step: int) -> None:
    """Gradients that differ from step to step."""
    x = torch.randn(11, 5, generator=torch.Generator().manual_seed(step))
    network(x).square().mean().backward()


def train(network: nn.Module, steps: range, update: Callable[[float], None]) -> list[torch.Tensor]:
    for step in steps:
        backward(network, step)
        update(0.01 / (step + 1))
    return [parameter.detach().clone() for parameter in network.parameters()]


def equal(a: list[torch.Tensor], b: list[torch.Tensor]) -> bool:
    return all(torch.equal(left, right) for left, right in zip(a, b, strict=True))


def own_update(optimizer: Adam) -> Callable[[float], None]:
    def update(rate: float) -> None:
        optimizer.step(rate)
        optimizer.zero_grad()

    return update


def test_it_is_pytorchs_adam_to_the_bit() -> None:
    theirs_network = make_network()
    theirs = torch.optim.Adam(theirs_network.parameters(), betas=BETAS, fused=True)

    def update(rate: float) -> None:
        theirs.param_groups[0]["lr"] = rate
        theirs.step()
        theirs.zero_grad()

    network = make_network()
    ours = train(network, range(20), own_update(Adam(network.parameters(), BETAS)))
    assert equal(ours, train(theirs_network, range(20), update))
    assert not equal(ours, [parameter.detach() for parameter in make_network().parameters()])


def test_a_state_taken_up_goes_on_as_if_never_put_away() -> None:
    network = make_network()
    optimizer = Adam(network.parameters(), BETAS)
    train(network, range(5), own_update(optimizer))
    state = {name: tensor.clone() for name, tensor in optimizer.state_dict().items()}
    weights = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    undisturbed = train(network, range(5, 10), own_update(optimizer))

    again = make_network()
    again.load_state_dict(weights)
    resumed = Adam(again.parameters(), BETAS)
    resumed.load_state_dict(state)
    assert equal(train(again, range(5, 10), own_update(resumed)), undisturbed)


def test_a_state_of_another_shape_is_refused() -> None:
    optimizer = Adam(make_network().parameters(), BETAS)
    state = optimizer.state_dict()
    with pytest.raises(RuntimeError, match=r"first\.1 is \(1,\), not \(7,\)"):  # It would broadcast.
        optimizer.load_state_dict(state | {"first.1": torch.zeros(1)})
    with pytest.raises(KeyError):
        optimizer.load_state_dict({})
