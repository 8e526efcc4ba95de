"""How fast this project trains, beside its peers and beside the machine's limit: `make bench`.

Every contestant has a process of its own, so that its peak memory is its own; the processes take
turns, a slice of an epoch each, so that a drift of the machine hits all alike. The tables go to
`results/`. Run it on an idle machine.
"""

import argparse
import math
import statistics
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd

from aae.system import artifacts
from workers import Worker, describe_machine, run_alone

# The project's epochs cost more in refinement, as its discriminator sees more codes: "early" and "late".
CONTESTANTS = (
    "this project, early",
    "this project, late",
    "this project, early, float32",
    "this project, late, float32",
    "this project, like for like",
    "pythae",
    "plain loop",
)
TIMED_TO_QUALITY = ("this project", "pythae", "plain loop")
IMAGES = 60_000
ERROR_GOAL = 0.037  # Mean squared error per pixel of the test images.
KL_GOAL = 0.15  # KL(q || p) of the test codes, nats.
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Measure, print the tables and write them."""
    parts = {"peers": compare_with_peers, "growth": measure_growth}
    options = parse_options(list(parts))
    options.out.mkdir(parents=True, exist_ok=True)
    machine = run_alone(describe_machine)
    for part, measure in parts.items():
        if part in options.parts:
            measure(options)
            artifacts.save_json(machine, options.out / f"machine_{part}.json")


def compare_with_peers(options: argparse.Namespace) -> None:
    """The tables of speed, of its limit and of time to quality."""
    speed, products = compare_speed(options)
    show(speed, options.out / "speed.csv")
    show(products, options.out / "products.csv")
    show(time_to_quality(options), options.out / "quality.csv")


def measure_growth(options: argparse.Namespace) -> None:
    """The table of how the cost grows, and its plot."""
    import growth

    with tempfile.TemporaryDirectory() as folder:
        points = growth.points(options.quick)
        images = Path(folder) / "images"
        growth.write_images(options.mnist, images, growth.largest(points))
        rows = [run_alone(growth.measure, point, images, options.growth_seconds) for point in points]
    show(pd.DataFrame(rows), options.out / "growth.csv")
    artifacts.save_figure(growth.figure(pd.DataFrame(rows)), options.out / "growth.png", dpi=110)


def parse_options(parts: list[str]) -> argparse.Namespace:
    """The command line, which may choose among the parts of the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    add = parser.add_argument
    add("--mnist", type=Path, default=Path("data/mnist"), help="folder of the four IDX files")
    add("--out", type=Path, default=RESULTS, help="folder for the tables")
    add("--parts", nargs="+", choices=parts, default=parts, help="what to measure")
    add("--contestants", nargs="+", default=CONTESTANTS, help='also known: "pythae, sampling"')
    add("--repeats", type=int, default=7, help="timed slices of each contestant")
    add("--slice", type=int, default=30_000, help="images of a slice")
    add("--patience", type=float, default=600, help="seconds of training in which to reach the quality")
    add("--growth-seconds", type=float, default=2.0, help="seconds of training for a point of growth")
    add("--quick", action="store_true", help="tiny budgets: shows that it runs, measures nothing")
    options = parser.parse_args()
    if options.quick:
        options.repeats, options.slice, options.patience, options.growth_seconds = 2, 500, 1.0, 0.2
    return options


def show(table: pd.DataFrame, path: Path) -> None:
    """Print a table and write it."""
    print(f"\n{path.name}\n{table.to_string(index=False)}", flush=True)
    artifacts.save_table(table.to_dict("records"), path)


def compare_speed(options: argparse.Namespace) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Seconds an epoch, its limit and peak memory of every contestant.

    Returns:
        A row for each contestant, and a row for each shape of a matrix product.
    """
    from limit import count_products, flops, product_seconds, update_seconds

    counts = {name: run_alone(count_products, name, options.mnist) for name in options.contestants}
    workers = {name: Worker(name, options.mnist) for name in options.contestants}
    seconds: dict[str, list[float]] = {name: [] for name in workers}
    for _ in range(1 + options.repeats):
        for name, worker in workers.items():
            # Whole cycles, at least one.
            steps = max(options.slice // worker.batch_size // worker.cycle, 1) * worker.cycle
            seconds[name].append(worker.train(steps) / (steps * worker.batch_size) * IMAGES)
    memory = {name: worker.finish() for name, worker in workers.items()}

    shapes = sorted({product for products in counts.values() for product in products})
    alone = run_alone(product_seconds, shapes, 0.01 if options.quick else 0.3)
    updates = {
        name: run_alone(update_seconds, name, options.mnist)
        for name in options.contestants
        if name.startswith("this project")
    }
    rows = []
    for name, worker in workers.items():
        times = seconds[name][1:]  # The first slice warms up.
        cycles = IMAGES / (worker.batch_size * worker.cycle)
        limit, from_memory = (
            cycles * sum(count * alone[product][which] for product, count in counts[name].items())
            for which in (0, 1)
        )
        median = statistics.median(times)
        rows.append(
            {
                "contestant": name,
                "batch_size": worker.batch_size,
                "precision": worker.precision,
                "repeats": len(times),
                "seconds_an_epoch": median,
                "lowest": min(times),
                "highest": max(times),
                "tflop_an_epoch": cycles * flops(counts[name]) / 1e12,
                "limit_seconds": limit,
                "from_memory_seconds": from_memory,
                "update_seconds": cycles * updates.get(name, math.nan),
                "peak_memory_mb": memory[name],
            }
        )
    rows = [*whole_run(rows), *rows]
    products = pd.DataFrame(shapes, columns=["m", "k", "n", "precision"])
    products["microseconds"] = [1e6 * alone[shape][0] for shape in shapes]
    products["microseconds_from_memory"] = [1e6 * alone[shape][1] for shape in shapes]
    products["gflop_a_second"] = 2e-3 * products[["m", "k", "n"]].prod(axis=1) / products["microseconds"]
    for name in workers:
        products[f"in a cycle of {name}"] = [counts[name][shape] for shape in shapes]
    return pd.DataFrame(rows), products


def whole_run(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The project's mean epoch, of the early and the late ones in their shares; none without both."""
    from contestants import run_config

    early, late = (
        next((row for row in rows if row["contestant"] == f"this project, {part}"), None)
        for part in ("early", "late")
    )
    if early is None or late is None:
        return []
    share = run_config().train.refinement_start
    whole = {
        key: share * early[key] + (1 - share) * late[key]
        for key in (
            "seconds_an_epoch",
            "lowest",
            "highest",
            "tflop_an_epoch",
            "limit_seconds",
            "from_memory_seconds",
            "update_seconds",
        )
    }
    return [
        early
        | whole
        | {
            "contestant": "this project",
            "peak_memory_mb": max(early["peak_memory_mb"], late["peak_memory_mb"]),
        }
    ]


def time_to_quality(options: argparse.Namespace) -> pd.DataFrame:
    """A row for each epoch of each contestant until both goals are met, or schedule or patience are over."""
    tables = [
        run_alone(train_to_quality, name, options.mnist, options.patience)
        for name in TIMED_TO_QUALITY
        if any(contestant.startswith(name) for contestant in options.contestants)
    ]
    return pd.concat(tables, ignore_index=True)


def train_to_quality(name: str, folder: Path, patience: float) -> pd.DataFrame:
    """Train epoch by epoch; the clock stands still while the test images are encoded and decoded."""
    import torch.nn.functional as F

    from aae.measure.divergence import marginal_kl
    from aae.model.priors.gaussian import Gaussian
    from contestant import StopTraining, read_images
    from contestants import make_contestant

    contestant = make_contestant(name, folder)
    x = read_images(folder, "t10k")
    rows: list[dict[str, object]] = []
    seconds = 0.0
    reached = False
    while not reached and seconds < patience and len(rows) < contestant.epochs:
        start = time.perf_counter()

        def on_step(deadline: float = start + patience - seconds) -> None:
            if time.perf_counter() > deadline:
                raise StopTraining

        with suppress(StopTraining):
            contestant.run_epoch(on_step)
        seconds += time.perf_counter() - start
        z = contestant.encode(x)
        error = F.mse_loss(contestant.decode(z), x).item()
        kl = marginal_kl(z.numpy(), Gaussian())
        reached = error <= ERROR_GOAL and kl <= KL_GOAL
        rows.append(
            {
                "contestant": name,
                "epoch": len(rows) + 1,
                "seconds": seconds,
                "reconstruction_error": error,
                "kl": kl,
                "reached": reached,
            }
        )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    main()
