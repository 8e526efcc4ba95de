"""The training loop, and nothing else (paper, section 2; the recipe is in params.yaml)."""

import ctypes
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from aae.adam import Adam
from aae.config import RunConfig, TrainSettings
from aae.errors import UserError
from aae.losses import discriminator_loss, encoder_adversarial_loss, reconstruction_loss
from aae.models import Autoencoder, Discriminator
from aae.priors import PRIORS
from aae.randomness import named_generator

# Short memories: the discriminator follows codes that move, the autoencoder a loss that changes.
AUTOENCODER_BETAS = (0.9, 0.98)
DISCRIMINATOR_BETAS = (0.5, 0.99)

# What a collapsed training looks like, far from any that learns: there codes spread over about one
# standard deviation of the prior, and a discriminator that can tell nothing has a loss of ln 2 = 0.69.
COLLAPSED_STD = 1e-3  # Of each coordinate of the codes: they stand at one point.
# The discriminator's, over an epoch: it is certain (D = 0.99), so the encoder learns nothing.
DECIDED_LOSS = 0.01

# Of glibc's malloc.h: how much unused memory, and how many blocks outside the heap, go back when freed.
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4

# The parts of a `Trainer` that steps change, beside its `step`.
NETWORKS = ("autoencoder", "discriminator")
OPTIMIZERS = ("autoencoder_optimizer", "discriminator_optimizer")
GENERATORS = ("batch_order", "input_dropout", "prior_samples", "encoder_noise")
State = dict[str, dict[str, torch.Tensor]]


@dataclass(frozen=True)
class Losses:
    """The losses of one step, or their means over an epoch; NaN where there was no regularization."""

    reconstruction_loss: float
    discriminator_loss: float = float("nan")
    encoder_adversarial_loss: float = float("nan")


def prepare_process() -> None:
    """What makes steps fast and concerns the whole process; to be called before its first parallel work.

    On Linux, memory that a training has had stays with its process from then on.
    """
    # The gradients of pixels that are 0 in every image fade to subnormal numbers, with which a CPU is a
    # hundred times slower. Threads take this setting from the one that starts them.
    torch.set_flush_denormal(True)
    # glibc gives every block of more than 32 MB back as soon as it is free. From 3,000 hidden units on,
    # gradients have as much, and a third of a step or more would go into having their pages anew.
    libc = ctypes.CDLL(None)
    if sys.platform == "linux" and hasattr(libc, "mallopt"):  # Other C libraries lack it.
        libc.mallopt(M_MMAP_MAX, 0)
        libc.mallopt(M_TRIM_THRESHOLD, -1)


def choose_device(name: str) -> torch.device:
    """The device that `train.device` names; "auto" takes CUDA, else MPS, else the CPU.

    Raises:
        UserError: this machine has no such device.
    """
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(device for device, there in available.items() if there)
    if not available[name]:
        there = ", ".join(device for device, there in available.items() if there)
        raise UserError(f"params.yaml: train.device: this machine has no {name}; it has: {there}")
    return torch.device(name)


def choose_precision(name: str, device: torch.device) -> str:
    """The precision that `train.precision` names; "auto" takes bfloat16 on CPUs with units for it.

    Others would take longer with it than with float32.
    """
    if name != "auto":
        return name
    units = torch.cpu.get_capabilities() if device.type == "cpu" else {}
    return "bfloat16" if units.get("avx512_bf16") or units.get("amx_bf16") else "float32"


def arithmetic(settings: TrainSettings, device: torch.device) -> dict[str, str | int]:
    """All that decides a training's bits beside settings, images and code."""
    return {
        "torch": torch.__version__,
        "device": str(device),
        "capability": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
        "precision": choose_precision(settings.precision, device),
    }


def rate_factor(progress: float, warmup: float, decay_start: float) -> float:
    """What the learning rates are multiplied by: a linear rise, a plateau at 1, a linear fall to 0.

    Args:
        progress: the share of all steps that is done, in (0, 1].
        warmup: the share at which the rise ends.
        decay_start: the share at which the fall begins.
    """
    rise = progress / warmup if warmup else 1.0
    return min(1.0, rise, (1 - progress) / (1 - decay_start))


class Trainer:
    """Trains one autoencoder: call `run_epoch` as often as `train.epochs` says.

    As in the paper each minibatch goes through a reconstruction phase (encoder and decoder) and a
    regularization phase (the discriminator, then the encoder against it), with two economies: the
    encoder's gradients of both phases are summed in one update, so that images pass through it
    once; and the regularization phase runs on every n-th minibatch only, with n times the weight.
    From `recall_start` on its discriminator is shown the codes of all n minibatches: with more codes
    at a time it follows q(z) with less noise, which is dear, and matters once q(z) moves slowly.
    The encoder learns from images that lack some pixels, and so generalises better.

    Matrix products have the precision of `precision`; weights, their updates, codes and losses are
    always float32, and so is what the networks do outside of steps.
    """

    def __init__(self, config: RunConfig, x: torch.Tensor) -> None:
        """Fresh networks, optimisers and generators.

        Args:
            config: the run's settings.
            x: training images, (n, 784), on the device to train on: bytes (of a memory-mapped file, if
                need be), which become numbers in [0, 1] a minibatch at a time, or float32 in [0, 1].

        Raises:
            UserError: fewer images than a batch.
        """
        self.settings: TrainSettings = config.train
        self.x = x
        self.steps_per_epoch = len(x) // self.settings.batch_size
        if self.steps_per_epoch == 0:
            raise UserError(
                f"params.yaml: train.batch_size: {self.settings.batch_size} is more than the "
                f"{len(x)} training images"
            )
        self.precision = choose_precision(self.settings.precision, x.device)
        self.step = 0
        self.recent_codes: list[torch.Tensor] = []  # Those that the discriminator is shown next, detached.
        self.prior = PRIORS[config.prior]
        self.batch_order = named_generator(config.seed, "batch order")
        self.input_dropout = named_generator(config.seed, "input dropout")
        self.prior_samples = named_generator(config.seed, "prior samples")
        self.encoder_noise = named_generator(config.seed, "encoder noise")

        hidden = config.model.hidden_units
        self.autoencoder = Autoencoder(config.encoder, hidden, config.seed).to(x.device)
        self.discriminator = Discriminator(hidden, named_generator(config.seed, "discriminator weights"))
        self.discriminator.to(x.device)
        self.autoencoder_optimizer = Adam(self.autoencoder.parameters(), AUTOENCODER_BETAS)
        self.discriminator_optimizer = Adam(self.discriminator.parameters(), DISCRIMINATOR_BETAS)

    def run_epoch(self, on_step: Callable[[Losses], None] = lambda losses: None) -> Losses:
        """One pass over the images in a new order; those beyond the last whole batch sit it out.

        Args:
            on_step: called with the losses of each step.

        Returns:
            The means of the losses over the epoch's steps.

        Raises:
            UserError: a loss is no longer a finite number.
        """
        order = torch.randperm(len(self.x), generator=self.batch_order).to(self.x.device)
        size = self.settings.batch_size
        history = []
        for batch in order[: self.steps_per_epoch * size].split(size):
            losses = self.run_step(to_unit(self.x.index_select(0, batch)))
            self._check_finite(losses)
            on_step(losses)
            history.append(losses)
        return mean_losses(history)

    def run_step(self, x: torch.Tensor) -> Losses:
        """Both phases on one minibatch, (batch, 784)."""
        self.step += 1
        settings = self.settings
        progress = self.step / (settings.epochs * self.steps_per_epoch)
        factor = rate_factor(progress, settings.warmup, settings.decay_start)

        x_seen = dropout(x, settings.input_dropout, self.input_dropout)
        z = self._forward(self.autoencoder.encoder, x_seen, self.encoder_noise)
        recall = settings.regularization_interval if progress > settings.recall_start else 1
        self.recent_codes = [*self.recent_codes, z.detach()][-recall:]
        reconstruction = reconstruction_loss(self._forward(self.autoencoder.decoder, z), x)
        losses = Losses(reconstruction.item())
        loss = reconstruction
        if self._regularizes():
            rate = factor * settings.discriminator_learning_rate
            told_apart = self._update_discriminator(torch.cat(self.recent_codes), rate)
            adversarial = encoder_adversarial_loss(self._forward(self.discriminator, z))
            losses = Losses(reconstruction.item(), told_apart.item(), adversarial.item())
            first, last = settings.adversarial_weight
            weight = first + progress * (last - first)
            loss = reconstruction + settings.regularization_interval * weight * adversarial

        self.autoencoder_optimizer.zero_grad()
        # Only the autoencoder's: the discriminator's weights need no gradient from this loss.
        loss.backward(inputs=self.autoencoder_optimizer.parameters)
        self.autoencoder_optimizer.step(factor * settings.learning_rate)
        return losses

    def state_dict(self) -> State:
        """All that later steps depend on: weights, moments of Adam, generators, step."""
        state: State = {
            "progress": {"step": torch.tensor(self.step)},
            "recent_codes": {f"{place:04d}": z for place, z in enumerate(self.recent_codes)},
            "generators": {name: getattr(self, name).get_state() for name in GENERATORS},
        }
        return state | {name: getattr(self, name).state_dict() for name in NETWORKS + OPTIMIZERS}

    def load_state_dict(self, state: State) -> None:
        """Go on where a trainer of the same settings and images was when it gave this `state_dict`.

        Raises:
            ValueError: the state is not of these networks; this trainer is then of no more use.
        """
        try:
            self.step = int(state["progress"]["step"])
            self.recent_codes = [state["recent_codes"][place] for place in sorted(state["recent_codes"])]
            for name in GENERATORS:
                getattr(self, name).set_state(state["generators"][name])
            for name in NETWORKS + OPTIMIZERS:
                getattr(self, name).load_state_dict(state[name])
        except (KeyError, RuntimeError, TypeError) as error:
            raise ValueError("the state is not of these networks") from error

    def _forward(self, network: nn.Module, *inputs: object) -> torch.Tensor:
        """What the network gives, float32, of products in this training's precision."""
        # One context a call: within one, autocast keeps its copies of weights, through updates as well.
        with torch.autocast(self.x.device.type, torch.bfloat16, enabled=self.precision == "bfloat16"):
            output: torch.Tensor = network(*inputs)
        return output.float()

    def _regularizes(self) -> bool:
        return self.prior is not None and self.step % self.settings.regularization_interval == 0

    def _check_finite(self, losses: Losses) -> None:
        for name, value in vars(losses).items():
            if not math.isfinite(value) and (name == "reconstruction_loss" or self._regularizes()):
                raise UserError(
                    f"training diverged at step {self.step}: the {name.replace('_', ' ')} is {value}; "
                    "lower train.learning_rate or raise train.warmup"
                )

    def _update_discriminator(self, z_code: torch.Tensor, rate: float) -> torch.Tensor:
        assert self.prior is not None
        z_prior = self.prior.sample(len(z_code), self.prior_samples).to(z_code.device)
        logits = self._forward(self.discriminator, torch.cat([z_prior, z_code]))
        prior_logits, code_logits = logits.chunk(2)
        loss = discriminator_loss(prior_logits, code_logits)
        self.discriminator_optimizer.zero_grad()
        loss.backward()
        self.discriminator_optimizer.step(rate)
        return loss


def check_collapse(epoch: int, losses: Losses, z: torch.Tensor) -> None:
    """Stop a training from which nothing more can come.

    Args:
        epoch: the number of the epoch, for the message.
        losses: their means over the epoch.
        z: codes of many images after the epoch, (n, 2).

    Raises:
        UserError: the codes stand at one point, or the discriminator is certain of every code.
    """
    spread = z.std(0)
    if not (spread >= COLLAPSED_STD).any():  # Not `all(<)`: true of NaN as well.
        raise UserError(
            f"training collapsed in epoch {epoch}: the codes of all hold-out images stand at one point "
            f"(standard deviations {spread[0]:.2g} and {spread[1]:.2g}); lower train.learning_rate or "
            "train.adversarial_weight, or raise train.warmup"
        )
    if losses.discriminator_loss < DECIDED_LOSS:
        raise UserError(
            f"training collapsed in epoch {epoch}: the discriminator tells every code from the prior "
            f"(discriminator loss {losses.discriminator_loss:.2g}), so the encoder learns nothing from it; "
            "lower train.discriminator_learning_rate or raise train.adversarial_weight"
        )


def dropout(x: torch.Tensor, share: float, generator: torch.Generator) -> torch.Tensor:
    """A share of the pixels set to 0 at random and the others divided by the rest, on average as before."""
    if share == 0:
        return x
    # 16 random bits a pixel, four pixels an integer: several times faster than a number a pixel.
    bits = torch.empty(-(-x.numel() // 4), dtype=torch.int64).random_(-(2**63), None, generator=generator)
    numbers = bits.view(torch.int16)[: x.numel()].view_as(x).to(x.device)
    hidden = min(round(share * 2**16), 2**16 - 1)
    return x * (numbers >= hidden - 2**15).mul(2**16 / (2**16 - hidden))


def to_unit(x: torch.Tensor) -> torch.Tensor:
    """Pixels in [0, 1], float32, of bytes; floats are taken as they are."""
    return x / 255 if x.dtype == torch.uint8 else x


def mean_losses(history: list[Losses]) -> Losses:
    """Each loss's mean over the steps that had it; NaN if none had."""
    columns = np.array(
        [(s.reconstruction_loss, s.discriminator_loss, s.encoder_adversarial_loss) for s in history]
    )
    had = ~np.isnan(columns)
    means = [
        column[mask].mean() if mask.any() else np.nan for column, mask in zip(columns.T, had.T, strict=True)
    ]
    return Losses(*map(float, means))
