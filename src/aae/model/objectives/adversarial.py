"""The adversarial objective: an AAE."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F

from aae.data.datasets import UNLABELLED
from aae.model import optimizers
from aae.model.discriminator import make_discriminator
from aae.model.encoders.base import Codes
from aae.model.networks import apply
from aae.model.objectives.adversarial_losses import (
    discriminator_loss,
    encoder_adversarial_loss,
    encoder_factor,
)
from aae.model.objectives.base import Moment, Objective, Tensors
from aae.model.randomness import named_generator
from aae.settings.config import RunConfig
from aae.system.errors import UserError

DISCRIMINATOR_BETAS = (0.5, 0.99)  # Short memory: the discriminator follows codes that move.
# The discriminator's loss, over an epoch, at which it is certain (D = 0.99): the encoder learns nothing.
# One that can tell nothing has ln 2 = 0.69.
CERTAIN_LOSS = 0.01
CLASSES = UNLABELLED + 1  # Ten digits, and one for images without a label.


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
        self.discriminator = make_discriminator(config, CLASSES if config.labels else 0).to(device)
        self.optimizer = optimizers.make_optimizer(
            self.settings.optimizer, self.discriminator.parameters(), DISCRIMINATOR_BETAS
        )
        self.prior_samples = named_generator(config.seed, "prior samples")
        self.networks["discriminator"] = self.discriminator
        self.optimizers["discriminator_optimizer"] = self.optimizer
        self.generators["prior_samples"] = self.prior_samples
        recent = self.settings.code_buffer * self.settings.batch_size
        # Of recent minibatches, the latest last. What draws from them alone stays on the CPU.
        self.recent_codes = torch.zeros(recent, config.model.code_dim, device=device)
        self.recent_labels = torch.full((recent,), UNLABELLED)
        self.filled = torch.tensor(0)  # Minibatches whose codes the discriminator may see.
        self.buffers = {"codes": self.recent_codes, "labels": self.recent_labels, "filled": self.filled}

    def draw(self, moment: Moment, y: torch.Tensor) -> tuple[int, Tensors]:
        """Number of minibatches whose codes the discriminator sees (0: no regularization phase); and inputs.

        These are prior samples ("prior"), labels as one-hot vectors ("classes"), the discriminator's learning
        rate and the weight of the encoder's loss.
        """
        remember(self.recent_labels, y)
        kept = self.settings.code_buffer if moment.progress > self.settings.refinement_start else 1
        self.filled.fill_(min(int(self.filled) + 1, kept))
        if moment.step % self.settings.regularization_interval != 0:
            return 0, {}
        seen = int(self.filled)
        labels = self.recent_labels[-seen * len(y) :]
        rate = moment.rate_factor * self.settings.discriminator_learning_rate
        inputs = {
            "prior": self._prior_samples(labels),
            "discriminator_rate": torch.tensor(rate, dtype=optimizers.rate_type(self.device)),
            "weight": torch.tensor(self._weight(moment.progress)),
        }
        if self.config.labels:
            inputs["classes"] = F.one_hot(labels, CLASSES).float()
        return seen, inputs

    def penalty(self, codes: Codes, kind: int, inputs: Tensors) -> tuple[torch.Tensor, Tensors]:
        """The encoder's adversarial loss in nats, times its weight, beside a step of the discriminator.

        The tensor has that loss's gradient, by which alone it matters, and not its value.
        """
        batch = len(codes.z)
        remember(self.recent_codes, codes.z.detach())
        if not kind:
            return codes.z.new_zeros(()), {}
        z = self.recent_codes[-kind * batch :].clone().requires_grad_()
        seen = torch.cat([inputs["prior"], z])
        if "classes" in inputs:
            seen = torch.cat([seen, inputs["classes"].repeat(2, 1)], dim=1)
        prior_logits, code_logits = self._logits(seen).chunk(2)
        loss = discriminator_loss(prior_logits, code_logits)
        self.optimizer.zero_grad()
        loss.backward()
        optimizers.step(self.optimizer, inputs["discriminator_rate"])

        now = slice(len(z) - batch, None)  # This minibatch stands last in the buffer.
        assert z.grad is not None
        logits = code_logits.detach()
        gradient = z.grad[now] * encoder_factor(logits, now)[:, None]
        losses = {
            "discriminator_loss": loss.detach(),
            "encoder_adversarial_loss": encoder_adversarial_loss(logits[now]),
        }
        return inputs["weight"] * (gradient * codes.z).sum(), losses

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

    def _logits(self, z: torch.Tensor) -> torch.Tensor:
        """The discriminator's logits that each code came from the prior: (batch, inputs) -> (batch,)."""
        return apply(self.discriminator, self.settings.precision, z).squeeze(1)

    def _prior_samples(self, labels: torch.Tensor) -> torch.Tensor:
        if self.config.labels:
            return self.prior.sample_components(labels, self.prior_samples)
        return self.prior.sample(len(labels), self.prior_samples)


def remember(recent: torch.Tensor, latest: torch.Tensor) -> None:
    """Move a buffer's rows to the front by as many as the latest ones, which take the last places."""
    recent.copy_(torch.cat([recent[len(latest) :], latest]))
