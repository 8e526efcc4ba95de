"""PyTorch's optimisers, and their state as plain tensors."""

from collections.abc import Iterable

import torch
from torch.optim import SGD, Adam, Optimizer

MOMENTUM = 0.9  # Of SGD.


def rate_type(device: torch.device) -> torch.dtype:
    """The type of learning rates on a device: CUDA's fused optimisers read float32, the CPU's float64."""
    return torch.float32 if device.type == "cuda" else torch.float64


def make_optimizer(
    name: str, parameters: Iterable[torch.nn.Parameter], betas: tuple[float, float]
) -> Optimizer:
    """Adam with the given decay rates, or SGD with momentum; `step` gives the learning rate.

    On CUDA both can be captured in a graph: their state and their learning rate stay on the device.
    """
    parameters = list(parameters)
    device = parameters[0].device
    cuda = device.type == "cuda"
    rate = torch.zeros((), dtype=rate_type(device), device=device)
    if name == "sgd":
        return SGD(parameters, lr=rate, momentum=MOMENTUM, fused=cuda)
    return Adam(parameters, lr=rate, betas=betas, fused=True, capturable=cuda)


def parameters_of(optimizer: Optimizer) -> list[torch.Tensor]:
    """Parameters that an optimizer updates."""
    return [parameter for group in optimizer.param_groups for parameter in group["params"]]


def minimize(optimizer: Optimizer, loss: torch.Tensor, rate: torch.Tensor) -> None:
    """One update of the optimiser's parameters, and of no others, by the gradients of a loss."""
    optimizer.zero_grad()
    loss.backward(inputs=parameters_of(optimizer))
    step(optimizer, rate)


def step(optimizer: Optimizer, rate: torch.Tensor) -> None:
    """One update by the gradients, with this learning rate, a number of the type `rate_type`."""
    for group in optimizer.param_groups:
        group["lr"].copy_(rate)
    optimizer.step()


def state_tensors(optimizer: Optimizer) -> dict[str, torch.Tensor]:
    """Moments and step counts themselves, by "place.name"; not copies."""
    state = optimizer.state_dict()["state"]
    return {f"{place}.{name}": value for place, values in state.items() for name, value in values.items()}


def load_state_tensors(optimizer: Optimizer, tensors: dict[str, torch.Tensor]) -> None:
    """Take up what `state_tensors` gave.

    Raises:
        RuntimeError: a tensor is not of these parameters.
    """
    shapes = [parameter.shape for parameter in parameters_of(optimizer)]
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, tensor in tensors.items():
        place, _, key = name.partition(".")
        if int(place) >= len(shapes) or tensor.shape not in (shapes[int(place)], torch.Size()):
            raise RuntimeError(f"{name} is {tuple(tensor.shape)}")
        state.setdefault(int(place), {})[key] = tensor
    if len(state) not in (0, len(shapes)):  # Before its first step an optimiser has no state.
        raise RuntimeError(f"the state is of {len(state)} parameters, not {len(shapes)}")
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
