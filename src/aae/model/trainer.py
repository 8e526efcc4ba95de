"""The training loop, and nothing else (paper, section 2; the recipe is in params.yaml)."""

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch

from aae.model import optimizers
from aae.model.capture import captured, to_device
from aae.model.losses import RECONSTRUCTION_LOSSES
from aae.model.networks import Autoencoder, apply
from aae.model.objectives.base import Moment, State, Tensors
from aae.model.parts import make_objective
from aae.model.randomness import named_generator
from aae.settings.config import RunConfig
from aae.system.errors import UserError

BETAS = (0.9, 0.98)  # Of Adam; a short memory, as the adversarial loss keeps changing.
BLOCK = 50  # Steps whose inputs are drawn together: a GPU works on one block while the next is drawn.
COLLAPSED_STD = 1e-3  # Of each coordinate of the codes, in the prior's: all are at one point.

Losses = dict[str, float]


def rate_factor(progress: float, warmup: float, decay_start: float) -> float:
    """Factor of the learning rates: a linear rise, a plateau at 1, a linear fall to 0.

    Args:
        progress: the share of all steps that is done, in (0, 1].
        warmup: the share at which the rise ends.
        decay_start: the share at which the fall begins.
    """
    rise = progress / warmup if warmup else 1.0
    return min(1.0, rise, (1 - progress) / (1 - decay_start))


class Trainer:
    """Trains one autoencoder: call `run_epoch` as often as `train.epochs` says.

    As in the paper each minibatch goes through a reconstruction phase (encoder and decoder) and what
    the objective adds, for the adversarial one the regularization phase. With `train.updates: joint` the
    encoder's gradients of both are summed in one update, so that images pass through it once; with
    `separate` the encoder is updated by each in turn, with an optimiser for each, as in the paper. The
    gradient of the second is that of the discriminator before its own update, which the paper does first.

    Matrix products, and so codes and logits in steps, have the precision `train.precision`; weights, their
    updates and losses are always float32, and so is what the networks do outside of steps.
    """

    def __init__(
        self, config: RunConfig, x: torch.Tensor, y: torch.Tensor, epoch_images: int | None = None
    ) -> None:
        """Fresh networks, optimisers and generators.

        Args:
            config: the run's settings, device and precision resolved.
            x: training images, (n, height, width), on the device to train on: bytes (of a memory-mapped
                file, if need be), which become numbers in [0, 1] a minibatch at a time, or float32 in [0, 1].
            y: their digits, or `UNLABELLED`, integers, (n,).
            epoch_images: images in as many steps as an epoch has; n if None. With fewer images than
                that an epoch passes over them several times, so that its length in updates stays.

        Raises:
            UserError: fewer images than a batch.
        """
        self.config = config
        self.settings = config.train
        size = self.settings.batch_size
        if len(x) < size:
            raise UserError(
                f"params.yaml: train.batch_size: {size} is more than the {len(x)} training images"
            )
        self.x, self.y = x, y.cpu()
        self.steps_per_pass = len(x) // size
        self.steps_per_epoch = (epoch_images or len(x)) // size
        self.step = 0
        self.batch_order = named_generator(config.seed, "batch order")
        self.pass_start = self.batch_order.get_state()  # Before the order of this pass was drawn.
        self.batches: Iterator[torch.Tensor] = iter(())
        self.encoder_noise = named_generator(config.seed, "encoder noise")
        self.autoencoder = Autoencoder(config, (x.shape[1], x.shape[2])).to(x.device)
        self.optimizer = optimizers.make_optimizer(
            self.settings.optimizer, self.autoencoder.parameters(), BETAS
        )
        self.reconstruction_loss = RECONSTRUCTION_LOSSES[self.settings.reconstruction_loss]
        self.separate = self.settings.updates == "separate"
        # Of the objective's own update of the encoder.
        self.encoder_optimizer = optimizers.make_optimizer(
            self.settings.optimizer, self.autoencoder.encoder.parameters(), BETAS
        )
        self.objective = make_objective(config, x.device)
        self.run_step = captured(self.take_step, x.device)

    def run_epoch(self, on_step: Callable[[], object] = lambda: None) -> Losses:
        """So many steps as a pass over `epoch_images` images has, each pass in a new order.

        Images beyond the last whole batch of a pass are left out of it. What is random or scheduled about the
        steps is drawn on the CPU, by the named generators, a block of steps ahead; losses are read after the
        last step.

        Args:
            on_step: called after each step.

        Returns:
            The mean of each loss over the steps that had it, and "learning_rate", that of the last step.

        Raises:
            UserError: a loss is no longer a finite number.
        """
        first, last = self.step + 1, self.step + self.steps_per_epoch
        losses = []
        while self.step < last:
            kinds, inputs = self._draw(min(BLOCK, last - self.step))
            for kind, each in zip(kinds, inputs, strict=True):
                self.step += 1
                losses.append(self.run_step(kind, each))
                on_step()
        history = read_losses(losses)
        check_finite(history, first)
        rate = self._moment(self.step).rate_factor * self.settings.learning_rate
        return mean_losses(history) | {"learning_rate": rate}

    def take_step(self, kind: int, inputs: Tensors) -> Tensors:
        """One update of all networks by one minibatch.

        Args:
            kind: what the objective said of the step.
            inputs: "batch", the images' places, (batch,); "rate", the learning rate; "noise", the encoder's,
                if it has any; and the objective's own.

        Returns:
            Losses by name.
        """
        precision = self.settings.precision
        x = to_unit(self.x.index_select(0, inputs["batch"]))
        codes = apply(self.autoencoder.encoder, precision, x, inputs.get("noise"))
        reconstruction = self.reconstruction_loss(apply(self.autoencoder.decoder, precision, codes.z), x)
        if self.separate:
            optimizers.minimize(self.optimizer, reconstruction, inputs["rate"])
            codes = apply(self.autoencoder.encoder, precision, x, inputs.get("noise"))
        penalty, losses = self.objective.penalty(codes, kind, inputs)
        if not self.separate:
            optimizers.minimize(self.optimizer, reconstruction + penalty, inputs["rate"])
        elif losses:
            optimizers.minimize(self.encoder_optimizer, penalty, inputs["rate"])
        return {"reconstruction_loss": reconstruction.detach(), **losses}

    def check_collapse(self, epoch: int, losses: Mapping[str, float], z: torch.Tensor) -> None:
        """Stop a run from which nothing more can come.

        Args:
            epoch: the number of the epoch, for the message.
            losses: their means over the epoch.
            z: codes of many images after the epoch, (n, code_dim).

        Raises:
            UserError: the codes stand at one point, or the objective has another reason.
        """
        spread = float(z.std(0).max())
        if not spread >= COLLAPSED_STD * self.objective.prior.std:  # Not `<`: true of NaN as well.
            raise UserError(
                f"training collapsed in epoch {epoch}: the codes of all images are at one point "
                f"(largest standard deviation {spread:.2g}); lower train.learning_rate, "
                "train.adversarial_weight_start, train.adversarial_weight or train.kl_weight, "
                "or raise train.warmup"
            )
        self.objective.check(epoch, losses)

    def weights(self) -> dict[str, torch.Tensor]:
        """Weights of all networks, by "network.layer"; not copies."""
        networks = {"autoencoder": self.autoencoder, **self.objective.networks}
        return {
            f"{name}.{layer}": weights
            for name, network in networks.items()
            for layer, weights in network.state_dict().items()
        }

    def state_dict(self) -> State:
        """All that later steps depend on: weights, optimisers' state, generators, step."""
        return {
            "progress": {"step": torch.tensor(self.step)},
            "generators": {
                "batch_order": self.pass_start if self._within_pass() else self.batch_order.get_state(),
                "encoder_noise": self.encoder_noise.get_state(),
            },
            "autoencoder": self.autoencoder.state_dict(),
            "autoencoder_optimizer": optimizers.state_tensors(self.optimizer),
            "encoder_optimizer": optimizers.state_tensors(self.encoder_optimizer),
            **self.objective.state_dict(),
        }

    def load_state_dict(self, state: State) -> None:
        """Go on where a trainer of the same settings and images was when it gave this `state_dict`.

        Raises:
            ValueError: the state is not of these networks; this trainer is then of no more use.
        """
        try:
            self.step = int(state["progress"]["step"])
            self.batch_order.set_state(state["generators"]["batch_order"])
            self.encoder_noise.set_state(state["generators"]["encoder_noise"])
            self.autoencoder.load_state_dict(state["autoencoder"])
            optimizers.load_state_tensors(self.optimizer, state.get("autoencoder_optimizer", {}))
            optimizers.load_state_tensors(self.encoder_optimizer, state.get("encoder_optimizer", {}))
            self.objective.load_state_dict(state)
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            raise ValueError("the state is not of these networks") from error
        if self._within_pass():
            self._start_pass()
            for _ in range(self.step % self.steps_per_pass):
                next(self.batches)

    def _within_pass(self) -> bool:
        return self.step % self.steps_per_pass != 0

    def _start_pass(self) -> None:
        self.pass_start = self.batch_order.get_state()
        order = torch.randperm(len(self.x), generator=self.batch_order)
        size = self.settings.batch_size
        self.batches = iter(order[: self.steps_per_pass * size].split(size))

    def _next_batch(self, step: int) -> torch.Tensor:
        """The places of the images of a step, from 1; called once a step, in order."""
        if (step - 1) % self.steps_per_pass == 0:
            self._start_pass()
        return next(self.batches)

    def _moment(self, step: int) -> Moment:
        """Position of the run at a step, from 1."""
        progress = step / (self.settings.epochs * self.steps_per_epoch)
        factor = rate_factor(progress, self.settings.warmup, self.settings.decay_start)
        return Moment(step, progress, factor)

    def _draw(self, count: int) -> tuple[list[int], list[Tensors]]:
        """The kinds and inputs of the next steps; the inputs on the device."""
        kinds, inputs = [], []
        rate_type = optimizers.rate_type(self.x.device)
        for step in range(self.step + 1, self.step + count + 1):
            moment, batch = self._moment(step), self._next_batch(step)
            kind, each = self.objective.draw(moment, self.y[batch])
            rate = torch.tensor(moment.rate_factor * self.settings.learning_rate, dtype=rate_type)
            each |= {"batch": batch, "rate": rate}
            noise = self.autoencoder.encoder.draw_noise(len(batch), self.encoder_noise)
            kinds.append(kind)
            inputs.append(each if noise is None else each | {"noise": noise})
        return kinds, to_device(kinds, inputs, self.x.device)


def read_losses(losses: list[Tensors]) -> list[Losses]:
    """Losses as numbers, a step each."""
    numbers = iter(torch.stack([value for each in losses for value in each.values()]).double().tolist())
    return [{name: next(numbers) for name in each} for each in losses]


def check_finite(history: list[Losses], first: int) -> None:
    """Stop a run that has lost its numbers.

    Args:
        history: the losses of some steps.
        first: the number of the first of them, for the message.

    Raises:
        UserError: the first loss that is not finite, and which parameters to change.
    """
    for step, losses in enumerate(history, first):
        for name, value in losses.items():
            if not math.isfinite(value):
                raise UserError(
                    f"training diverged at step {step}: the {name.replace('_', ' ')} is {value}; "
                    "lower train.learning_rate or raise train.warmup"
                )


def to_unit(x: torch.Tensor) -> torch.Tensor:
    """Pixels in [0, 1], float32, of bytes; floats are taken as they are."""
    return x / 255 if x.dtype == torch.uint8 else x


def mean_losses(history: list[Losses]) -> Losses:
    """Each loss's mean over the steps that had it, in the order in which they first came."""
    names = dict.fromkeys(name for losses in history for name in losses)
    return {name: float(np.mean([each[name] for each in history if name in each])) for name in names}
