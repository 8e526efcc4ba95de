"""The networks are the paper's, and all their randomness comes from the generators they are given."""

import pytest
import torch
from torch import nn

from aae import models
from aae.config import EncoderName
from aae.models import ENCODERS, Autoencoder, Decoder, Discriminator
from aae.randomness import named_generator

ENCODER_NAMES = pytest.mark.parametrize("encoder", list(ENCODERS))
HIDDEN = 16


def sizes(network: nn.Module) -> list[int]:
    """Inputs, then the outputs of each linear layer."""
    layers = [module for module in network.modules() if isinstance(module, nn.Linear)]
    return [layers[0].in_features, *(layer.out_features for layer in layers)]


def fresh(encoder: str, seed: int = 0) -> Autoencoder:
    return Autoencoder(encoder, HIDDEN, seed)


def equal_weights(one: nn.Module, other: nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


@pytest.mark.parametrize(
    ("encoder", "expected"),
    [
        ("deterministic", [784, 1000, 1000, 2]),
        ("gaussian", [784, 1000, 1000, 4]),  # Means and standard deviations.
        ("universal", [784 + 10, 1000, 1000, 2]),  # Noise beside the image.
    ],
)
def test_the_encoders_have_the_papers_layers(encoder: str, expected: list[int]) -> None:
    assert sizes(ENCODERS[encoder](1000, named_generator(0, "weights"))) == expected


def test_decoder_and_discriminator_have_the_papers_layers() -> None:
    assert sizes(Decoder(1000, named_generator(0, "weights"))) == [2, 1000, 1000, 784]
    discriminator = Discriminator(1000, named_generator(0, "weights"))
    assert sizes(discriminator) == [2, 1000, 1000, 1]
    assert discriminator(torch.zeros(7, 2)).shape == (7,)


def test_every_allowed_name_has_an_encoder() -> None:
    assert set(ENCODERS) == set(EncoderName.__args__)  # type: ignore[attr-defined]


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
def test_torchs_global_generator_is_neither_used_nor_moved(encoder: str, x: torch.Tensor) -> None:
    results = []
    with torch.random.fork_rng():
        for global_seed in (1, 2):
            torch.manual_seed(global_seed)
            before = torch.get_rng_state()
            autoencoder = fresh(encoder)
            z = autoencoder.encode(x, named_generator(0, "noise"))
            mean = autoencoder.encode_mean(x, named_generator(0, "noise"))
            results.append(torch.cat([z, mean, autoencoder.decode(z)], dim=1))
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


def test_the_deterministic_code_is_its_own_mean_and_uses_no_noise(x: torch.Tensor) -> None:
    autoencoder = fresh("deterministic")
    generator = named_generator(0, "noise")
    before = generator.get_state()
    assert torch.equal(autoencoder.encode(x, generator), autoencoder.encode_mean(x, generator))
    assert torch.equal(generator.get_state(), before)


def test_the_gaussian_encoders_codes_have_its_mean_and_standard_deviation(x: torch.Tensor) -> None:
    n = 2000
    autoencoder = fresh("gaussian")
    generator = named_generator(0, "noise")
    draws = autoencoder.encode(x[:20].repeat(n, 1), generator).view(n, 20, 2)
    mean = autoencoder.encode_mean(x[:20], generator)
    std = torch.log1p(autoencoder.encoder.net(x[:20])[:, 2:].detach().exp())  # Softplus.
    assert ((draws.mean(0) - mean).abs() / std).max() < 4 / n**0.5
    assert (draws.std(0) / std - 1).abs().max() < 4 / (2 * n) ** 0.5


def test_the_gaussian_mean_uses_no_noise(x: torch.Tensor) -> None:
    generator = named_generator(0, "noise")
    before = generator.get_state()
    fresh("gaussian").encode_mean(x, generator)
    assert torch.equal(generator.get_state(), before)


def test_the_universal_encoders_codes_differ_between_draws_about_their_mean(x: torch.Tensor) -> None:
    autoencoder = fresh("universal")
    generator = named_generator(0, "noise")
    draws = autoencoder.encode(x[:100].repeat(200, 1), generator).view(200, 100, 2)
    assert (draws.std(0) > 0).all()
    mean = autoencoder.encode_mean(x[:100], generator)
    # Sixteen draws behind the mean, two hundred behind what it is held against.
    spread = draws.std(0) * (1 / models.MEAN_DRAWS + 1 / 200) ** 0.5
    assert ((draws.mean(0) - mean) / spread).square().mean().sqrt().item() == pytest.approx(1, abs=0.2)


@ENCODER_NAMES
def test_every_weight_of_the_autoencoder_learns(encoder: str, x: torch.Tensor) -> None:
    autoencoder = fresh(encoder)
    autoencoder.decoder(autoencoder.encoder(x, named_generator(0, "noise"))).square().mean().backward()
    for name, parameter in autoencoder.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


def test_every_weight_of_the_discriminator_learns() -> None:
    discriminator = Discriminator(HIDDEN, named_generator(0, "weights"))
    discriminator(torch.randn(100, 2, generator=named_generator(0, "codes"))).mean().backward()
    for name, parameter in discriminator.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().sum() > 0, name


@ENCODER_NAMES
def test_encoding_in_several_batches_equals_encoding_at_once(
    encoder: str, x: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    autoencoder = fresh(encoder)
    at_once = autoencoder.encode(x, named_generator(0, "noise"))
    images = autoencoder.decode(at_once)
    monkeypatch.setattr(models, "BATCH", 200)
    torch.testing.assert_close(autoencoder.encode(x, named_generator(0, "noise")), at_once)
    torch.testing.assert_close(autoencoder.decode(at_once), images)


@ENCODER_NAMES
def test_outside_training_nothing_keeps_a_gradient(encoder: str, x: torch.Tensor) -> None:
    autoencoder = fresh(encoder)
    z = autoencoder.encode(x, named_generator(0, "noise"))
    mean = autoencoder.encode_mean(x, named_generator(0, "noise"))
    assert not any(tensor.requires_grad for tensor in (z, mean, autoencoder.decode(z)))


def test_decoded_pixels_are_probabilities() -> None:
    z = torch.tensor([[0.0, 0.0], [1.0, -2.0], [5.0, 5.0]])
    images = fresh("deterministic").decode(z)
    assert images.shape == (3, 784)
    assert ((images > 0) & (images < 1)).all()


def test_named_generators_depend_on_seed_and_name_alone() -> None:
    def draw(seed: int, name: str) -> list[float]:
        return torch.rand(4, generator=named_generator(seed, name)).tolist()

    names = [(0, "prior samples"), (0, "batch order"), (1, "prior samples"), (2**32 - 1, "batch order")]
    drawn = [draw(*name) for name in names]
    assert drawn == [draw(*name) for name in reversed(names)][::-1]
    assert len({tuple(numbers) for numbers in drawn}) == len(names)


def test_drawing_from_one_named_generator_leaves_the_others_alone() -> None:
    one, other = named_generator(0, "one"), named_generator(0, "other")
    torch.rand(100, generator=one)
    assert torch.equal(torch.rand(5, generator=other), torch.rand(5, generator=named_generator(0, "other")))
