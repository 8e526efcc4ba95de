"""The report in a real browser: it shows everything, offline, and its decoder is PyTorch's."""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from browser import DESK, PHONE, Opened, launched, opened
from conftest import ROOT
from PIL import Image
from playwright.sync_api import Browser
from tiny import make_config

from aae.data.datasets import SHAPE
from aae.model.networks import Autoencoder
from aae.model.parts import run_prior
from aae.model.priors.base import Prior
from aae.pretrained.shrink import shrink
from aae.report import latent, page

N = 300  # Test images of the page that is made here.
STEPS = 60  # Of the arrow keys from side to side.
LARGEST = 6_000_000  # Bytes of the report.


@pytest.fixture(scope="module")
def runs() -> list[tuple[Autoencoder, Prior, np.ndarray]]:
    """Two untrained autoencoders, codes of N images each: with a prior, and without one, far out."""
    result = []
    for place, prior in enumerate(("gaussian", "none")):
        config = make_config({"hidden_units": 200}, prior=prior, seed=place)
        scale = 1 + 20 * place
        z = scale * np.random.default_rng(place).standard_normal((N, 2)).astype(np.float32)
        autoencoder = Autoencoder(config, SHAPE)
        with torch.no_grad():  # An untrained decoder draws the same grey everywhere.
            list(autoencoder.decoder.parameters())[-2].mul_(20 / scale)
        result.append((autoencoder, run_prior(config), z))
    return result


@pytest.fixture(scope="module")
def file(
    tmp_path_factory: pytest.TempPathFactory,
    runs: list[tuple[Autoencoder, Prior, np.ndarray]],
    x: torch.Tensor,
    y: np.ndarray,
) -> Path:
    """A report with all of its parts."""
    stream = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(stream, "PNG")
    picture = page.picture(stream.getvalue(), "A red picture.", "Red.", "dvc repro", "nothing")
    table = page.block("| a | b |\n| --- | --- |\n| 1 | 2 |\n")
    html = page.render(
        spaces=[
            latent.space(name, autoencoder, prior, z, side=5)
            for name, (autoencoder, prior, z) in zip(("with", "without"), runs, strict=True)
        ],
        digits=y[:N],
        sheet=latent.sheet((x[:N] * 255).round().numpy().astype(np.uint8), latent.shown_places(N)),
        answer=page.block("1. **Yes**, [said here](elsewhere.md)."),
        figures=[picture],
        base=table,
        controls=table,
        ablation=table,
        verdicts=page.block("- So it is.\n"),
        ablation_figures=[picture],
        studies=[{"title": "a study", "prediction": "so", "answer": ["so it was"], "figure": picture}],
        deviations=table,
        settings="seed: 0",
    )
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(html, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


@pytest.fixture
def report(browser: Browser, file: Path) -> Iterator[Opened]:
    with opened(browser, file) as page:
        yield page


def state(report: Opened) -> dict[str, Any]:
    return report.page.evaluate("latent.state()")


def test_everything_is_drawn_without_a_network_and_without_complaint(report: Opened) -> None:
    report.page.wait_for_timeout(300)
    assert report.count_of_empty("img") == 0
    report.page.evaluate("latent.moveTo(latent.codeAt(latent.shown()[0]))")
    assert report.count_of_empty("canvas") == 0
    assert report.complaints == []


def test_decoded_pixels_are_pytorch_s(
    report: Opened, runs: list[tuple[Autoencoder, Prior, np.ndarray]]
) -> None:
    for place, (autoencoder, _, z) in enumerate(runs):
        points = np.random.default_rng(0).uniform(z.min(0), z.max(0), (20, 2))
        for point in points:
            found = report.page.evaluate(
                "([z, place]) => [...latent.decode(z, place)]", [point.tolist(), place]
            )
            right = autoencoder.decode(torch.tensor(point[None], dtype=torch.float32)).numpy()[0].ravel()
            assert right.std() > 0.05
            assert np.abs(np.array(found) - right).max() <= 2 / 255


def test_units_that_never_are_active_are_left_out(runs: list[tuple[Autoencoder, Prior, np.ndarray]]) -> None:
    autoencoder, _, z = runs[0]
    codes = torch.from_numpy(z)
    with torch.no_grad():
        autoencoder.decoder[2].bias[:50] = -1e3  # type: ignore[index]
    layers = shrink(autoencoder.decoder, codes)
    h = codes.numpy()
    for weight, bias in layers[:-1]:
        h = np.maximum(h @ weight.astype(np.float32).T + bias, 0)
    weight, bias = layers[-1]
    assert len(layers[1][1]) <= 150
    logits = torch.from_numpy(h @ weight.astype(np.float32).T + bias)
    np.testing.assert_allclose(torch.sigmoid(logits), autoencoder.decode(codes).flatten(1), atol=1 / 255)


def test_arrow_keys_move_the_point(report: Opened) -> None:
    report.page.evaluate("latent.moveTo([0, 0])")
    report.page.locator("#latent-plane").focus()
    low, high = report.page.evaluate("latent.corners()")
    for key, d, sign in (("ArrowRight", 0, 1), ("ArrowUp", 1, 1), ("ArrowLeft", 0, -1), ("ArrowDown", 1, -1)):
        before = state(report)["at"]
        report.page.keyboard.press(key)
        after = state(report)["at"]
        assert after[d] - before[d] == pytest.approx(sign * (high[0] - low[0]) / STEPS)
        assert after[1 - d] == before[1 - d]


def test_a_line_between_two_points_is_played_to_its_end(report: Opened) -> None:
    report.page.evaluate("latent.moveTo([0, 0])")
    report.page.locator("#latent-plane").focus()
    assert report.page.locator("#latent-play").is_disabled()
    for key in ("Enter", "Shift+ArrowRight", "Enter", "Shift+ArrowUp", "Shift+ArrowUp", "Space"):
        report.page.keyboard.press(key)
    _, end = state(report)["ends"]
    report.page.wait_for_function(
        "end => latent.state().at.every((v, d) => Math.abs(v - end[d]) < 1e-9)", arg=end
    )
    assert report.page.locator("#latent-play").is_enabled()


def test_the_pointer_on_a_test_image_s_point_shows_it(report: Opened, x: torch.Tensor, y: np.ndarray) -> None:
    canvas = report.page.locator("#latent-plane")
    canvas.scroll_into_view_if_needed()
    place, left, top = report.page.evaluate("latent.somewhere()")
    box = canvas.bounding_box()
    assert box is not None
    report.page.mouse.move(box["x"] + left, box["y"] + top)
    assert state(report)["nearest"] == place
    assert report.page.locator("#latent-digit").inner_text() == str(y[place])
    shown = report.page.evaluate(
        "[...document.getElementById('latent-original').getContext('2d').getImageData(0, 0, 28, 28).data]"
    )
    np.testing.assert_array_equal(np.array(shown)[::4], (x[place] * 255).round().numpy().ravel())


def test_another_run_has_its_own_plane(report: Opened) -> None:
    first = report.page.evaluate("latent.corners()")
    report.page.locator("#latent-space").select_option("1")
    assert state(report)["space"] == 1
    assert report.page.evaluate("latent.corners()") != first
    assert report.page.locator("#latent-contours").is_disabled()  # It has no prior.
    report.page.locator("#latent-grid").check()
    report.page.wait_for_timeout(300)
    assert report.complaints == []


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_nobody_is_shut_out(browser: Browser, file: Path, width: int, dark: bool) -> None:
    with opened(browser, file, width, dark) as report:
        assert report.barriers() == []
        assert report.page.evaluate("document.documentElement.scrollWidth") <= width


# The committed report.


def test_the_committed_report_is_the_pipeline_s() -> None:
    stages = yaml.safe_load((ROOT / "dvc.lock").read_text())["stages"]
    (out,) = stages["report"]["outs"]
    content = (ROOT / "docs/report.html").read_bytes()
    assert hashlib.md5(content, usedforsecurity=False).hexdigest() == out["md5"]
    assert len(content) <= LARGEST


def test_the_committed_report_is_drawn_without_complaint(browser: Browser) -> None:
    for width in (PHONE, DESK):
        with opened(browser, ROOT / "docs/report.html", width) as report:
            report.page.locator("img").last.scroll_into_view_if_needed()
            for picture in report.page.locator("img").all():
                picture.scroll_into_view_if_needed()
            report.page.wait_for_timeout(300)
            assert report.count_of_empty("img") == 0
            report.page.evaluate("latent.moveTo(latent.codeAt(latent.shown()[0]))")
            assert report.count_of_empty("canvas") == 0
            assert report.complaints == []
            assert report.barriers() == []
            assert len(report.page.evaluate("latent.shown()")) >= latent.SHOWN
