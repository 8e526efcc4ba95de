"""Training speed of this project, beside its peers' and beside the machine's limit: `make bench`.

Every contestant has a process of its own, so that its peak memory is its own; the processes take
turns, a slice of an epoch each, so that a drift of the machine hits all alike. The tables go to
`results/`. Run it on an idle machine. Where there is a GPU, that is what is timed, into `gpu.csv`.
"""

import argparse
import statistics
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

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
MNIST = RESULTS.parents[1] / "data/mnist"


def main() -> None:
    """Measure, print the tables and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the tables")
    parser.add_argument(
        "--patience", type=float, default=600, help="seconds of training in which to reach the quality"
    )
    parser.add_argument(
        "--quick", action="store_true", help="tiny budgets: shows that it runs, measures nothing"
    )
    options = parser.parse_args()
    if torch_has_cuda():
        from gpu import compare_on_gpu

        show(pd.DataFrame(run_alone(compare_on_gpu, MNIST)), options.out / "gpu.csv")
        return
    artifacts.save_json(run_alone(describe_machine), options.out / "machine.json")
    show(compare_speed(Budget(2, 500, 0.01) if options.quick else Budget()), options.out / "speed.csv")
    show(time_to_quality(1.0 if options.quick else options.patience), options.out / "quality.csv")


def torch_has_cuda() -> bool:
    """Tell if there is a GPU: then it is what is timed."""
    return bool(run_alone(_has_cuda))


def _has_cuda() -> bool:
    import torch

    return torch.cuda.is_available()


def show(table: pd.DataFrame, path: Path) -> None:
    """Print a table and write it."""
    print(f"\n{path.name}\n{table.to_string(index=False)}", flush=True)
    artifacts.save_table(table.to_dict("records"), path)


class Budget(NamedTuple):
    """Extent of the measurement."""

    repeats: int = 7
    """Timed slices of each contestant."""
    slice: int = 30_000
    """Images of a slice."""
    product_seconds: float = 0.3
    """For each matrix product."""


def compare_speed(budget: Budget) -> pd.DataFrame:
    """Seconds an epoch, its limit and peak memory, a row a contestant."""
    from limit import count_products, flops, product_seconds

    counts = {name: run_alone(count_products, name, MNIST) for name in CONTESTANTS}
    workers = {name: Worker(name, MNIST) for name in CONTESTANTS}
    seconds: dict[str, list[float]] = {name: [] for name in workers}
    for _ in range(1 + budget.repeats):
        for name, worker in workers.items():
            # Whole cycles, at least one.
            steps = max(budget.slice // worker.batch_size // worker.cycle, 1) * worker.cycle
            seconds[name].append(worker.train(steps) / (steps * worker.batch_size) * IMAGES)
    memory = {name: worker.finish() for name, worker in workers.items()}
    shapes = sorted({product for products in counts.values() for product in products})
    alone = run_alone(product_seconds, shapes, budget.product_seconds)
    rows = []
    for name, worker in workers.items():
        times = seconds[name][1:]  # The first slice warms up.
        cycles = IMAGES / (worker.batch_size * worker.cycle)
        limit = cycles * sum(count * alone[product] for product, count in counts[name].items())
        rows.append(
            {
                "contestant": name,
                "batch_size": worker.batch_size,
                "precision": worker.precision,
                "repeats": len(times),
                "seconds_an_epoch": statistics.median(times),
                "lowest": min(times),
                "highest": max(times),
                "tflop_an_epoch": cycles * flops(counts[name]) / 1e12,
                "limit_seconds": limit,
                "peak_memory_mb": memory[name],
            }
        )
    return pd.DataFrame([whole_run(*rows[:2]), *rows])


def whole_run(early: dict[str, Any], late: dict[str, Any]) -> dict[str, Any]:
    """The project's mean epoch, of the early and the late ones in their shares."""
    from contestants import run_config

    share = run_config().train.refinement_start
    mixed = ("seconds_an_epoch", "lowest", "highest", "tflop_an_epoch", "limit_seconds")
    return {
        **early,
        "contestant": "this project",
        **{key: share * early[key] + (1 - share) * late[key] for key in mixed},
        "peak_memory_mb": max(early["peak_memory_mb"], late["peak_memory_mb"]),
    }


def time_to_quality(patience: float) -> pd.DataFrame:
    """A row for each epoch of each contestant until both goals are met, or schedule or patience are over."""
    tables = [run_alone(train_to_quality, name, MNIST, patience) for name in TIMED_TO_QUALITY]
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
