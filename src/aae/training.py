"""The training loop, and nothing else (paper, section 2; the recipe is in params.yaml)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from aae.config import RunConfig, TrainSettings
from aae.errors import UserError
from aae.losses import discriminator_loss, encoder_adversarial_loss, reconstruction_loss
from aae.models import Autoencoder, Discriminator
from aae.priors import PRIORS
from aae.randomness import named_generator

# Short memories: the discriminator follows codes that move, the autoencoder a loss that changes.
AUTOENCODER_BETAS = (0.9, 0.99)
DISCRIMINATOR_BETAS = (0.5, 0.99)


@dataclass(frozen=True)
class Losses:
    """The losses of one step, or their means over an epoch; NaN where there was no regularization."""

    reconstruction_loss: float
    discriminator_loss: float = float("nan")
    encoder_adversarial_loss: float = float("nan")


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
    """

    def __init__(self, config: RunConfig, x: torch.Tensor) -> None:
        """Fresh networks, optimisers and generators.

        Args:
            config: the run's settings.
            x: training images in [0, 1], float32, (n, 784), on the device to train on.

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
        self.step = 0
        self.prior = PRIORS[config.prior]
        self.batch_order = named_generator(config.seed, "batch order")
        self.prior_samples = named_generator(config.seed, "prior samples")
        self.encoder_noise = named_generator(config.seed, "encoder noise")

        hidden = config.model.hidden_units
        self.autoencoder = Autoencoder(config.encoder, hidden, config.seed).to(x.device)
        self.discriminator = Discriminator(hidden, named_generator(config.seed, "discriminator weights"))
        self.discriminator.to(x.device)
        self.autoencoder_optimizer = torch.optim.Adam(
            self.autoencoder.parameters(), betas=AUTOENCODER_BETAS, fused=True
        )
        self.discriminator_optimizer = torch.optim.Adam(
            self.discriminator.parameters(), betas=DISCRIMINATOR_BETAS, fused=True
        )

    def run_epoch(self, on_step: Callable[[Losses], None] = lambda losses: None) -> Losses:
        """One pass over the images in a new order; those beyond the last whole batch sit it out.

        Args:
            on_step: called with the losses of each step.

        Returns:
            The means of the losses over the epoch's steps.

        Raises:
            UserError: the reconstruction loss is no longer a finite number.
        """
        order = torch.randperm(len(self.x), generator=self.batch_order).to(self.x.device)
        size = self.settings.batch_size
        history = []
        for batch in order[: self.steps_per_epoch * size].split(size):
            losses = self.run_step(self.x[batch])
            if not np.isfinite(losses.reconstruction_loss):
                raise UserError(
                    f"training diverged at step {self.step}: the reconstruction loss is "
                    f"{losses.reconstruction_loss}; lower train.learning_rate or raise train.warmup"
                )
            on_step(losses)
            history.append(losses)
        return mean_losses(history)

    def run_step(self, x: torch.Tensor) -> Losses:
        """Both phases on one minibatch, (batch, 784)."""
        self.step += 1
        settings = self.settings
        progress = self.step / (settings.epochs * self.steps_per_epoch)
        factor = rate_factor(progress, settings.warmup, settings.decay_start)
        _set_rate(self.autoencoder_optimizer, factor * settings.learning_rate)
        _set_rate(self.discriminator_optimizer, factor * settings.discriminator_learning_rate)

        z = self.autoencoder.encoder(x, self.encoder_noise)
        reconstruction = reconstruction_loss(self.autoencoder.decoder(z), x)
        losses = Losses(reconstruction.item())
        loss = reconstruction
        if self.prior is not None and self.step % settings.regularization_interval == 0:
            told_apart = self._update_discriminator(z.detach())
            adversarial = encoder_adversarial_loss(self.discriminator(z))
            losses = Losses(reconstruction.item(), told_apart.item(), adversarial.item())
            first, last = settings.adversarial_weight
            weight = first + progress * (last - first)
            loss = reconstruction + settings.regularization_interval * weight * adversarial

        self.autoencoder_optimizer.zero_grad()
        # Only the autoencoder's: the discriminator's weights need no gradient from this loss.
        loss.backward(inputs=list(self.autoencoder.parameters()))
        self.autoencoder_optimizer.step()
        return losses

    def _update_discriminator(self, z_code: torch.Tensor) -> torch.Tensor:
        assert self.prior is not None
        z_prior = self.prior.sample(len(z_code), self.prior_samples).to(z_code.device)
        prior_logits, code_logits = self.discriminator(torch.cat([z_prior, z_code])).chunk(2)
        loss = discriminator_loss(prior_logits, code_logits)
        self.discriminator_optimizer.zero_grad()
        loss.backward()
        self.discriminator_optimizer.step()
        return loss


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


def _set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate
