"""The machine's limit: how long the matrix products of a loop take by themselves, at their best."""

import itertools
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from contestants import StopTraining, make_contestant

Product = tuple[int, int, int]  # (m, k, n): an m x k matrix times a k x n matrix.


def count_products(name: str, folder: Path) -> Counter[Product]:
    """The matrix products, forward and backward, of the contestant's first cycle of steps."""
    contestant = make_contestant(name, folder)
    products: Counter[Product] = Counter()
    steps = itertools.count(1)

    def record(a: torch.Size, b: torch.Size) -> int:
        products[a[0], a[1], b[1]] += 1
        return 2 * a[0] * a[1] * b[1]

    def stop() -> None:
        if next(steps) == contestant.cycle:
            raise StopTraining

    shapes = {
        torch.ops.aten.mm: lambda a, b, **_: record(a, b),
        torch.ops.aten.addmm: lambda bias, a, b, **_: record(a, b),
    }
    counter = FlopCounterMode(display=False, custom_mapping=shapes)
    with counter, suppress(StopTraining):
        contestant.run_epoch(stop)
    if flops(products) != counter.get_total_flops():
        raise RuntimeError("there are operations that are neither mm nor addmm")
    return products


def flops(products: Counter[Product]) -> int:
    """Floating-point operations of all the products."""
    return sum(2 * m * k * n * count for (m, k, n), count in products.items())


def best_seconds(products: Iterable[Product], budget: float) -> dict[Product, float]:
    """The shortest time of each product, over both layouts of each operand and many repeats.

    A layout matters because the product for a weight's gradient has its left operand transposed.

    Args:
        products: shapes.
        budget: seconds for each shape.
    """
    return {product: min(_times(*product, budget)) for product in products}


def _times(m: int, k: int, n: int, budget: float) -> list[float]:
    lefts = [torch.randn(m, k), torch.randn(k, m).T]
    rights = [torch.randn(k, n), torch.randn(n, k).T]
    out = torch.empty(m, n)
    times: list[float] = []
    end = time.perf_counter() + budget
    while len(times) < 40 or time.perf_counter() < end:
        for left, right in itertools.product(lefts, rights):
            start = time.perf_counter()
            torch.mm(left, right, out=out)
            times.append(time.perf_counter() - start)
    return times
