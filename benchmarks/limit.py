"""The machine's limit: how long the matrix products of a loop take by themselves."""

import itertools
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from contestant import Contestant, StopTraining
from contestants import make_contestant

# (m, k, n, precision): an m x k matrix times a k x n matrix.
Product = tuple[int, int, int, str]
LEAST_REPEATS = 40


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


def product_seconds(products: Iterable[Product], budget: float) -> dict[Product, float]:
    """The best time of each product, in the best layout of each operand.

    Layouts matter because the product for a weight's gradient has its left operand transposed.

    Args:
        products: shapes and precisions.
        budget: seconds for each.
    """
    return {product: _best(*product, budget) for product in products}


def _best(m: int, k: int, n: int, precision: str, budget: float) -> float:
    kind = getattr(torch, precision)
    lefts = (torch.randn(m, k).to(kind), torch.randn(k, m).to(kind).T)
    rights = (torch.randn(k, n).to(kind), torch.randn(n, k).to(kind).T)
    out = torch.empty(m, n, dtype=kind)
    times: list[float] = []
    for left, right in itertools.product(lefts, rights):
        repeats, end = 0, time.perf_counter() + budget / 4
        while repeats < LEAST_REPEATS or time.perf_counter() < end:
            start = time.perf_counter()
            torch.mm(left, right, out=out)
            times.append(time.perf_counter() - start)
            repeats += 1
    return min(times)
