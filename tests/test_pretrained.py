"""Small weights give what all weights give; the command aae takes what people have, or says why not."""

import gzip
import io
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import ROOT, SAMPLE, failure
from PIL import Image
from tiny import make_config

import aae
from aae.data.datasets import SHAPE
from aae.model.networks import Autoencoder
from aae.model.parts import run_prior
from aae.pretrained import command
from aae.pretrained.fidelity import fidelity
from aae.pretrained.network import FARTHEST, Network, load
from aae.pretrained.pictures import read_pictures
from aae.pretrained.shrink import around, shrunk
from aae.settings.config import RunConfig
from aae.system import artifacts

TEST_IMAGES = SAMPLE / "t10k-images-idx3-ubyte.gz"
ENCODERS: list[dict[str, object]] = [
    {"encoder": "deterministic"},
    {"encoder": "gaussian"},
    {"encoder": "gaussian", "model": {"sigma": 0.1}},
    {"encoder": "universal"},
    {"encoder": "deterministic", "prior": "none"},
    {"encoder": "deterministic", "model": {"code_dim": 8}},
]


def untrained(model: dict[str, object] | None = None, **settings: Any) -> tuple[RunConfig, Autoencoder]:
    """A run whose networks have units that sleep, and codes that spread."""
    config = make_config({"hidden_units": 200} | (model or {}), None, **settings)
    autoencoder = Autoencoder(config, SHAPE)
    with torch.no_grad():
        for network in (autoencoder.encoder.net, autoencoder.decoder):
            network[2].bias[:50] = -1e3  # type: ignore[index]
            list(network.parameters())[-2].mul_(20)
    return config, autoencoder


@pytest.fixture(scope="module")
def network() -> Network:
    return aae.load()


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return read_pictures(TEST_IMAGES, SHAPE).images


# Small weights.


@pytest.mark.parametrize("settings", ENCODERS, ids=str)
def test_codes_and_images_are_those_of_all_weights(settings: dict[str, object], x: torch.Tensor) -> None:
    config, autoencoder = untrained(**settings)  # type: ignore[arg-type]
    small = shrunk(config, autoencoder, x, "key")
    assert small.dim == config.model.code_dim
    assert len(small.encoder[1].bias) <= 150
    assert len(small.decoder[1].bias) <= 150
    numbers = fidelity(small, autoencoder, x)
    z = small.encode(x.numpy())
    assert z.std(0).min() > 0.1
    assert numbers["code"] < 2e-3 * np.abs(z).max()
    assert numbers["pixel"] < 1 / 255
    assert numbers["encoder_units"] == sum(len(layer.bias) for layer in small.encoder[:-1])
    beyond = around(run_prior(config))[::1000]
    assert np.abs(small.decode(beyond.numpy()) - autoencoder.decode(beyond).numpy()).max() < 2 / 255


def test_what_is_left_out_adds_nothing(x: torch.Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aae.pretrained.shrink.SMALL", 10**9)  # No half floats: removal alone.
    config, autoencoder = untrained()
    numbers = fidelity(shrunk(config, autoencoder, x, "key"), autoencoder, x)
    assert numbers["code"] < 1e-5
    assert numbers["pixel"] < 1e-5


def test_fidelity_tells_a_weight_that_is_wrong(x: torch.Tensor) -> None:
    config, autoencoder = untrained()
    small = shrunk(config, autoencoder, x, "key")
    reach = np.abs(small.encode(x.numpy())).max()
    small.encoder[-1].bias[0] += 0.008 * reach
    small.decoder[-1].bias[7] += 3.0
    found = fidelity(small, autoencoder, x)
    assert found["code"] == pytest.approx(0.008 * reach, rel=0.2)
    assert found["pixel"] > 0.4


def test_of_a_random_encoder_the_code_is_that_without_noise(x: torch.Tensor) -> None:
    config, autoencoder = untrained(encoder="gaussian")
    mean = autoencoder.posterior(x, torch.Generator()).mean
    assert mean is not None
    np.testing.assert_allclose(shrunk(config, autoencoder, x, "key").encode(x.numpy()), mean, atol=2e-3)


def test_an_encoder_whose_network_gives_something_else_is_refused(x: torch.Tensor) -> None:
    config, autoencoder = untrained()
    small = shrunk(config, autoencoder, x, "key")
    with torch.no_grad():
        list(autoencoder.encoder.net.parameters())[-1].add_(1)
    assert "run the other stages by their names" in failure(lambda: fidelity(small, autoencoder, x))


def test_no_perceptron_is_refused(x: torch.Tensor) -> None:
    config, autoencoder = untrained()
    autoencoder.decoder = torch.nn.Sequential(torch.nn.Linear(2, 784), torch.nn.Tanh())
    assert "model.architecture: perceptron" in failure(lambda: shrunk(config, autoencoder, x, "key"))


def test_the_file_gives_it_back_and_its_bytes_repeat(x: torch.Tensor, tmp_path: Path) -> None:
    config, autoencoder = untrained()
    small = shrunk(config, autoencoder, x, "key")
    for name in ("one", "two"):
        small.save(tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    again = load(tmp_path / "one")
    assert (again.shape, again.title, again.prior, again.run) == (SHAPE, config.title, "gaussian", "key")
    np.testing.assert_array_equal(again.encode(x.numpy()), small.encode(x.numpy()))
    (tmp_path / "one").write_bytes((tmp_path / "two").read_bytes()[:1000])
    assert "is damaged" in failure(lambda: load(tmp_path / "one"))


# Those that come with the package.


def test_the_committed_weights_are_small_and_know_digits(network: Network, digits: np.ndarray) -> None:
    rows = artifacts.load_json(ROOT / "metrics/weights.json")
    numbers = {row["name"]: row["value"] for row in rows}
    size = (ROOT / "src/aae/weights/base.safetensors").stat().st_size
    assert size == round(1e6 * numbers["megabytes"]) <= 4_000_000
    assert numbers["code"] < 0.002  # Standard deviations of the prior.
    assert numbers["pixel"] < 1 / 255
    assert network.shape == SHAPE
    z = network.encode(digits)
    assert z.dtype == np.float32
    assert z.shape == (len(digits), 2)
    # Of the base run 0.034; of the mean image 0.067.
    assert ((network.decode(z) - digits) ** 2).mean() < 0.045


def pixels(x: np.ndarray) -> np.ndarray:
    return (255 * x).round().astype(np.uint8)


IMAGES: dict[str, Callable[[np.ndarray], Any]] = {
    "lists": lambda x: x.tolist(),
    "lists of bytes": lambda x: pixels(x).tolist(),
    "arrays in a list": list,
    "float64": lambda x: x.astype(np.float64),
    "bytes": pixels,
    "floats up to 255": lambda x: 255.0 * x,
    "rows": lambda x: x.reshape(len(x), -1),
    "a table": lambda x: pd.DataFrame(pixels(x).reshape(len(x), -1)),
    "a channel": lambda x: x[:, None],
    "a tensor": torch.from_numpy,
    "a tensor of bytes": lambda x: torch.from_numpy(pixels(x))[:, None],
    "tensors in a list, gradients": lambda x: [torch.from_numpy(each).requires_grad_() for each in x],
    "bfloat16, a gradient": lambda x: torch.from_numpy(x).bfloat16().requires_grad_(),
}


@pytest.mark.parametrize("form", IMAGES)
def test_images_in_the_forms_that_people_have_get_their_codes(
    network: Network, digits: np.ndarray, form: str
) -> None:
    x = digits[:5]
    found = network.encode(IMAGES[form](x))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, network.encode(x), atol=0.02 if "bfloat16" in form else 1e-4)


def test_one_image_and_one_code_are_taken_too(network: Network, digits: np.ndarray) -> None:
    z = network.encode(digits[0])
    np.testing.assert_array_equal(z, network.encode(digits[:1]))
    np.testing.assert_array_equal(z, network.encode(digits[0].ravel()))
    np.testing.assert_array_equal(network.decode(z[0]), network.decode(z))
    # Black and white, written as whole numbers.
    white = digits[:2] > 0.5
    np.testing.assert_array_equal(network.encode(white.astype(int)), network.encode(white))


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (np.zeros((2, 3, 28, 28)), r"\(n, height, width\) or \(n, 784\); found \(2, 3, 28, 28\)"),
        (np.zeros((2, 32, 32)), r"28 x 28 pixels, found shape \(2, 32, 32\)"),
        (np.full((1, 28, 28), np.nan), "found one that is not a number"),
        (None, "found one that is not a number"),
        (np.linspace(0, 2, 784), "from 0 to 1 or from 0 to 255; found 0 to 2"),
        (np.linspace(-1, 1, 784), "found -1 to 1"),
        (np.full((1, 28, 28), 1.02), "found 1.02 to 1.02"),
        (np.full((1, 28, 28), 256), "found 256 to 256"),
        (np.full((1, 28, 28), 1j), "expected numbers, found complex128"),
        ([], r"found \(0,\)"),
        ([[0, 1], [0]], "expected numbers, found list"),
        ("digit.png", "expected numbers, found str"),
    ],
)
def test_images_of_another_kind_are_refused_in_one_line(network: Network, images: Any, words: str) -> None:
    line = failure(lambda: network.encode(images))
    assert re.search(words, line)
    assert "\n" not in line


@pytest.mark.parametrize(
    "form",
    [
        np.ndarray.tolist,
        torch.from_numpy,
        lambda z: torch.from_numpy(z).double().requires_grad_(),
        lambda z: pd.DataFrame(z, columns=["z1", "z2"]),
        lambda z: pd.DataFrame(z).astype(object),
    ],
)
def test_codes_in_the_forms_that_people_have_are_decoded(
    network: Network, form: Callable[[np.ndarray], Any]
) -> None:
    z = np.array([[0.5, 1], [-1.5, 0.25]], np.float32)
    np.testing.assert_array_equal(network.decode(form(z)), network.decode(z))


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        ([(0, 0), (np.nan, 0)], "code 2 has a coordinate of size nan; allowed: up to 1e[+]06"),
        ([(np.inf, 0)], "size inf"),
        ([(1e300, 0)], "size 1e[+]300"),
        ([(-(2**63), 0)], "size 9.22e[+]18"),
        ([(0, -1.01 * FARTHEST)], "size 1.01e[+]06"),
        ([(0, 0, 0)], r"shape \(n, 2\), found \(1, 3\)"),
        ([], r"found \(0,\)"),
        (np.zeros((2, 9)), r"found \(2, 9\); did you mean codes\.T\?"),
        (np.zeros((1, 1, 2)), r"found \(1, 1, 2\)"),
        ([("0", "1")], "expected numbers, found str"),
        (pd.DataFrame({"z1": [0.5], "file": ["a.png"]}), "expected numbers, found DataFrame .*'a.png'"),
    ],
)
def test_codes_of_another_kind_are_refused_in_one_line(network: Network, codes: Any, words: str) -> None:
    line = failure(lambda: network.decode(codes))
    assert re.search(words, line)
    assert "\n" not in line


def test_codes_far_out_and_no_codes_are_decoded(network: Network) -> None:
    images = network.decode(np.array([[FARTHEST, -FARTHEST]]))
    assert ((images >= 0) & (images <= 1)).all()
    assert network.decode(np.zeros((0, 2))).shape == (0, 28, 28)
    assert network.encode(np.zeros((0, 28, 28))).shape == (0, 2)


def test_a_picture_needs_no_torch_and_import_aae_nothing(tmp_path: Path) -> None:
    (tmp_path / "codes.csv").write_text("0,0\n")
    script = (
        "import sys; import aae; assert not {'numpy', 'safetensors'} & set(sys.modules)\n"
        "from aae.pretrained.command import main; main()\n"
        "assert not {'torch', 'scipy', 'sklearn', 'matplotlib'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "decode", "codes.csv"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "mosaic.png").exists()


# Pictures.


def as_png(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


def scan(digit: np.ndarray) -> Image.Image:
    """A digit as a scan of paper has it: large, dark on light, far from the middle, with noise."""
    page = Image.new("L", (640, 480))
    page.paste(Image.fromarray((255 * digit).astype(np.uint8)).resize((280, 280)), (300, 40))
    noise = np.random.default_rng(0).normal(0, 4, (480, 640))
    return Image.fromarray(np.clip(235 - 0.8 * np.asarray(page) + noise, 0, 255).astype(np.uint8))


def turned(picture: Image.Image) -> bytes:
    """The picture of a phone that was held sideways, and says so."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return as_png(picture.transpose(Image.Transpose.ROTATE_90), exif=exif)


def deep(picture: Image.Image) -> bytes:
    return as_png(Image.fromarray(257 * np.asarray(picture, dtype=np.uint16)))


def cut_out(picture: Image.Image) -> bytes:
    """Black ink on nothing."""
    ink = Image.new("LA", picture.size, (0, 0))
    ink.putalpha(Image.eval(picture, lambda grey: 0 if grey > 150 else 255))
    return as_png(ink)


def with_preview(picture: Image.Image) -> bytes:
    """A phone's JPEG that holds a small copy as well."""
    file = io.BytesIO()
    picture.save(file, "MPO", save_all=True, append_images=[picture.resize((64, 48))])
    return file.getvalue()


@pytest.mark.parametrize(
    "saved", [as_png, turned, deep, cut_out, with_preview, lambda picture: as_png(picture.convert("RGB"))]
)
def test_a_scan_is_fitted_as_mnist_is(
    saved: Callable[[Image.Image], bytes], network: Network, digits: np.ndarray, tmp_path: Path
) -> None:
    distances = []
    for digit in digits[:20]:
        (tmp_path / "scan.png").write_bytes(saved(scan(digit)))
        read = read_pictures(tmp_path / "scan.png", SHAPE)
        assert (read.fitted, read.inverted) == (1, 1)
        assert read.images[0].max() == 1
        distances.append(np.linalg.norm(network.encode(read.images) - network.encode(digit[None])))
    assert np.median(distances) < 0.25  # Of any two digits it is about 1.6.


def test_what_is_as_mnist_is_stays_as_it_is(digits: np.ndarray, tmp_path: Path) -> None:
    pixels = (255 * digits[:3]).round().astype(np.uint8)
    (tmp_path / "one.png").write_bytes(as_png(Image.fromarray(pixels[0])))
    arrays: dict[str, Any] = {
        "bytes": pixels,
        "floats": pixels / 255,
        "rows": pixels.reshape(3, -1),
        "upto255": 1.0 * pixels,
    }
    for name, array in arrays.items():
        np.save(tmp_path / f"{name}.npy", array)
        read = read_pictures(tmp_path / f"{name}.npy", SHAPE)
        np.testing.assert_allclose(read.images, digits[:3], atol=1e-6)
        assert (read.fitted, read.inverted) == (0, 0)
    np.testing.assert_allclose(read_pictures(tmp_path / "one.png", SHAPE).images, digits[:1], atol=1e-6)


@pytest.mark.parametrize(("ground", "ink"), [(100, 0), (127, 0), (40, 255), (1, 255), (255, 0)])
def test_the_border_says_what_the_ground_is(
    ground: int, ink: int, network: Network, digits: np.ndarray, tmp_path: Path
) -> None:
    np.save(tmp_path / "x.npy", (ground + (ink - ground) * digits[:20]).round().astype(np.uint8))
    read = read_pictures(tmp_path / "x.npy", SHAPE)
    assert (read.fitted, read.inverted) == (20, 20 if ink < ground else 0)
    assert (read.images[:, 0, 0] == 0).all()
    distances = np.linalg.norm(network.encode(read.images) - network.encode(digits[:20]), axis=1)
    assert np.median(distances) < 0.25


def test_ink_at_the_border_is_no_ground(digits: np.ndarray, tmp_path: Path) -> None:
    cut = [digit[np.ix_(digit.any(1), digit.any(0))] for digit in digits[:20]]
    tight = np.array([Image.fromarray(pixels(digit)).resize(SHAPE) for digit in cut])
    tight[0] = 255 * (np.arange(28) < 17)[:, None]  # Ink on 55% of the border.
    for ground, array in ((0, tight), (60, 60 + (195 / 255) * tight[1:])):
        np.save(tmp_path / "x.npy", array.round().astype(np.uint8))
        read = read_pictures(tmp_path / "x.npy", SHAPE)
        assert (read.fitted, read.inverted) == (len(array) if ground else 0, 0)
        if not ground:
            np.testing.assert_array_equal(read.images, (tight / 255).astype(np.float32))


def test_a_picture_as_wide_as_a_row_of_pixels_is_one_picture(digits: np.ndarray, tmp_path: Path) -> None:
    page = Image.new("L", (784, 300))
    page.paste(Image.fromarray(pixels(digits[0])).resize((280, 280)), (9, 9))
    (tmp_path / "page.png").write_bytes(as_png(page))
    assert len(read_pictures(tmp_path / "page.png", SHAPE).images) == 1


@pytest.mark.parametrize("scale", [1, 255])
def test_a_tiff_of_floats_has_the_scales_of_an_array(scale: int, digits: np.ndarray, tmp_path: Path) -> None:
    Image.fromarray(scale * digits[0]).save(tmp_path / "x.tiff")
    np.testing.assert_allclose(read_pictures(tmp_path / "x.tiff", SHAPE).images, digits[:1], atol=1e-6)


def test_arrays_of_another_size_or_ground_are_fitted(digits: np.ndarray, tmp_path: Path) -> None:
    np.save(tmp_path / "light.npy", 1 - digits[:2])
    np.save(tmp_path / "large.npy", digits[:2].repeat(3, 1).repeat(3, 2))
    light, large = (read_pictures(tmp_path / f"{name}.npy", SHAPE) for name in ("light", "large"))
    assert (light.fitted, light.inverted, large.fitted, large.inverted) == (2, 2, 2, 0)
    for read in (light, large):
        assert read.images.shape == (2, *SHAPE)
        mass = read.images.sum((1, 2))
        for axis in (1, 2):
            centre = (read.images.sum(3 - axis) * np.arange(28)).sum(1) / mass
            np.testing.assert_allclose(centre, 14, atol=0.51)
            sides = (read.images.sum(3 - axis) > 0).sum(1)
            assert (sides <= 20).all()


# The command.


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, *words: str) -> None:
    """The command, in this process and a folder."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["aae", *words])
    command.main()


def test_images_become_codes_and_codes_a_mosaic(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, network: Network, digits: np.ndarray,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "images").write_bytes(gzip.decompress(TEST_IMAGES.read_bytes()))
    (tmp_path / "scan.png").write_bytes(as_png(scan(digits[0])))
    run(monkeypatch, tmp_path, "encode", "images")
    alone = pd.read_csv(tmp_path / "codes.csv")
    assert list(alone) == ["z1", "z2"]
    np.testing.assert_allclose(alone, network.encode(digits), rtol=1e-5, atol=1e-6)
    assert "codes of 200 images (deterministic encoder, prior: gaussian)\n" in capsys.readouterr().err
    run(monkeypatch, tmp_path, "encode", "images", "scan.png", "-o", "both.csv")
    assert "cut, scaled and centred 1 of them as MNIST's are, 1 inverted" in capsys.readouterr().err
    both = pd.read_csv(tmp_path / "both.csv")
    assert list(both["file"]) == ["images"] * 200 + ["scan.png"]
    run(monkeypatch, tmp_path, "decode", "both.csv", "--scale", "2", "--columns", "z1, z2")
    mosaic = np.asarray(Image.open(tmp_path / "mosaic.png"))
    assert mosaic.shape == (2 * 14 * 28, 2 * 15 * 28)
    right = network.decode(both[["z1", "z2"]].to_numpy())[16]  # The second of the second row.
    np.testing.assert_allclose(mosaic[56:112:2, 56:112:2] / 255, right, atol=0.51 / 255)


@pytest.mark.parametrize("text", ["0.5,1\n1.5,2\n", "a;b\n0,5;1\n1,5;2\n", "z1 z2\n0.5 1\n1.5 2\n"])
def test_few_codes_are_codes_whatever_they_look_like(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, network: Network, text: str
) -> None:
    (tmp_path / "codes.csv").write_text(text)
    run(monkeypatch, tmp_path, "decode", "codes.csv", "--scale", "1")
    mosaic = np.asarray(Image.open(tmp_path / "mosaic.png"))
    right = np.concatenate(list(network.decode(np.array([[0.5, 1], [1.5, 2]]))), axis=1)
    np.testing.assert_allclose(mosaic / 255, right, atol=0.51 / 255)


def test_score_is_handed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    np.save(tmp_path / "few.npy", np.random.default_rng(0).standard_normal((99, 2)))
    with pytest.raises(SystemExit, match=r"aae score: few\.npy: 99 codes are too few"):
        run(monkeypatch, tmp_path, "score", "few.npy")


def test_codes_go_through_a_pipe(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, network: Network, digits: np.ndarray,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    (tmp_path / "one.png").write_bytes(as_png(Image.fromarray(pixels(digits[0]))))
    run(monkeypatch, tmp_path, "encode", "one.png", "-o", "-")
    printed, said = capsys.readouterr()
    assert said == "wrote standard output, the codes of 1 image (deterministic encoder, prior: gaussian)\n"
    found = pd.read_csv(io.StringIO(printed))
    np.testing.assert_allclose(found, network.encode(digits[:1]), rtol=1e-5, atol=1e-6)
    assert [path.name for path in tmp_path.iterdir()] == ["one.png"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("aae.pretrained.pictures.read_pictures", ("encode", "x.png")),
        ("aae.score.reading.read_codes", ("decode", "x.csv")),
        ("aae.score.reading.read_codes", ("score", "x.csv")),
    ],
)
def test_an_interruption_is_one_line(
    name: str, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(name, interrupt)
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, tmp_path, *words)
    assert ended.value.code == 130
    assert capsys.readouterr() == ("", f"aae {words[0]}: interrupted\n")


def test_an_output_that_cannot_be_written_is_named_as_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, digits: np.ndarray
) -> None:
    (tmp_path / "one.png").write_bytes(as_png(Image.fromarray(pixels(digits[0]))))
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(SystemExit, match=r"^aae encode: folder\.csv: Is a directory$"):
        run(monkeypatch, tmp_path, "encode", "one.png", "-o", "folder.csv")


BLANK = as_png(Image.new("L", (100, 100), 250))


def moving(kind: str) -> bytes:
    """A digit, and another one after it."""
    file, frames = io.BytesIO(), [scan(np.full(SHAPE, grey)) for grey in (0, 1)]
    frames[0].save(file, kind, save_all=True, append_images=frames[1:])
    return file.getvalue()


BAD = {
    "black.png": (as_png(Image.new("L", SHAPE)), "nothing on it is much darker or lighter"),
    "white.png": (as_png(Image.new("L", SHAPE, 255)), "nothing on it is much darker or lighter"),
    "pages.tiff": (moving("TIFF"), "holds 2 pictures; expected one a file"),
    "moving.gif": (moving("GIF"), "holds 2 pictures; expected one a file"),
    "missing.png": (None, "No such file"),
    "words.png": (b"no picture", "is no picture; expected PNG"),
    "half.png": (as_png(scan(np.zeros(SHAPE)))[:1000], "cannot be read as a picture"),
    "blank.png": (BLANK, "nothing on it is much darker or lighter"),
    "half.npy": (b"\x93NUMPY\x01", "cannot be read as NPY"),
    "labels.gz": ((SAMPLE / "t10k-labels-idx1-ubyte.gz").read_bytes(), r"expected images.*found \(200,\)"),
    "half.gz": (TEST_IMAGES.read_bytes()[:1000], "cannot be unpacked"),
    "half-images": (gzip.decompress(TEST_IMAGES.read_bytes())[:1000], "its header promises"),
}


@pytest.mark.parametrize("name", BAD)
def test_no_image_is_refused_in_one_line_and_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    content, words = BAD[name]
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SystemExit, match=f"aae encode: {name}.*{words}") as ended:
        run(monkeypatch, tmp_path, "encode", str(TEST_IMAGES), name)
    assert len(str(ended.value).splitlines()) == 1
    assert not list(tmp_path.glob("codes*"))


@pytest.mark.parametrize("pixels", [[-0.4, 2.8], [0, np.nan], [0, 256], ["a", "b"]], ids=str)
def test_arrays_of_something_else_are_refused(tmp_path: Path, pixels: Any) -> None:
    np.save(tmp_path / "x.npy", np.tile(pixels, (1, 28, 14)))
    line = failure(lambda: read_pictures(tmp_path / "x.npy", SHAPE))
    assert line.startswith(f"{tmp_path / 'x.npy'}: expected numbers")


BAD_CODES = {
    "three.csv": ("z1,z2,z3\n1,2,3\n", "expected codes of 2 dimensions.* found 3"),
    "words.csv": ("z1,z2\n1,x\n", "expected numbers"),
    "far.csv": ("z1,z2\n1e30,0\n", "code 1 has a coordinate of size"),
    "many.csv": ("0,0\n" * 10_001, "10,001 codes are too many"),
    "empty.csv": ("", "holds no codes"),
}


@pytest.mark.parametrize("name", BAD_CODES)
def test_no_code_is_refused_in_one_line_and_nothing_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    text, words = BAD_CODES[name]
    (tmp_path / name).write_text(text)
    with pytest.raises(SystemExit, match=f"aae decode: {name}:? .*{words}") as ended:
        run(monkeypatch, tmp_path, "decode", name)
    assert len(str(ended.value).splitlines()) == 1
    assert not list(tmp_path.glob("mosaic*"))


@pytest.mark.parametrize(
    "words", [("encode", "a.png", "-o", "b.png"), ("decode", "a.csv", "-o", "a.csv"), ("decode",), ("draw",)]
)
def test_a_mixed_up_command_line_ends_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, tmp_path, *words)
    assert ended.value.code == 2
    assert list(tmp_path.iterdir()) == []


# The package.


def test_wheel_and_source_distribution_bring_weights_and_command(tmp_path: Path) -> None:
    """Both are built, the wheel from the source distribution, and it works in a clean environment."""
    uv = str(Path(sys.executable).with_name("uv"))
    subprocess.run([uv, "build", "--quiet", "--out-dir", tmp_path, ROOT], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert len(list(tmp_path.glob("*.tar.gz"))) == 1
    names = zipfile.ZipFile(wheel).namelist()
    assert {"aae/weights/base.safetensors", "aae/report/templates/latent.js"} <= set(names)
    clean = tmp_path / "clean"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, clean], check=True)
    python = clean / "bin/python"
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, "--no-deps", wheel], check=True)
    # Its dependencies are those of this environment: to fetch them would take minutes.
    (packages,) = (clean / "lib").glob("python*/site-packages")
    (packages / "others.pth").write_text(str(Path(np.__file__).parents[1]))
    (tmp_path / "codes.csv").write_text("z1,z2\n0.5,-0.5\n")
    # Nothing of this tree: a PYTHONPATH would lead to it.
    env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    said = [
        subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
        for words in (
            [str(clean / "bin/aae"), "decode", "codes.csv"],
            [str(python), "-c", "import aae; print(aae.__file__)"],
        )
    ]
    assert said[0].stderr == "wrote mosaic.png, 1 image, 1 in a row\n"
    with Image.open(tmp_path / "mosaic.png") as mosaic:
        assert mosaic.size == (4 * 28, 4 * 28)
    assert said[1].stdout.startswith(str(clean))
