"""Adam, without what a training of steps this short has no time for."""

from collections.abc import Iterable
from typing import cast

import torch

EPSILON = 1e-8


class Adam:
    """Adam (Kingma and Ba, arXiv:1412.6980, algorithm 1), updating with PyTorch's own fused kernel.

    The same numbers as `torch.optim.Adam(fused=True)`, to the bit. That one goes through hooks, groups
    and defaults before it calls the same kernel, and imports PyTorch's compiler, seconds, for
    nothing. What is left out: weight decay, groups of parameters, parameters without gradients.
    """

    def __init__(self, parameters: Iterable[torch.nn.Parameter], betas: tuple[float, float]) -> None:
        """No step taken yet.

        Args:
            parameters: what to update; all get a gradient before each step.
            betas: decay rates of the two moments, each in [0, 1).
        """
        self.parameters: list[torch.Tensor] = list(parameters)
        self.betas = betas
        self.first = [torch.zeros_like(parameter) for parameter in self.parameters]
        self.second = [torch.zeros_like(parameter) for parameter in self.parameters]
        # One count for all would do, but the kernel reads one a parameter.
        self.steps = [torch.zeros((), device=parameter.device) for parameter in self.parameters]

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """One update of all parameters by their gradients.

        Args:
            rate: the learning rate of this step.
        """
        torch._foreach_add_(self.steps, 1)
        torch._fused_adam_(
            self.parameters,
            cast(list[torch.Tensor], [parameter.grad for parameter in self.parameters]),
            self.first,
            self.second,
            [],
            self.steps,
            lr=rate,
            beta1=self.betas[0],
            beta2=self.betas[1],
            weight_decay=0.0,
            eps=EPSILON,
            amsgrad=False,
            maximize=False,
        )

    def state_dict(self) -> dict[str, torch.Tensor]:
        """The moments and step counts themselves, by name; not copies."""
        return dict(self._named_tensors())

    def load_state_dict(self, state: dict[str, torch.Tensor]) -> None:
        """Copy what `state_dict` gave.

        Raises:
            KeyError: the state lacks a tensor.
            RuntimeError: a tensor has another shape.
        """
        for name, tensor in self._named_tensors():
            if state[name].shape != tensor.shape:  # `copy_` would broadcast.
                raise RuntimeError(f"{name} is {tuple(state[name].shape)}, not {tuple(tensor.shape)}")
            tensor.copy_(state[name])

    def _named_tensors(self) -> list[tuple[str, torch.Tensor]]:
        groups = {"first": self.first, "second": self.second, "steps": self.steps}
        return [(f"{name}.{i}", tensor) for name, group in groups.items() for i, tensor in enumerate(group)]
