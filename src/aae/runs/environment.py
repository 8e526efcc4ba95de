"""The environment of a run: what decides its bits beside settings, images and code."""

import hashlib
import time
from functools import cache
from typing import NamedTuple

import torch

from aae.data.datasets import SHAPE
from aae.model.devices import resolve
from aae.model.numerics import prepare_process
from aae.model.trainer import Trainer
from aae.runs import machine
from aae.runs.store import Store
from aae.settings.config import RunConfig

STEPS = 3  # An epoch of the fingerprint, which has two: one before refinement, one within it.
BATCH = 150

# Settings of the fingerprint: the default widths, whatever a run has; device, precision and threads are its.
FINGERPRINT = {
    "encoder": "gaussian",
    "prior": "gaussian",
    "objective": "adversarial",
    "labels": 0,
    "seed": 0,
    "model": {
        "architecture": "perceptron",
        "hidden_units": 1000,
        "code_dim": 2,
        "prior_std": 1.0,
        "sigma": "learned",
        "initial_weights": "he",
        "fourier_features": 0,
        "fourier_frequency": 15.0,
    },
    "train": {
        "epochs": 2,
        "batch_size": BATCH,
        "optimizer": "adam",
        "updates": "joint",
        "reconstruction_loss": "squared_error",
        "learning_rate": 1.5e-3,
        "discriminator_learning_rate": 3e-3,
        "adversarial_weight_start": 0.004,
        "adversarial_weight": 0.1,
        "regularization_interval": 1,
        "code_buffer": 2,
        "refinement_start": 0.5,
        "kl_weight": 1e-4,
        "warmup": 0.0,
        "decay_start": 0.5,
    },
    "data": {"name": "mnist", "images": "all", "validation": False},
}


class Environment(NamedTuple):
    """A machine's part in deciding a run's bits, and its speed."""

    name: str
    seconds_a_step: float
    """For the default run, roughly."""


def find_environment(config: RunConfig, store: Store) -> Environment:
    """This machine's environment for a run.

    Args:
        config: the run's settings, as asked.
        store: keeps, for the reader, which processors an environment's machines have.

    Its name is made of PyTorch's version, device and precision as resolved, and a fingerprint: the hash of
    all weights after a few fixed steps of both phases. Machines that give the same bits have the same name.

    Raises:
        UserError: this machine lacks the device that was asked for.
    """
    train = resolve(config).train
    found = _measure(train.device, train.precision, train.threads)
    machine.remember(store, found.name, train.device)
    return found


@cache
def _measure(device: str, precision: str, threads: int) -> Environment:
    """Take the fingerprint's steps."""
    asked = {"device": device, "precision": precision, "threads": threads}
    content = FINGERPRINT | {"train": {**FINGERPRINT["train"], **asked}}  # type: ignore[dict-item]
    probe = RunConfig.model_validate(content)
    prepare_process(probe.train)
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(256, (STEPS * BATCH, *SHAPE), generator=generator, dtype=torch.uint8)
    trainer = Trainer(probe, x.to(device), torch.zeros(len(x), dtype=torch.int64))
    trainer.run_epoch()
    start = time.perf_counter()
    trainer.run_epoch()
    seconds = time.perf_counter() - start
    digest = hashlib.sha256()
    for name, weights in sorted(trainer.weights().items()):
        digest.update(name.encode())
        digest.update(weights.cpu().numpy().tobytes())
    version = torch.__version__.partition("+")[0]
    name = f"torch-{version}-{device}-{precision}-{digest.hexdigest()[:12]}"
    return Environment(name, seconds / STEPS)
