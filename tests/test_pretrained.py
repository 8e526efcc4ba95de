"""Weights in the box, and the command that uses them."""

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import ROOT, failure
from PIL import Image, ImageDraw
from tiny import make_config

import aae
from aae.data.datasets import SHAPE
from aae.model.networks import Autoencoder
from aae.model.parts import ENCODERS
from aae.pretrained import command, network
from aae.pretrained.fidelity import fidelity
from aae.pretrained.pictures import prepared, read_pictures
from aae.pretrained.shrink import shrunk
from aae.system import artifacts

MOST_BYTES = 4_000_000


def untrained(encoder: str) -> Autoencoder:
    """Networks with units that nothing wakes."""
    autoencoder = Autoencoder(make_config({"hidden_units": 60}, encoder=encoder), SHAPE)
    with torch.no_grad():
        for net in (autoencoder.encoder.net, autoencoder.decoder):
            net[2].bias[:20] = -1e3  # type: ignore[index]
    return autoencoder


@pytest.mark.parametrize("encoder", ENCODERS)
def test_what_is_left_out_changes_neither_codes_nor_images(encoder: str, x: torch.Tensor) -> None:
    autoencoder = untrained(encoder)
    config = make_config({"hidden_units": 60}, encoder=encoder)
    small = shrunk(config, autoencoder, x)
    assert (small.dim, small.shape, small.prior, small.prior_std) == (2, SHAPE, "gaussian", 1.0)
    found = fidelity(small, autoencoder, x)
    assert found["encoder_units"] <= 100
    assert found["decoder_units"] <= 100
    assert found["code"] < 2e-3
    assert found["pixel"] < 1e-3
    # Of a random encoder the mean: what it gives with a noise of 0.
    noise = autoencoder.encoder.draw_noise(len(x), torch.Generator())
    with torch.inference_mode():
        z = autoencoder.encoder(x, None if noise is None else 0 * noise).z
    np.testing.assert_allclose(small.encode(x.numpy()), z, atol=2e-3)


def test_fidelity_tells_a_weight_that_is_wrong(x: torch.Tensor) -> None:
    autoencoder = untrained("deterministic")
    small = shrunk(make_config({"hidden_units": 60}), autoencoder, x)
    small.encoder[-1].bias[0] += 0.5
    small.decoder[-1].bias[7] += 3.0
    found = fidelity(small, autoencoder, x)
    assert found["code"] == pytest.approx(0.5, abs=0.01)
    assert found["pixel"] > 0.4


def test_the_file_gives_the_same_network_and_has_the_same_bytes_twice(
    tmp_path: Path, x: torch.Tensor
) -> None:
    small = shrunk(make_config({"hidden_units": 60}), untrained("deterministic"), x)
    for name in ("a", "b"):
        small.save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    again = network.load(tmp_path / "a")
    np.testing.assert_array_equal(again.encode(x.numpy()), small.encode(x.numpy()))
    assert (again.title, again.shape) == (small.title, small.shape)
    (tmp_path / "a").write_bytes((tmp_path / "a").read_bytes()[:-1])
    assert "a is damaged" in failure(lambda: network.load(tmp_path / "a"))


def test_the_weights_in_git_are_those_of_the_committed_run() -> None:
    path = ROOT / "src/aae/weights/base.safetensors"
    numbers = artifacts.load_json(ROOT / "metrics/weights.json")
    assert path.stat().st_size == round(1e6 * numbers["megabytes"]) <= MOST_BYTES
    assert numbers["code"] < 0.002  # Standard deviations of the prior.
    assert numbers["pixel"] < 1 / 255
    box = aae.load()
    z = np.random.default_rng(0).standard_normal((500, 2)).astype(np.float32)
    images = box.decode(z)
    assert images.dtype == np.float32
    assert 0 <= images.min() < 0.01 < 0.9 < images.max() <= 1
    # What it draws it reads: most codes come back to where they were.
    assert np.median(np.linalg.norm(box.encode(images) - z, axis=1)) < 0.1


def test_neither_weights_nor_a_picture_takes_torch() -> None:
    code = (
        "import sys, numpy as np, aae; aae.load().decode(np.zeros((1, 2)));"
        "from aae.pretrained import command, pictures; from aae.score import reading;"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (np.zeros((3, 5, 5)), "expected images of shape (n, 28, 28), found (3, 5, 5)"),
        (
            np.full((1, 28, 28), 255.0),
            "numbers from 0 to 1; found float64 from 255 to 255",
        ),
        (np.full((1, 28, 28), np.nan), "expected bytes, or numbers from 0 to 1"),
    ],
)
def test_images_that_it_cannot_read_are_refused(images: np.ndarray, words: str) -> None:
    assert words in failure(lambda: aae.load().encode(images))


def test_codes_of_another_dimension_are_refused() -> None:
    words = failure(lambda: aae.load().decode(np.zeros((2, 3))))
    assert words == "expected codes of shape (n, 2), found (2, 3)"


# Pictures.


def drawn(ground: int, ink: int, size: tuple[int, int] = (300, 400)) -> np.ndarray:
    picture = Image.new("L", size, ground)
    draw = ImageDraw.Draw(picture)
    draw.line([(180, 60), (100, 200), (220, 200)], fill=ink, width=22)
    draw.line([(190, 120), (185, 330)], fill=ink, width=22)
    return np.asarray(picture)


def png(picture: np.ndarray, path: Path) -> Path:
    Image.fromarray(picture).save(path)
    return path


def test_a_scan_becomes_what_mnist_looks_like(tmp_path: Path) -> None:
    light, words = read_pictures(png(drawn(235, 30), tmp_path / "light.png"), SHAPE)
    dark, others = read_pictures(png(drawn(10, 215), tmp_path / "dark.png"), SHAPE)
    assert (words, others) == ("inverted, scaled and centred as MNIST is", "scaled and centred as MNIST is")
    np.testing.assert_array_equal(light, dark)
    rows, columns = (np.flatnonzero(light[0].any(axis)) for axis in (1, 0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    mass = light[0] / light[0].sum()
    centre = [(mass.sum(1 - axis) @ (np.arange(28) + 0.5)) for axis in (0, 1)]
    np.testing.assert_allclose(centre, 14, atol=0.51)
    assert light.max() > 200


def test_images_of_mnist_are_taken_as_they_are_and_their_own_enlargements_nearly(
    tmp_path: Path, x: torch.Tensor
) -> None:
    images = (255 * x[:20]).byte().numpy()
    np.save(tmp_path / "x.npy", images)
    header = b"\0\0\x08\x03" + np.array(images.shape, ">u4").tobytes()
    (tmp_path / "x-idx3-ubyte").write_bytes(header + images.tobytes())
    np.save(tmp_path / "flat.npy", images.reshape(20, -1) / 255)
    for name in ("x.npy", "x-idx3-ubyte"):
        found, words = read_pictures(tmp_path / name, SHAPE)
        np.testing.assert_array_equal(found, images)
        assert words == ""
    np.testing.assert_allclose(read_pictures(tmp_path / "flat.npy", SHAPE)[0], images / 255)
    assert read_pictures(png(images[0], tmp_path / "one.png"), SHAPE)[1] == ""
    large = np.kron(images, np.ones((1, 10, 10))).astype(np.uint8)
    z = aae.load().encode(np.stack([prepared(tmp_path, each, SHAPE) for each in large]))
    assert np.median(np.linalg.norm(z - aae.load().encode(images), axis=1)) < 0.2


def test_what_is_transparent_is_paper(tmp_path: Path) -> None:
    layers = np.zeros((100, 100, 4), np.uint8)
    layers[20:80, 45:55, 3] = 255  # Black ink, and nothing about it.
    found, words = read_pictures(png(layers, tmp_path / "a.png"), SHAPE)
    assert words.startswith("inverted")
    assert found[0, 14, 14] == 255
    assert found[0, 0, 0] == 0


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def of_png(size: int, ground: int) -> bytes:
    file = io.BytesIO()
    Image.new("L", (size, size), ground).save(file, "PNG")
    return file.getvalue()


BAD = {
    "blank.png": (of_png(50, 255), "nothing is drawn on it"),
    "cut.png": (of_png(50, 255)[:60], "cannot be read as a picture"),
    "text.txt": (b"hello", "is no picture; expected PNG"),
    "small.npy": (
        npy(np.zeros((3, 5, 5))),
        "expected images of shape (n, 28, 28) or (n, 784), found (3",
    ),
    "words.npy": (npy(np.array(["a"])), "expected bytes or numbers from 0 to 1, found <U1"),
    "large.npy": (npy(np.full((1, 28, 28), 300)), "expected numbers from 0 to 255, found 300 to 300"),
    "cut.npy": (npy(np.zeros((3, 28, 28)))[:200], "cannot be read as NPY"),
    "cut.gz": (b"\x1f\x8b\x08\0", "cannot be unpacked"),
    "idx": (b"\0\0\x08\x03\0\0\0\x01", "ends inside its header"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_ends_in_one_line(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content, words = BAD[name]
    (tmp_path / name).write_bytes(content)
    line = said(monkeypatch, "encode", str(tmp_path / name), "-o", str(tmp_path / "codes.csv"))
    assert line.startswith("aae: ")
    assert name in line
    assert words in line
    assert "\n" not in line
    assert not (tmp_path / "codes.csv").exists()


def said(monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    """How the command ends."""
    monkeypatch.setattr(sys, "argv", ["aae", *words])
    with pytest.raises(SystemExit) as end:
        command.main()
    return str(end.value.code)


# The command.


def test_codes_and_mosaic_go_there_and_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scan = png(drawn(235, 30), tmp_path / "scan.png")
    codes, mosaic = tmp_path / "codes.csv", tmp_path / "mosaic.png"
    monkeypatch.setattr(sys, "argv", ["aae", "encode", str(scan), str(scan), "-o", str(codes)])
    command.main()
    assert codes.read_text().splitlines()[0] == "file,z1,z2"
    assert "the codes of 2 images (deterministic encoder, prior: gaussian)" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["aae", "decode", str(codes), "-o", str(mosaic)])
    command.main()
    with Image.open(mosaic) as picture:
        assert picture.size == (56, 28)
    assert "2 images, 2 in a row" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["decode", "nowhere.csv"], "nowhere.csv: No such file or directory"),
        (["decode", "three.csv"], "expected codes of shape (n, 2), found (3, 3)"),
        (["decode", "two.csv", "-o", "mosaic.jpg"], "mosaic.jpg: the mosaic is a PNG"),
        (["decode", "many.npy"], "10,001 codes are too many for a picture; at most 10,000"),
        (["encode", "nowhere.png"], "nowhere.png: No such file or directory"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    words: list[str], line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("three.csv").write_text("z1,z2,z3\n" + "0.1,0.2,0.3\n" * 3)
    Path("two.csv").write_text("z1,z2\n0.1,0.2\n")
    np.save("many.npy", np.zeros((10_001, 2), np.float32) + 0.5)
    found = said(monkeypatch, *words)
    assert found.startswith("aae: ")
    assert line in found
    assert not list(tmp_path.glob("mosaic*"))


def test_score_is_the_scorecard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "z.npy", np.random.default_rng(1).standard_normal((100, 2)))
    monkeypatch.setattr(sys, "argv", ["aae", "score", str(tmp_path / "z.npy")])
    command.main()
    assert "100 codes against N(0, I)" in capsys.readouterr().out


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
    done = subprocess.run(
        [clean / "bin/aae", "decode", "codes.csv"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stderr == "wrote mosaic.png, 1 images, 1 in a row\n"
    where = subprocess.run(
        [python, "-c", "import aae; print(aae.__file__)"], cwd=tmp_path, capture_output=True, text=True
    )
    assert where.stdout.startswith(str(clean))
