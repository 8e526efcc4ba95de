"""Interface that training asks of an objective: what it adds to the reconstruction loss."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import nn
from torch.optim import Optimizer

from aae.model import optimizers
from aae.model.encoders.base import Codes
from aae.model.parts import run_prior
from aae.settings.config import RunConfig

Tensors = dict[str, torch.Tensor]
State = dict[str, Tensors]


@dataclass(frozen=True)
class Moment:
    """Position of a step in a training run."""

    step: int
    """From 1."""
    progress: float
    """Share of all steps that is done, in (0, 1]."""
    rate_factor: float
    """Factor that learning rates are multiplied by."""


class Objective:
    """Term that a step adds to the reconstruction loss; by itself nothing. State is kept in these attributes.

    What is random or scheduled about a step is drawn on the CPU, apart from it (`draw`). The step itself is
    tensors in, tensors out, and the same work for all steps of one kind: it can be captured in a graph.
    """

    def __init__(self, config: RunConfig, device: torch.device) -> None:
        """Fresh networks, optimisers and generators of its own."""
        self.config = config
        self.settings = config.train
        self.device = device
        self.prior = run_prior(config)
        self.networks: dict[str, nn.Module] = {}
        self.optimizers: dict[str, Optimizer] = {}
        self.generators: dict[str, torch.Generator] = {}
        self.buffers: Tensors = {}
        """Tensors that later steps depend on, changed in place."""

    def draw(self, moment: Moment, y: torch.Tensor) -> tuple[int, Tensors]:
        """Draw what is random or scheduled about a step; called once a step, in order.

        Args:
            moment: where the run stands.
            y: the digits of the images, `UNLABELLED` where they are not told, (batch,), on the CPU.

        Returns:
            A number for the kind of the step, and its inputs beside the images, on the CPU; of the same
            shapes for steps of one kind.
        """
        return 0, {}

    def penalty(self, codes: Codes, kind: int, inputs: Tensors) -> tuple[torch.Tensor, Tensors]:
        """The weighted loss to add at a step, and the losses to report, by name; none where it has none.

        Args:
            codes: of the minibatch; gradients flow back through them.
            kind: what `draw` said of the step.
            inputs: what it gave, on the device.
        """
        raise NotImplementedError

    def check(self, epoch: int, losses: Mapping[str, float]) -> None:
        """Stop a run from which nothing more can come.

        Args:
            epoch: for the message.
            losses: their means over the epoch.

        Raises:
            UserError: what happened, and which parameters to change.
        """

    def state_dict(self) -> State:
        """All that later steps depend on."""
        return {
            **{name: network.state_dict() for name, network in self.networks.items()},
            **{name: optimizers.state_tensors(each) for name, each in self.optimizers.items()},
            "objective_generators": {name: each.get_state() for name, each in self.generators.items()},
            "objective_buffers": dict(self.buffers),
        }

    def load_state_dict(self, state: State) -> None:
        """Take up what `state_dict` gave; a KeyError or RuntimeError says that it is of another objective."""
        for name, network in self.networks.items():
            network.load_state_dict(state[name])
        for name, optimizer in self.optimizers.items():
            optimizers.load_state_tensors(optimizer, state.get(name, {}))  # Files keep no empty groups.
        for name, generator in self.generators.items():
            generator.set_state(state["objective_generators"][name])
        for name, buffer in self.buffers.items():
            buffer.copy_(state["objective_buffers"][name])
