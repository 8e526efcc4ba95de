"""The machine's limit: how long the matrix products of a loop, and its updates, take by themselves."""

import itertools
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from aae.model.optimizers import parameters_of, step
from contestant import Contestant, StopTraining
from contestants import Project, make_contestant

# (m, k, n, precision): an m x k matrix times a k x n matrix.
Product = tuple[int, int, int, str]
# Bytes to go round so that what comes again has left the cores' caches; a training run goes round 74 MB.
FROM_MEMORY = 100_000_000
MOST_SETS = 100


def count_products(name: str, folder: Path) -> Counter[Product]:
    """The matrix products, forward and backward, of a cycle of the contestant's steps."""
    contestant = make_contestant(name, folder)
    run_cycle(contestant)  # In the first one its buffer fills.
    products: Counter[Product] = Counter()

    def record(a: torch.Size, b: torch.Size) -> int:
        products[a[0], a[1], b[1], contestant.precision] += 1
        return 2 * a[0] * a[1] * b[1]

    shapes = {
        torch.ops.aten.mm: lambda a, b, **_: record(a, b),
        torch.ops.aten.addmm: lambda bias, a, b, **_: record(a, b),
    }
    counter = FlopCounterMode(display=False, custom_mapping=shapes)
    with counter:
        run_cycle(contestant)
    if flops(products) != counter.get_total_flops():
        raise RuntimeError("there are operations that are neither mm nor addmm")
    return products


def run_cycle(contestant: Contestant) -> None:
    """The next cycle of a contestant's steps."""
    steps = itertools.count(1)

    def stop() -> None:
        if next(steps) == contestant.cycle:
            raise StopTraining

    with suppress(StopTraining):
        contestant.run_epoch(stop)


def flops(products: Counter[Product]) -> int:
    """Floating-point operations of all the products."""
    return sum(2 * m * k * n * count for (m, k, n, _), count in products.items())


def product_seconds(products: Iterable[Product], budget: float) -> dict[Product, tuple[float, float]]:
    """Two times for each product: its best ever, and its usual one with operands that lay in memory.

    A loop has the second at most: between two products of one weight it goes through all others, their
    gradients and Adam's moments, which no core's cache holds. Both are those of the best layout of each
    operand; layouts matter because the product for a weight's gradient has its left operand transposed.

    Args:
        products: shapes and precisions.
        budget: seconds for each of the two.
    """
    return {
        product: (
            min(min(times) for times in _times(*product, sets=1, budget=budget)),
            min(
                statistics.median(times) for times in _times(*product, sets=_enough(*product), budget=budget)
            ),
        )
        for product in products
    }


def update_seconds(name: str, folder: Path, repeats: int = 100) -> float:
    """What the updates of a cycle of steps take by themselves, for a contestant of the project's own.

    They are Adam's and, with products in bfloat16, the casts: of all weights once a pass through their
    network, and of their gradients, back to float32, once an update.
    """
    contestant = make_contestant(name, folder)
    assert isinstance(contestant, Project)
    run_cycle(contestant)  # For gradients to update with.
    trainer = contestant.trainer
    phases = contestant.cycle // trainer.settings.regularization_interval
    seconds = 0.0
    still = torch.zeros((), dtype=torch.float64)  # A learning rate.
    for optimizer, updates, passes in (
        (trainer.optimizer, contestant.cycle, contestant.cycle),
        *((each, phases, phases) for each in trainer.objective.optimizers.values()),
    ):
        weights = [weight.detach() for weight in parameters_of(optimizer)]
        work: list[tuple[int, Callable[[], object]]] = [(updates, partial(step, optimizer, still))]
        if contestant.precision == "bfloat16":
            # Into memory that is there: what a fresh allocation takes differs from process to process.
            narrow = [weight.bfloat16() for weight in weights]
            wide = [weight.float() for weight in narrow]
            work.append((passes, partial(_copy, narrow, weights)))
            work.append((updates, partial(_copy, wide, narrow)))
        rounds = [[_seconds(run) for _, run in work] for _ in range(repeats)]
        medians = map(statistics.median, zip(*rounds, strict=True))
        seconds += sum(count * median for (count, _), median in zip(work, medians, strict=True))
    return seconds


def _copy(targets: list[torch.Tensor], sources: list[torch.Tensor]) -> None:
    for target, source in zip(targets, sources, strict=True):
        target.copy_(source)


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def _enough(m: int, k: int, n: int, precision: str) -> int:
    size = getattr(torch, precision).itemsize
    return min(-(-FROM_MEMORY // (size * (m * k + k * n + m * n))), MOST_SETS)


def _times(m: int, k: int, n: int, precision: str, sets: int, budget: float) -> list[list[float]]:
    """The times of one product, a list a layout, going round `sets` of operands and results."""
    kind = getattr(torch, precision)
    lefts = [(torch.randn(m, k).to(kind), torch.randn(k, m).to(kind).T) for _ in range(sets)]
    rights = [(torch.randn(k, n).to(kind), torch.randn(n, k).to(kind).T) for _ in range(sets)]
    outs = [torch.empty(m, n, dtype=kind) for _ in range(sets)]
    result = []
    for left, right in itertools.product((0, 1), repeat=2):
        times: list[float] = []
        end = time.perf_counter() + budget / 4
        while len(times) < max(40, sets) or time.perf_counter() < end:
            place = len(times) % sets
            start = time.perf_counter()
            torch.mm(lefts[place][left], rights[place][right], out=outs[place])
            times.append(time.perf_counter() - start)
        result.append(times)
    return result
