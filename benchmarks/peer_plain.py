"""The loop that most reproductions share: torchvision's data set, a DataLoader and three optimisers."""

import itertools
import tempfile
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader
from torchvision.datasets import MNIST
from torchvision.transforms import ToTensor

from contestant import NO_SCHEDULE, OnStep


def perceptron(*sizes: int) -> list[nn.Module]:
    """Linear layers with ReLUs between them."""
    layers: list[nn.Module] = [nn.Linear(*size) for size in itertools.pairwise(sizes)]
    return [module for layer in layers for module in (layer, nn.ReLU())][:-1]


class PlainLoop:
    """Reconstruct, discriminate, fool: three passes and three updates a minibatch."""

    batch_size = 100
    precision = "float32"
    cycle = 1
    epochs = NO_SCHEDULE

    def __init__(self, folder: Path, device: str) -> None:
        """Networks, data and optimisers; `folder` holds the IDX files."""
        torch.manual_seed(0)
        self.device = device
        self.encoder = nn.Sequential(*perceptron(784, 1000, 1000, 2)).to(device)
        self.decoder = nn.Sequential(*perceptron(2, 1000, 1000, 784), nn.Sigmoid()).to(device)
        self.discriminator = nn.Sequential(*perceptron(2, 1000, 1000, 1), nn.Sigmoid()).to(device)
        with tempfile.TemporaryDirectory() as root:  # torchvision wants folders of its own.
            (Path(root) / "MNIST").mkdir()
            (Path(root) / "MNIST/raw").symlink_to(folder.resolve())
            images = MNIST(root, transform=ToTensor())
        self.loader = DataLoader(images, batch_size=self.batch_size, shuffle=True)
        # The rates of fducau/AAE_pytorch, one of the first of such loops.
        both = itertools.chain(self.encoder.parameters(), self.decoder.parameters())
        self.reconstruct = torch.optim.Adam(both, lr=6e-4)
        self.discriminate = torch.optim.Adam(self.discriminator.parameters(), lr=8e-4)
        self.fool = torch.optim.Adam(self.encoder.parameters(), lr=8e-4)

    def run_epoch(self, on_step: OnStep) -> None:
        """One epoch; `on_step` is called after each step."""
        for images, _ in self.loader:
            self.run_step(images.view(len(images), -1).to(self.device))
            on_step()

    def run_step(self, x: torch.Tensor) -> None:
        """The three updates on one minibatch, (batch, 784)."""
        true, false = torch.ones(len(x), 1, device=x.device), torch.zeros(len(x), 1, device=x.device)

        loss = F.binary_cross_entropy(self.decoder(self.encoder(x)), x)
        self._update(self.reconstruct, loss)

        by_prior = self.discriminator(torch.randn(len(x), 2, device=x.device))
        by_encoder = self.discriminator(self.encoder(x).detach())
        loss = F.binary_cross_entropy(by_prior, true) + F.binary_cross_entropy(by_encoder, false)
        self._update(self.discriminate, loss)

        loss = F.binary_cross_entropy(self.discriminator(self.encoder(x)), true)
        self._update(self.fool, loss)

    def _update(self, optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> None:
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()  # Such loops print or add up their losses.

    @torch.inference_mode()
    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """Codes, (n, 2), of images (n, 784)."""
        return torch.cat([self.encoder(part) for part in x.split(1000)])

    @torch.inference_mode()
    def decode(self, z: torch.Tensor) -> torch.Tensor:
        """Images, (n, 784), of codes (n, 2)."""
        return torch.cat([self.decoder(part) for part in z.split(1000)])
