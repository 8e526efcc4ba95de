"""The networks are the paper's, and all their randomness comes from the generators they are given."""

from collections.abc import Mapping

import pytest
import torch
from tiny import make_config
from torch import nn

from aae.data.datasets import SHAPE
from aae.model import networks
from aae.model.networks import Autoencoder
from aae.model.parts import ENCODERS
from aae.model.perceptron import perceptron
from aae.model.randomness import named_generator

ENCODER_NAMES = pytest.mark.parametrize("encoder", list(ENCODERS))


def sizes(network: nn.Module) -> list[int]:
    """Inputs, then the outputs of each linear layer."""
    layers = [module for module in network.modules() if isinstance(module, nn.Linear)]
    return [layers[0].in_features, *(layer.out_features for layer in layers)]


def fresh(encoder: str, seed: int = 0, model: Mapping[str, object] | None = None) -> Autoencoder:
    model = {"hidden_units": 16} | dict(model or {})
    return Autoencoder(make_config(encoder=encoder, seed=seed, model=model), SHAPE)


def equal_weights(one: nn.Module, other: nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize("code_dim", [2, 8])
@pytest.mark.parametrize(
    ("encoder", "sigma", "inputs", "outputs"),
    [
        ("deterministic", "learned", 784, 1),
        ("gaussian", "learned", 784, 2),  # Means and standard deviations.
        ("gaussian", 0.1, 784, 1),  # Means alone.
        ("universal", "learned", 784 + 10, 1),  # Noise beside the image.
    ],
)
def test_encoder_and_decoder_have_the_papers_layers(
    encoder: str, sigma: object, inputs: int, outputs: int, code_dim: int
) -> None:
    model = {"hidden_units": 1000, "code_dim": code_dim, "sigma": sigma}
    autoencoder = fresh(encoder, model=model)
    assert sizes(autoencoder.encoder) == [inputs, 1000, 1000, outputs * code_dim]
    assert sizes(autoencoder.decoder) == [code_dim, 1000, 1000, 784]
    kinds = [type(module) for module in autoencoder.decoder.children()]
    assert kinds == [nn.Linear, nn.ReLU, nn.Linear, nn.ReLU, nn.Linear, nn.Unflatten]


@pytest.mark.parametrize(
    ("name", "stds", "bias_std"),
    [
        ("he", (1 / 6**0.5, (2 / 1000) ** 0.5), 1 / 3000**0.5),  # Wider between the hidden layers only.
        ("uniform", (1 / 6**0.5, 1 / 3000**0.5), 1 / 3000**0.5),
        ("normal", (0.01, 0.01), 0),
    ],
)
def test_first_weights_are_hes_or_pytorchs_uniform_ones_or_the_papers_normal_ones(
    name: str, stds: tuple[float, float], bias_std: float
) -> None:
    settings = make_config(model={"hidden_units": 1000, "initial_weights": name}).model
    network = perceptron(2, 1, settings, named_generator(0, "weights"))
    first, second, _ = (layer for layer in network.children() if isinstance(layer, nn.Linear))
    for layer, std in zip((first, second), stds, strict=True):
        assert layer.weight.std().item() == pytest.approx(std, rel=0.05)
    assert second.bias.std().item() == pytest.approx(bias_std, rel=0.1)
    # Three standard deviations hold all of a uniform distribution, but not of a normal one.
    assert (second.weight.abs().max() > 3 * stds[1]).item() is (name == "normal")


@ENCODER_NAMES
def test_a_seed_decides_the_weights_to_the_bit(encoder: str) -> None:
    assert equal_weights(fresh(encoder), fresh(encoder))
    for one, other in zip(fresh(encoder, 0).parameters(), fresh(encoder, 1).parameters(), strict=True):
        assert not torch.equal(one, other)


def test_the_decoders_weights_are_the_same_whatever_the_encoder() -> None:
    decoders = [fresh(encoder).decoder for encoder in ENCODERS]
    assert equal_weights(decoders[0], decoders[1])
    assert equal_weights(decoders[0], decoders[2])


@ENCODER_NAMES
def test_torchs_global_generator_decides_nothing(encoder: str, x: torch.Tensor) -> None:
    results = []
    with torch.random.fork_rng():
        for global_seed in (1, 2):
            torch.manual_seed(global_seed)
            autoencoder = fresh(encoder)
            before = torch.get_rng_state()
            z = autoencoder.encode(x, named_generator(0, "noise"))
            results.append(torch.cat([z, autoencoder.decode(z).flatten(1)], dim=1))
            assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(*results)


@ENCODER_NAMES
def test_a_generator_decides_the_codes_to_the_bit(encoder: str, x: torch.Tensor) -> None:
    autoencoder = fresh(encoder)
    z = autoencoder.encode(x, named_generator(0, "noise"))
    assert z.shape == (len(x), 2)
    assert torch.equal(z, autoencoder.encode(x, named_generator(0, "noise")))
    another = autoencoder.encode(x, named_generator(0, "other noise"))
    assert torch.equal(z, another) == (encoder == "deterministic")


def test_the_deterministic_code_is_the_networks_output_and_uses_no_noise(x: torch.Tensor) -> None:
    autoencoder = fresh("deterministic")
    generator = named_generator(0, "noise")
    before = generator.get_state()
    z = autoencoder.encode(x, generator)
    assert torch.equal(z, autoencoder.encoder.net(x, None).detach())
    assert torch.equal(generator.get_state(), before)


@pytest.mark.parametrize("sigma", ["learned", 0.25])
def test_the_gaussian_encoders_codes_have_its_mean_and_standard_deviation(
    sigma: object, x: torch.Tensor
) -> None:
    n = 2000
    autoencoder = fresh("gaussian", model={"sigma": sigma, "prior_std": 5.0})
    generator = named_generator(0, "noise")
    draws = autoencoder.encode(x[:20].repeat(n, 1, 1), generator).view(n, 20, 2)
    codes = autoencoder.encoder(x[:20], autoencoder.encoder.draw_noise(20, generator))
    assert codes.mean is not None
    if sigma == "learned":
        std = torch.log1p(autoencoder.encoder.net(x[:20], None)[:, 2:].detach().exp())  # Softplus.
    else:
        std = torch.full((20, 2), 0.25 * 5.0)
    assert ((draws.mean(0) - codes.mean).abs() / std).max() < 4 / n**0.5
    assert (draws.std(0) / std - 1).abs().max() < 4 / (2 * n) ** 0.5
    torch.testing.assert_close(codes.mean, autoencoder.encoder.net(x[:20], None)[:, :2])
    torch.testing.assert_close(codes.std, std)


@pytest.mark.parametrize("initial_weights", ["he", "uniform", "normal"])
@ENCODER_NAMES
def test_every_weight_of_the_autoencoder_learns(encoder: str, initial_weights: str, x: torch.Tensor) -> None:
    autoencoder = fresh(encoder, model={"initial_weights": initial_weights})
    z = autoencoder.encoder(x, autoencoder.encoder.draw_noise(len(x), named_generator(0, "noise"))).z
    (autoencoder.decoder(z) - 1).square().mean().backward()
    for name, parameter in autoencoder.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


@ENCODER_NAMES
def test_encoding_in_several_batches_equals_encoding_at_once(
    encoder: str, x: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    autoencoder = fresh(encoder)
    at_once = autoencoder.encode(x, named_generator(0, "noise"))
    images = autoencoder.decode(at_once)
    monkeypatch.setattr(networks, "BATCH", 200)
    torch.testing.assert_close(autoencoder.encode(x, named_generator(0, "noise")), at_once)
    torch.testing.assert_close(autoencoder.decode(at_once), images)


def test_decoded_pixels_are_probabilities() -> None:
    z = torch.tensor([[0.0, 0.0], [1.0, -2.0], [5.0, 5.0]])
    images = fresh("deterministic").decode(z)
    assert images.shape == (3, 28, 28)
    assert ((images > 0) & (images < 1)).all()
