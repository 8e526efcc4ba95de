"""pythae's `Adversarial_AE`, trained by pythae's own `AdversarialTrainer`, with this project's networks."""

import logging
import tempfile
from pathlib import Path
from typing import Any

import torch
from pythae.data.datasets import BaseDataset
from pythae.models import Adversarial_AE, Adversarial_AE_Config
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseDiscriminator, BaseEncoder
from pythae.trainers import AdversarialTrainer, AdversarialTrainerConfig
from pythae.trainers.training_callbacks import CallbackHandler, TrainingCallback
from torch import nn

from contestant import NO_SCHEDULE, OnStep, read_images


def hidden_layers(inputs: int) -> nn.Sequential:
    """Two layers of 1000 ReLU units."""
    return nn.Sequential(nn.Linear(inputs, 1000), nn.ReLU(), nn.Linear(1000, 1000), nn.ReLU())


class Encoder(BaseEncoder):  # type: ignore[misc]
    """Mean and logarithm of the variance, which pythae wants of a deterministic encoder as well."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = hidden_layers(784)
        self.embedding = nn.Linear(1000, 2)
        self.log_covariance = nn.Linear(1000, 2)

    def forward(self, x: torch.Tensor) -> Any:
        """Images to codes."""
        hidden = self.hidden(x.flatten(1))
        return ModelOutput(embedding=self.embedding(hidden), log_covariance=self.log_covariance(hidden))


class Decoder(BaseDecoder):  # type: ignore[misc]
    """Codes to pixels in (0, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(hidden_layers(2), nn.Linear(1000, 784), nn.Sigmoid())

    def forward(self, z: torch.Tensor) -> Any:
        """Codes to images."""
        return ModelOutput(reconstruction=self.net(z).view(-1, 1, 28, 28))


class Discriminator(BaseDiscriminator):  # type: ignore[misc]
    """The probability that a code came from the prior."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(hidden_layers(2), nn.Linear(1000, 1), nn.Sigmoid())

    def forward(self, z: torch.Tensor) -> Any:
        """Codes to probabilities."""
        return ModelOutput(embedding=self.net(z))


class StepCallback(TrainingCallback):  # type: ignore[misc]
    """Hands pythae's event on."""

    def __init__(self, on_step: OnStep) -> None:
        self.on_step = on_step

    def on_train_step_end(self, training_config: Any, **kwargs: Any) -> None:
        """Called by pythae's trainer after each step."""
        self.on_step()


class Pythae:
    """Its losses, its optimisers, its DataLoader; only its progress bar is left out."""

    batch_size = 100
    precision = "float32"
    cycle = 1
    epochs = NO_SCHEDULE

    def __init__(self, folder: Path, device: str) -> None:
        """Model and trainer, deterministic; `folder` holds the IDX files."""
        logging.disable(logging.INFO)
        torch.manual_seed(0)
        config = Adversarial_AE_Config(input_dim=(1, 28, 28), latent_dim=2, deterministic_posterior=True)
        self.model = Adversarial_AE(config, Encoder(), Decoder(), Discriminator())
        x = read_images(folder, "train").view(-1, 1, 28, 28)
        with tempfile.TemporaryDirectory() as output:
            self.trainer = AdversarialTrainer(
                self.model,
                BaseDataset(x, torch.zeros(len(x))),
                training_config=AdversarialTrainerConfig(
                    output_dir=output,
                    per_device_train_batch_size=self.batch_size,
                    no_cuda=device == "cpu",
                    # Adam's own default; pythae's is 1e-4. It changes nothing in the speed.
                    autoencoder_learning_rate=1e-3,
                    discriminator_learning_rate=1e-3,
                ),
            )
            self.trainer.prepare_training()
        self.epoch = 0

    def run_epoch(self, on_step: OnStep) -> None:
        """One epoch; `on_step` is called after each step."""
        self.epoch += 1
        self.trainer.callback_handler = CallbackHandler([StepCallback(on_step)], self.model)
        self.trainer.train_step(self.epoch)

    @torch.inference_mode()
    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """Codes, (n, 2), of images (n, 784)."""
        self.model.eval()
        return torch.cat([self.model.encoder(part).embedding for part in x.split(1000)])

    @torch.inference_mode()
    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """Images, (n, 784), of codes (n, 2)."""
        return torch.cat([self.model.decoder(part).reconstruction.flatten(1) for part in z.split(1000)])
