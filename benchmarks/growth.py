"""How the cost of training grows with epochs, batch, units, images, code and threads."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from aae.data import idx
from aae.data.datasets import SHAPE
from aae.model.numerics import prepare_process
from aae.model.trainer import Trainer
from contestant import PIXELS, StopTraining
from contestants import run_config

SLICES = 5
FEW_IMAGES = 6000  # Enough where the number of images is not what is varied.

AXES = {  # Axis -> what the panel's axes say.
    "epochs": ("epochs (of 6,000 images)", "seconds in all"),
    "batch_size": ("batch size", "seconds a step"),
    "hidden_units": ("hidden units a layer", "seconds a step"),
    "code_dim": ("code dimensions", "seconds a step"),
    "threads": ("threads", "seconds a step"),
    "images": ("training images", "seconds an epoch"),
}


@dataclass(frozen=True)
class Point:
    """One training run: all at the project's defaults but for one value."""

    axis: str
    value: int


def points(quick: bool) -> list[Point]:
    """What is measured, axis by axis."""
    if quick:
        values = {"epochs": [1], "batch_size": [50, 500], "images": [6000, 12_000]}
    else:
        values = {
            "epochs": [1, 2, 4, 8, 16],
            "batch_size": [25, 50, 100, 200, 400, 800, 1600],
            "hidden_units": [250, 500, 1000, 2000, 4000],
            "code_dim": [2, 8, 32, 128],
            "threads": list(range(1, (os.cpu_count() or 1) + 1)),
            "images": [60_000, 240_000, 960_000, 3_840_000],
        }
    return [Point(axis, value) for axis, axis_values in values.items() for value in axis_values]


def work(axis: str, value: float) -> float:
    """What there is to do at a point, relative to the other points of its axis."""
    match axis:
        case "threads":
            return 1 / value  # For each of them.
        case "hidden_units":
            return _weights(value, run_config().model.code_dim)
        case "code_dim":
            return _weights(run_config().model.hidden_units, value)
        case _:
            return value


def _weights(hidden: float, code: float) -> float:
    """Those of encoder and decoder, each of which every image meets three times."""
    return 2 * hidden * (PIXELS + hidden + code)


def largest(points: list[Point]) -> int:
    """The most images that any point needs."""
    return max([FEW_IMAGES, *(point.value for point in points if point.axis == "images")])


def write_images(folder: Path, path: Path, count: int) -> None:
    """A raw file of `count` images, a byte a pixel: MNIST's training images again and again."""
    x, _ = idx.read(folder, "train")
    with path.open("wb") as file:
        for start in range(0, count, len(x)):
            file.write(x[: count - start].tobytes())


def measure(point: Point, path: Path, budget: float) -> dict[str, object]:
    """The cost at one point, in a process of its own.

    Args:
        point: what differs from the defaults.
        path: the raw file of images.
        budget: seconds of training.

    Returns:
        Axis, value, its work, the cost in seconds (median, lowest and highest) and the memory of the
        process's own, without mapped files, in MB.
    """
    prepare_process(run_config().train)  # As the train stage does.
    changes: dict[str, object] = {"epochs": 100_000}  # No point reaches the end of the schedule.
    images = FEW_IMAGES
    match point.axis:
        case "images":
            images = point.value
        case "threads":
            torch.set_num_threads(point.value)
        case axis:
            changes[axis] = point.value
    # Memory-mapped, so that memory stays constant.
    size = images * PIXELS
    mapped = torch.from_file(str(path), shared=False, size=size, dtype=torch.uint8).view(-1, *SHAPE)
    trainer = Trainer(run_config(**changes), mapped, torch.zeros(images, dtype=torch.int64))
    if point.axis == "epochs":
        costs = [train_all(trainer, point.value)]
    else:
        shuffle, costs = time_steps(trainer, budget)
        if point.axis == "images":
            costs = [shuffle + trainer.steps_per_epoch * cost for cost in costs]
    return {
        "axis": point.axis,
        "value": point.value,
        "work": work(point.axis, point.value),
        "seconds": float(np.median(costs)),
        "lowest": min(costs),
        "highest": max(costs),
        "memory_mb": own_memory(),
    }


def train_all(trainer: Trainer, epochs: int) -> float:
    """Seconds of a whole training run."""
    start = time.perf_counter()
    for _ in range(epochs):
        trainer.run_epoch()
    return time.perf_counter() - start


def time_steps(trainer: Trainer, budget: float) -> tuple[float, list[float]]:
    """Seconds before an epoch's first step, and seconds a step in each of `SLICES` slices."""
    cycle = trainer.settings.regularization_interval
    run_until(trainer, lambda stamps: len(stamps) == 3 * cycle)  # Warms up.
    start = time.perf_counter()
    stamps = run_until(trainer, lambda stamps: len(stamps) > SLICES * cycle and stamps[-1] - start > budget)
    length = (len(stamps) - 1) // SLICES // cycle * cycle  # A slice is whole cycles.
    edges = np.array(stamps[: SLICES * length + 1 : length])
    costs: list[float] = (np.diff(edges) / length).tolist()
    return max(stamps[0] - start - float(np.median(costs)), 0.0), costs


def run_until(trainer: Trainer, enough: Callable[[list[float]], bool]) -> list[float]:
    """Train epoch after epoch until `enough` of the times at which steps ended."""
    stamps: list[float] = []

    def on_step() -> None:
        stamps.append(time.perf_counter())
        if enough(stamps):
            raise StopTraining

    with suppress(StopTraining):
        while True:
            trainer.run_epoch(on_step)
    return stamps


def own_memory() -> float:
    """Memory of this process that no file backs, in MB; NaN where Linux's /proc is missing."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    sizes = [int(line.split()[1]) for line in lines if line.startswith("RssAnon:")]
    return sizes[0] * 1024 / 1e6 if sizes else float("nan")


def figure(table: pd.DataFrame) -> Figure:
    """A panel an axis, both scales logarithmic, and a panel of the memory against the images."""
    axes_measured = [axis for axis in AXES if axis in set(table["axis"])]
    panels = [(axis, "seconds", *AXES[axis]) for axis in axes_measured]
    panels.append(("images", "memory_mb", "training images, memory-mapped", "memory of its own, MB"))
    columns = 4
    rows = -(-len(panels) // columns)
    result = Figure(figsize=(3.6 * columns, 3.2 * rows), layout="compressed")
    for place, (axis, column, xlabel, ylabel) in enumerate(panels, 1):
        part = table[table["axis"] == axis]
        x, y = part["value"].to_numpy(float), part[column].to_numpy(float)
        axes = result.add_subplot(rows, columns, place)
        axes.loglog(x, y, "o-", color="#332288", label="measured")
        # Through the last point: what fixed costs hide at small sizes shows at large ones.
        if column == "seconds":
            expected = part["work"].to_numpy(float)
            axes.loglog(x, y[-1] * expected / expected[-1], "--", color="0.6", label="its work")
        if y.max() < 1.5 * y.min():
            axes.set_ylim(0.5 * y.min(), 2 * y.max())  # Else what is constant looks like noise.
        axes.set(xlabel=xlabel, ylabel=ylabel)
        axes.set_xticks(x, [f"{value / 1000:g}k" if value >= 10_000 else f"{value:g}" for value in x])
        axes.xaxis.set_minor_locator(NullLocator())
        if place == 1:
            axes.legend(frameon=False)
    return result
