"""What is added to the reconstruction loss: one class each, with the networks that only it needs.

To add one: write a subclass of `Objective` and enter it in `OBJECTIVES`, under the name that
`RunConfig.objective_name` gives.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn
from torch.optim import Optimizer

from aae.config import UNLABELLED, RunConfig
from aae.errors import UserError
from aae.model import optimizers
from aae.model.losses import discriminator_loss, encoder_adversarial_loss, encoder_factor
from aae.model.networks import Codes, apply, perceptron
from aae.model.priors import run_prior
from aae.randomness import named_generator

DISCRIMINATOR_BETAS = (0.5, 0.99)  # Short memory: the discriminator follows codes that move.
# The discriminator's loss, over an epoch, at which it is certain (D = 0.99): the encoder learns nothing.
# One that can tell nothing has ln 2 = 0.69.
CERTAIN_LOSS = 0.01
CLASSES = UNLABELLED + 1  # Ten digits, and one for images without a label.

State = dict[str, dict[str, torch.Tensor]]


@dataclass(frozen=True)
class Moment:
    """Where in a training run a step stands."""

    step: int
    """From 1."""
    progress: float
    """Share of all steps that is done, in (0, 1]."""
    rate_factor: float
    """What learning rates are multiplied by."""


class Objective:
    """What a step adds to the reconstruction loss; by itself nothing. State is kept in these attributes."""

    def __init__(self, config: RunConfig, device: torch.device) -> None:
        """Fresh networks, optimisers and generators of its own."""
        self.config = config
        self.settings = config.train
        self.device = device
        self.prior = run_prior(config)
        self.networks: dict[str, nn.Module] = {}
        self.optimizers: dict[str, Optimizer] = {}
        self.generators: dict[str, torch.Generator] = {}
        self.buffers: dict[str, list[torch.Tensor]] = {}

    def penalty(self, codes: Codes, y: torch.Tensor, moment: Moment) -> tuple[torch.Tensor, dict[str, float]]:
        """The weighted loss to add at a step, and the losses to report, by name; none where it has none.

        Args:
            codes: of the minibatch; gradients flow back through them.
            y: the digits of the images, `UNLABELLED` where they are not told, (batch,).
            moment: where the run stands.
        """
        raise NotImplementedError

    def check(self, epoch: int, losses: Mapping[str, float]) -> None:
        """Stop a run from which nothing more can come.

        Args:
            epoch: for the message.
            losses: their means over the epoch.

        Raises:
            UserError: what happened, and which parameters to change.
        """

    def state_dict(self) -> State:
        """All that later steps depend on."""
        return {
            **{name: network.state_dict() for name, network in self.networks.items()},
            **{name: optimizers.state_tensors(each) for name, each in self.optimizers.items()},
            "objective_generators": {name: each.get_state() for name, each in self.generators.items()},
            **{
                name: {f"{place:04d}": value for place, value in enumerate(values)}
                for name, values in self.buffers.items()
            },
        }

    def load_state_dict(self, state: State) -> None:
        """Take up what `state_dict` gave; a KeyError or RuntimeError says that it is of another objective."""
        for name, network in self.networks.items():
            network.load_state_dict(state[name])
        for name, optimizer in self.optimizers.items():
            optimizers.load_state_tensors(optimizer, state.get(name, {}))  # Files keep no empty groups.
        for name, generator in self.generators.items():
            generator.set_state(state["objective_generators"][name])
        for name in self.buffers:
            values = state.get(name, {})
            self.buffers[name] = [values[place].to(self.device) for place in sorted(values)]


class Unregularized(Objective):
    """Reconstruction alone: an autoencoder whose codes nothing constrains."""

    def penalty(self, codes: Codes, y: torch.Tensor, moment: Moment) -> tuple[torch.Tensor, dict[str, float]]:
        """Nothing."""
        return codes.z.new_zeros(()), {}


class Variational(Objective):
    """KL(q(z|x) || p(z)), as in a VAE: in closed form for the Gaussian, else by one sample an image."""

    def penalty(self, codes: Codes, y: torch.Tensor, moment: Moment) -> tuple[torch.Tensor, dict[str, float]]:
        """The mean KL divergence over the batch in nats, times `train.kl_weight`."""
        assert codes.mean is not None
        assert codes.std is not None
        kl = self.prior.kl_divergence(codes.mean, codes.std, codes.z).mean()
        return self.settings.kl_weight * kl, {"kl_divergence": kl.item()}


class Adversarial(Objective):
    """The regularization phase: the discriminator learns, and the encoder against it (paper, section 2).

    It runs on every n-th minibatch, and both learn from one pass of the codes through the discriminator:
    the encoder from the discriminator as it was before its update. From `refinement_start` on the
    discriminator sees the codes of the last `code_buffer` minibatches, hence q(z) with less noise, and
    the weight of the encoder's loss rises. With `labels` the discriminator also sees each image's digit
    as a one-hot vector, with an eleventh class for unlabelled images, and prior samples of the digit's
    component (Figure 3).
    """

    def __init__(self, config: RunConfig, device: torch.device) -> None:
        super().__init__(config, device)
        inputs = config.model.code_dim + (CLASSES if config.labels else 0)
        weights = named_generator(config.seed, "discriminator weights")
        self.discriminator = perceptron(inputs, 1, config.model, weights).to(device)
        self.optimizer = optimizers.make_optimizer(
            self.settings.optimizer, self.discriminator.parameters(), DISCRIMINATOR_BETAS
        )
        self.prior_samples = named_generator(config.seed, "prior samples")
        self.networks["discriminator"] = self.discriminator
        self.optimizers["discriminator_optimizer"] = self.optimizer
        self.generators["prior_samples"] = self.prior_samples
        self.buffers = {"code_buffer": [], "label_buffer": []}  # Of recent minibatches, detached.

    def penalty(self, codes: Codes, y: torch.Tensor, moment: Moment) -> tuple[torch.Tensor, dict[str, float]]:
        """The encoder's adversarial loss in nats, times its weight, beside a step of the discriminator.

        The tensor has that loss's gradient, by which alone it matters, and not its value.
        """
        kept = self.settings.code_buffer if moment.progress > self.settings.refinement_start else 1
        for name, value in (("code_buffer", codes.z.detach()), ("label_buffer", y)):
            self.buffers[name] = [*self.buffers[name], value][-kept:]
        if moment.step % self.settings.regularization_interval != 0:
            return codes.z.new_zeros(()), {}
        z = torch.cat(self.buffers["code_buffer"]).requires_grad_()
        labels = torch.cat(self.buffers["label_buffer"])
        prior_logits, code_logits = self._logits(
            torch.cat([self._prior_samples(labels).to(z.device), z]), torch.cat([labels, labels])
        ).chunk(2)
        loss = discriminator_loss(prior_logits, code_logits)
        self.optimizer.zero_grad()
        loss.backward()
        optimizers.step(self.optimizer, moment.rate_factor * self.settings.discriminator_learning_rate)

        now = slice(len(z) - len(codes.z), None)  # This minibatch stands last in the buffer.
        assert z.grad is not None
        gradient = z.grad[now] * encoder_factor(code_logits.detach(), now)[:, None]
        losses = {
            "discriminator_loss": loss.item(),
            "encoder_adversarial_loss": encoder_adversarial_loss(code_logits.detach()[now]).item(),
        }
        return self._weight(moment.progress) * (gradient * codes.z).sum(), losses

    def check(self, epoch: int, losses: Mapping[str, float]) -> None:
        """Raises: UserError: the discriminator is certain of every code."""
        if losses.get("discriminator_loss", 1.0) < CERTAIN_LOSS:
            raise UserError(
                f"training collapsed in epoch {epoch}: the discriminator tells every code from the prior "
                f"(discriminator loss {losses['discriminator_loss']:.2g}), so the encoder learns nothing "
                "from it; lower train.discriminator_learning_rate, or raise train.adversarial_weight_start "
                "or train.adversarial_weight"
            )

    def _weight(self, progress: float) -> float:
        """`adversarial_weight_start`, then geometric from `refinement_start` on to `adversarial_weight`."""
        start = self.settings.refinement_start
        first, last = self.settings.adversarial_weight_start, self.settings.adversarial_weight
        return float(first * (last / first) ** max(0.0, (progress - start) / (1 - start)))

    def _logits(self, z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """The discriminator's logits that each code came from the prior: (batch, dim) -> (batch,)."""
        if self.config.labels:
            z = torch.cat([z, F.one_hot(y, CLASSES)], dim=1)
        return apply(self.discriminator, self.settings.precision, z).squeeze(1)

    def _prior_samples(self, y: torch.Tensor) -> torch.Tensor:
        if self.config.labels:
            return self.prior.sample_components(y.cpu(), self.prior_samples)
        return self.prior.sample(len(y), self.prior_samples)


OBJECTIVES: dict[str, type[Objective]] = {
    "adversarial": Adversarial,
    "variational": Variational,
    "unregularized": Unregularized,
}
