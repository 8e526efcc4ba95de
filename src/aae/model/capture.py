"""Steps as CUDA graphs: one launch instead of hundreds, and nothing of Python in between.

A wrapper around a step, not a second one: elsewhere, and for what cannot be captured, the step runs as it is.
"""

import sys
from collections import Counter
from collections.abc import Callable
from functools import partial

import torch

from aae.model.objectives.base import Tensors

Step = Callable[[int, Tensors], Tensors]

# Steps of a kind before it is captured: they make the optimisers' state and the libraries' workspaces.
EAGER_STEPS = 3


def captured(step: Step, device: torch.device) -> Step:
    """A step that, on CUDA, is captured in one graph for each of its kinds.

    Args:
        step: changes tensors in place by inputs of the same shapes for each kind, and gives new ones; it
            waits for nothing on the device.
        device: of all tensors.
    """
    return CapturedStep(step, device) if device.type == "cuda" else step


class CapturedStep:
    """The same updates in the same order, to the bit: a replay runs the kernels of the eager step."""

    def __init__(self, step: Step, device: torch.device) -> None:
        """Nothing is captured yet."""
        self.step = step
        # One for all, so that gradients and workspaces belong to the same stream throughout.
        self.stream = torch.cuda.Stream(device)
        self.taken: Counter[int] = Counter()
        self.graphs: dict[int, Callable[[Tensors], Tensors]] = {}
        self.eager = False

    def __call__(self, kind: int, inputs: Tensors) -> Tensors:
        """One step; the losses that it gives are the caller's."""
        self.stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self.stream):
            if kind in self.graphs:
                losses = self.graphs[kind](inputs)
            else:
                losses = self.step(kind, inputs)
                self.taken[kind] += 1
                if self.taken[kind] == EAGER_STEPS and not self.eager:
                    self._capture(kind, inputs)
        torch.cuda.current_stream().wait_stream(self.stream)
        return losses

    def _capture(self, kind: int, inputs: Tensors) -> None:
        """Record the kind's kernels, without running them."""
        static = {name: value.clone() for name, value in inputs.items()}
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph, stream=self.stream):
                losses = self.step(kind, static)
                names, values = list(losses), torch.stack(list(losses.values()))
        except RuntimeError as error:
            self.eager = True
            reason = " ".join(str(error).split())[:200]
            print(f"train: steps are not captured in a graph ({reason})", file=sys.stderr, flush=True)
            return
        self.graphs[kind] = partial(_replay, graph, static, names, values)


def _replay(
    graph: torch.cuda.CUDAGraph, static: Tensors, names: list[str], values: torch.Tensor, inputs: Tensors
) -> Tensors:
    for name, value in inputs.items():
        static[name].copy_(value)
    graph.replay()
    return dict(zip(names, values.clone().unbind(), strict=True))


def to_device(kinds: list[int], inputs: list[Tensors], device: torch.device) -> list[Tensors]:
    """Inputs of steps on a device, copied once for all steps of a kind.

    Args:
        kinds: of the steps.
        inputs: on the CPU, of the same names and shapes for each kind.
        device: to copy to; on the CPU they stay as they are.
    """
    if device.type == "cpu":
        return inputs
    result: list[Tensors] = [{} for _ in inputs]
    for kind in set(kinds):
        places = [place for place, each in enumerate(kinds) if each == kind]
        for name in inputs[places[0]]:
            stacked = torch.stack([inputs[place][name] for place in places])
            # From pinned memory, so that this process need not wait until the device has time for it.
            stacked = stacked.pin_memory().to(device, non_blocking=True)
            for place, value in zip(places, stacked.unbind(), strict=True):
                result[place][name] = value
    return result
