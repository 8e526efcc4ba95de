"""The report in a real browser: it shows everything, offline, and its networks are PyTorch's."""

import base64
import hashlib
import io
import math
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from browser import DESK, PHONE, Opened, launched, opened
from conftest import ROOT
from PIL import Image
from playwright.sync_api import Browser, FloatRect
from scipy.stats import ncx2
from tiny import make_config

from aae.data.datasets import SHAPE
from aae.model.networks import Autoencoder
from aae.model.parts import run_prior
from aae.model.priors.base import Prior
from aae.pretrained.shrink import shrink
from aae.report import latent, page, results, rounding

N = 300  # Test images of the page that is made here.
EPOCHS = {1: 0.9, 2: 0.4, 4: 0.07}  # Recorded ones, with the KL divergence of each.
STEPS = 60  # Of the arrow keys from side to side.
LARGEST = 8_000_000  # Bytes of the report.
CLOSE = 0.01  # Codes of the page, to PyTorch's.

Runs = list[tuple[Autoencoder, Prior, np.ndarray]]


@pytest.fixture(scope="module")
def runs(x: torch.Tensor) -> Runs:
    """Two untrained autoencoders, codes of N images each: with a prior, and without one, far out."""
    result: Runs = []
    for place, prior in enumerate(("gaussian", "none")):
        config = make_config({"hidden_units": 200}, prior=prior, seed=place)
        scale = 1 + 20 * place
        z = scale * np.random.default_rng(place).standard_normal((N, 2)).astype(np.float32)
        autoencoder = Autoencoder(config, SHAPE)
        with torch.no_grad():  # An untrained decoder draws the same grey everywhere.
            list(autoencoder.decoder.parameters())[-2].mul_(20 / scale)
            last = list(autoencoder.encoder.parameters())[-2:]  # An untrained encoder gives nearly one code.
            z_now = encoded(autoencoder, x)
            for parameter in last:
                parameter.div_(torch.from_numpy(z_now.std(0)).reshape(-1, *(1,) * (parameter.dim() - 1)))
            last[1].sub_(torch.from_numpy(encoded(autoencoder, x).mean(0)))
        result.append((autoencoder, run_prior(config), z))
    return result


def encoded(autoencoder: Autoencoder, x: torch.Tensor) -> np.ndarray:
    """Codes of images by PyTorch, without noise, (n, 2)."""
    noise = autoencoder.encoder.draw_noise(len(x), torch.Generator())
    with torch.no_grad():
        return autoencoder.encoder(x, None if noise is None else torch.zeros_like(noise)).z.numpy()


def in_bytes(x: torch.Tensor) -> np.ndarray:
    """Images as bytes."""
    return (x * 255).round().numpy().astype(np.uint8)


@pytest.fixture(scope="module")
def history(runs: Runs) -> dict[int, np.ndarray]:
    """Codes of the first run's test images over training."""
    (_, _, z), rng = runs[0], np.random.default_rng(2)
    return {epoch: z if epoch == max(EPOCHS) else rng.uniform(-2, 2, z.shape) for epoch in EPOCHS}


@pytest.fixture(scope="module")
def file(
    tmp_path_factory: pytest.TempPathFactory,
    runs: Runs,
    history: dict[int, np.ndarray],
    x: torch.Tensor,
    y: np.ndarray,
) -> Path:
    """A report with all of its parts."""
    stream = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(stream, "PNG")
    picture = page.picture(stream.getvalue(), "A red picture.", "Red.", "dvc repro", "nothing")
    table = page.block("| a | b |\n| --- | --- |\n| 1 | 2 |\n")
    said = page.block("So it is.")
    curves = {epoch: {"kl": kl, "discriminator_loss": math.nan} for epoch, kl in EPOCHS.items()}
    autoencoder, prior, z = runs[0]
    html = page.render(
        spaces=[
            latent.space(name, autoencoder, prior, z, side=5)
            for name, (autoencoder, prior, z) in zip(("with", "without"), runs, strict=True)
        ],
        digits=y[:N],
        sheet=latent.sheet(in_bytes(x[:N]), latent.shown_places(N)),
        drawing=latent.drawing(autoencoder, prior, z, in_bytes(x)),
        training=latent.training(history, curves, z, prior, latent.shown_places(N)),
        answer=page.block("1. **Yes**, [said here](elsewhere.md)."),
        figures=[picture],
        fills=said,
        base_answer=said,
        base=table,
        controls=table,
        ablation_answer=said,
        ablation=table,
        verdicts=page.block("- So it is.\n"),
        ablation_figures=[picture],
        studies=[
            {"title": "a study: is it so?", "prediction": "so", "answer": ["so it was"], "figure": picture}
        ],
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
        ready(page)
        yield page


def ready(report: Opened) -> None:
    """Wait until the page has unpacked its networks."""
    report.page.wait_for_function("window.latent.state")


def state(report: Opened) -> dict[str, Any]:
    return report.page.evaluate("latent.state()")


def test_everything_is_drawn_without_a_network_and_without_complaint(report: Opened) -> None:
    report.page.wait_for_timeout(300)
    assert report.count_of_empty("img") == 0
    report.page.evaluate("latent.moveTo(latent.codeAt(latent.shown()[0]))")
    assert report.count_of_empty("canvas") == 0
    assert report.complaints == []


def test_decoded_pixels_are_pytorch_s(report: Opened, runs: Runs) -> None:
    for place, (autoencoder, _, z) in enumerate(runs):
        points = np.random.default_rng(0).uniform(z.min(0), z.max(0), (20, 2))
        for point in points:
            found = report.page.evaluate(
                "([z, place]) => [...latent.decode(z, place)]", [point.tolist(), place]
            )
            right = autoencoder.decode(torch.tensor(point[None], dtype=torch.float32)).numpy()[0].ravel()
            assert right.std() > 0.05
            assert np.abs(np.array(found) - right).max() <= rounding.TOLERANCE + 1e-3


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


# A drawing.


def test_codes_of_test_images_on_the_canvas_are_pytorch_s(
    report: Opened, runs: Runs, x: torch.Tensor
) -> None:
    right = encoded(runs[0][0], x[:20])
    assert right.std(0).min() > 0.1
    found = [
        report.page.evaluate("place => {latent.put(place); return latent.state().drawing}", place)
        for place in range(20)
    ]
    np.testing.assert_allclose(found, right, atol=CLOSE)
    assert report.complaints == []


@pytest.mark.parametrize("name", ["deterministic", "gaussian", "universal"])
def test_every_encoder_encodes_drawings_without_its_noise(name: str, x: torch.Tensor) -> None:
    config = make_config({"hidden_units": 200}, encoder=name)
    autoencoder = Autoencoder(config, SHAPE)
    layers = latent.drawing(autoencoder, run_prior(config), np.zeros((5, 2)), in_bytes(x))["layers"]
    h = x.flatten(1).numpy()
    for place, layer in enumerate(layers):
        weight, scale, bias = (unpacked(layer[part]) for part in ("weight", "scale", "bias"))
        h = h @ weight.astype(np.float32).T * scale + bias
        h = np.maximum(h, 0) if place < len(layers) - 1 else h
    np.testing.assert_allclose(h, encoded(autoencoder, x), atol=CLOSE)


def unpacked(array: Mapping[str, Any]) -> np.ndarray:
    """An array of the page."""
    flat = np.frombuffer(zlib.decompress(base64.b64decode(array["data"])), np.uint8)
    kind = np.dtype(array["type"])
    return np.ascontiguousarray(flat.reshape(kind.itemsize, -1).T).view(kind).reshape(array["shape"])


def test_arrays_are_packed_without_loss() -> None:
    for kind in ("uint8", "int8", "int16", "uint16", "float16", "float32"):
        array = np.random.default_rng(0).normal(0, 40, (3, 5)).astype(kind)
        np.testing.assert_array_equal(unpacked(latent.packed(array)), array)


def test_a_drawing_is_encoded_while_the_mouse_draws_it(report: Opened, runs: Runs) -> None:
    autoencoder, _, z = runs[0]
    before = state(report)["drawing"]
    box = canvas_box(report)
    report.page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.1 * box["height"])
    report.page.mouse.down()
    report.page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.6 * box["height"], steps=5)
    report.page.wait_for_function("before => latent.state().drawing[0] !== before[0]", arg=before)
    report.page.mouse.up()

    image = drawn_image(report)
    found = state(report)["drawing"]
    np.testing.assert_allclose(found, encoded(autoencoder, torch.from_numpy(image)[None])[0], atol=CLOSE)
    assert is_as_in_mnist(image)
    assert report.count_of_empty("canvas", "#latent-draw") == 0
    count = int((np.hypot(*(z - found).T) <= 0.25).sum())
    words = report.page.locator("#latent-landed").inner_text()
    assert words.startswith(
        f"z = ({found[0]:.2f}, {found[1]:.2f}). {count} of {N} test codes lie within 0.25"
    )
    assert report.complaints == []


def test_a_finger_draws_too(report: Opened) -> None:
    box = canvas_box(report)
    session = report.page.context.new_cdp_session(report.page)
    for kind, places in (("touchStart", [(0.5, 0.2)]), ("touchMove", [(0.6, 0.8)]), ("touchEnd", [])):
        points = [{"x": box["x"] + u * box["width"], "y": box["y"] + v * box["height"]} for u, v in places]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    report.page.wait_for_function("document.getElementById('latent-status').textContent.startsWith('your')")
    assert is_as_in_mnist(drawn_image(report))


def canvas_box(report: Opened) -> FloatRect:
    canvas = report.page.locator("#latent-sketch")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    return box


def drawn_image(report: Opened) -> np.ndarray:
    return np.array(report.page.evaluate("latent.image()"), np.float32).reshape(SHAPE)


def is_as_in_mnist(image: np.ndarray) -> bool:
    """Tell if ink fills a square of 20 pixels, with its centre of mass in the middle (yann.lecun.com)."""
    ys, xs = np.nonzero(image)
    middle = [(image.sum(1 - d) * (np.arange(28) + 0.5)).sum() / image.sum() for d in (0, 1)]
    return max(np.ptp(ys), np.ptp(xs)) + 1 == 20 and all(14 <= place <= 15 for place in middle)


@pytest.mark.parametrize("times", [1, 4])
def test_a_test_image_drawn_elsewhere_and_larger_becomes_itself(
    report: Opened, x: torch.Tensor, times: int
) -> None:
    count = 0
    for image in x[:20].numpy():
        large = np.kron(image, np.ones((times, times), np.float32))
        canvas = np.pad(large, [(7, 0), (0, 7)])
        found = report.page.evaluate(
            "([pixels, width]) => [...latent.normalised(pixels, width)]",
            [canvas.ravel().tolist(), canvas.shape[1]],
        )
        count += np.allclose(found, image.ravel(), atol=1e-5)
    assert count >= 19  # Some of MNIST's are smaller than 20 pixels.


def test_the_box_is_the_data_set_s(x: torch.Tensor) -> None:
    assert latent.ink_box(in_bytes(x)) == 20
    small = np.zeros((3, 9, 9), np.uint8)
    small[:, 2:6, 3:5] = 1
    assert latent.ink_box(small) == 4


def test_a_random_test_image_and_an_empty_canvas_take_the_keyboard_alone(
    report: Opened, runs: Runs, x: torch.Tensor
) -> None:
    report.page.locator("#latent-clear").press("Enter")
    assert state(report)["drawing"] is None
    assert report.count_of_empty("canvas", "#latent-draw") == 8
    report.page.locator("#latent-random").press("Enter")
    codes = encoded(runs[0][0], x[:N])
    distance = np.abs(codes - state(report)["drawing"]).max(1)
    assert distance.min() < CLOSE
    said = report.page.locator("#latent-status")
    report.page.wait_for_function("document.getElementById('latent-status').textContent.includes('digit')")
    assert "z = (" in said.inner_text()


def test_the_first_stroke_takes_the_test_image_s_place(report: Opened) -> None:
    report.page.evaluate("latent.put(0)")
    box = canvas_box(report)
    report.page.mouse.click(box["x"] + 5, box["y"] + 5)
    ink = report.page.evaluate(
        "(() => {const c = document.getElementById('latent-sketch');"
        "return [...c.getContext('2d').getImageData(c.width / 2, c.height / 2, 60, 60).data]})()"
    )
    assert not any(ink)


def test_the_nearest_test_images_are_those_of_the_nearest_codes(
    report: Opened, runs: Runs, y: np.ndarray
) -> None:
    report.page.evaluate("latent.put(3)")
    distance = np.hypot(*(runs[0][2] - state(report)["drawing"]).T)
    near = [place for place in np.argsort(distance) if place != 3][:5]
    said = report.page.locator("#latent-near").get_attribute("aria-label")
    assert said == f"nearest test images: {', '.join(str(y[place]) for place in near)}"


def test_codes_near_a_drawing_are_held_against_what_the_prior_expects(report: Opened, runs: Runs) -> None:
    _, _, z = runs[0]
    for point in ([0.0, 0.0], [0.7, -1.3], [2.2, 0.4]):
        found = report.page.evaluate("z => latent.counts(z)", point)
        assert found["found"] == (np.hypot(*(z - point).T) <= 0.25).sum()
        due = N * ncx2.cdf((0.25) ** 2, 2, np.square(point).sum())
        assert found["due"] == pytest.approx(due, rel=0.02)
    assert report.page.evaluate("latent.counts([99, 99])") == {"found": 0, "due": 0}


def test_a_drawing_returns_to_the_plane_of_its_encoder(report: Opened) -> None:
    report.page.locator("#latent-space").select_option("1")
    report.page.locator("#latent-random").click()
    assert state(report)["space"] == 0
    assert report.page.locator("#latent-space").input_value() == "0"


def test_an_old_browser_is_told_so(report: Opened) -> None:
    report.page.add_init_script("delete window.DecompressionStream")
    report.page.reload()
    assert "2023" in report.page.locator("#latent-landed").inner_text()
    assert report.complaints == []


# Training.


def test_the_slider_moves_the_points_from_epoch_to_epoch(
    report: Opened, history: dict[int, np.ndarray]
) -> None:
    slider = report.page.locator("#latent-epoch")
    slider.press("Home")
    for place, (epoch, kl) in enumerate(EPOCHS.items()):
        report.page.wait_for_function("place => latent.state().epoch === place", arg=place)
        codes = report.page.evaluate("latent.shown().map(latent.codeAt)")
        np.testing.assert_allclose(codes, history[epoch], atol=1e-3)
        said = slider.get_attribute("aria-valuetext")
        assert said is not None
        assert said.startswith(f"epoch {epoch} of 4; KL divergence of q(z) from p(z), nats: {kl:.3f}")
        assert report.page.locator("#latent-curve-0 .value").inner_text() == f"{kl:.3f}"
        slider.press("ArrowRight")
    assert report.page.locator(".curve").count() == 1  # This run has no discriminator's loss.


@pytest.mark.parametrize("still", [False, True])
def test_training_plays_to_its_end_and_jumps_for_those_who_want_less_motion(
    browser: Browser, file: Path, still: bool
) -> None:
    with opened(browser, file, still=still) as report:
        ready(report)
        report.page.evaluate(
            "window.seen = new Set(); (function look() {"
            "seen.add(latent.state().epoch); requestAnimationFrame(look)})()"
        )
        button = report.page.locator("#latent-train")
        button.press("Enter")
        assert button.inner_text() == "Stop"
        report.page.wait_for_function("document.getElementById('latent-train').textContent !== 'Stop'")
        seen = report.page.evaluate("[...seen]")
        assert state(report)["epoch"] == 2
        assert {0, 1, 2} <= set(seen)
        assert any(value % 1 for value in seen) is not still
        assert report.complaints == []


@pytest.mark.parametrize(
    ("width", "height"), [(PHONE, 844), (PHONE, 664), (320, 568), (740, 360), (667, 375)]
)
def test_on_a_phone_the_whole_plane_is_in_sight_while_the_slider_moves(
    browser: Browser, file: Path, width: int, height: int
) -> None:
    with opened(browser, file, width, height=height) as report:
        ready(report)
        slider = report.page.locator("#latent-epoch")
        slider.press("Home")  # As the keyboard brings it into sight,
        report.page.wait_for_function("latent.state().epoch === 0")
        assert in_sight_together(report)
        slider.evaluate("e => scrollBy(0, e.getBoundingClientRect().bottom - innerHeight)")  # and a finger.
        assert in_sight_together(report)
        assert report.barriers() == []
        assert report.page.evaluate("document.documentElement.scrollWidth") <= width


def in_sight_together(report: Opened) -> bool:
    """Tell if plane and slider lie in the window, and neither on the other."""
    box, other = (report.page.locator(f"#latent-{name}").bounding_box() for name in ("plane", "epoch"))
    window = report.page.viewport_size
    assert box is not None
    assert other is not None
    assert window is not None
    inside = [
        each["x"] >= 0 and each["y"] >= 0
        and each["x"] + each["width"] <= window["width"]
        and each["y"] + each["height"] <= window["height"] + 0.5
        for each in (box, other)
    ]  # fmt: skip
    apart = other["y"] >= box["y"] + box["height"] or other["x"] >= box["x"] + box["width"]
    return all(inside) and apart and box["width"] > 0.6 * min(window["width"], window["height"])


def test_playing_stops_where_it_is_asked_to(report: Opened) -> None:
    button = report.page.locator("#latent-train")
    button.click()
    button.click()
    epoch = state(report)["epoch"]
    report.page.wait_for_timeout(1500)
    assert state(report)["epoch"] == epoch < 2


def test_earlier_codes_are_not_decoded_by_the_last_decoder(report: Opened) -> None:
    report.page.evaluate("latent.moveTo(latent.codeAt(0))")
    assert report.count_of_empty("canvas", "#latent-point") == 0
    report.page.locator("#latent-epoch").press("Home")
    report.page.wait_for_function("latent.state().epoch === 0")
    report.page.evaluate("latent.moveTo(latent.codeAt(0))")
    assert state(report)["nearest"] == 0
    assert report.count_of_empty("canvas", "#latent-point") == 2  # All but the test image.


# Rounded weights.


def test_rounded_weights_keep_pixels_all_over_the_plane_within_the_tolerance(runs: Runs) -> None:
    autoencoder, _, z = runs[0]
    points = np.random.default_rng(3).uniform(z.min(0), z.max(0), (2000, 2)).astype(np.float32)
    layers = shrink(autoencoder.decoder, torch.from_numpy(points))
    found = rounding.rounded(layers, points[::2])
    assert [layer.weight.dtype.kind for layer in found] == ["f", "i", "i"]
    right = autoencoder.decode(torch.from_numpy(points[1::2])).flatten(1).numpy()
    assert np.abs(rounding.pixels(found, points[1::2]) - right).max() <= 1.5 * rounding.TOLERANCE


def test_weights_that_few_bits_cannot_hold_get_more(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    autoencoder, _, z = runs[0]
    layers = shrink(autoencoder.decoder, torch.from_numpy(z))
    right = rounding.pixels([rounding.plain(layer) for layer in layers], z)
    largest = []
    for tolerance in (5e-3, 5e-4):
        monkeypatch.setattr(rounding, "TOLERANCE", tolerance)
        found = rounding.rounded(layers, z)
        assert np.abs(rounding.pixels(found, z) - right).max() <= tolerance
        largest.append(np.abs(found[1].weight).max())
    assert largest[0] == 2**rounding.COARSE - 1 < largest[1]


# Words.


def test_every_heading_can_be_linked_to_and_its_answer_comes_first(report: Opened) -> None:
    assert report.page.locator("h2:not([id]), h3:not([id])").count() == 0
    links = report.page.locator("nav a").evaluate_all("all => all.map(a => a.getAttribute('href').slice(1))")
    assert links == [
        each
        for each in report.page.locator("h2, h3").evaluate_all("all => all.map(h => h.id)")
        if each in links
    ]
    assert len(set(links)) == len(links) >= 7
    first = report.page.locator("#numbers, #ablation, #figures").evaluate_all(
        "all => all.map(h => h.nextElementSibling.tagName)"
    )
    assert first == ["P"] * 3


def test_the_ablation_s_answer_names_each_variant_once() -> None:
    row = {"measure": "kl", "seeds": 2, "null": 0.004}
    ends = [
        row | {"encoder": "universal", "prior": "gaussian", "variant": "universal, gaussian", "mean": 0.06},
        row | {"encoder": "universal", "prior": "none", "variant": "universal, none", "mean": 9.0},
    ]
    assert results.ablation_answer(ends) == (
        "**KL divergence from the prior in nats: universal 0.060 and no prior 9.000** (2 seeds). "
        "Samples of the prior measure 0.004."
    )


def test_answers_say_what_the_rows_say() -> None:
    rows = [
        {"name": "kl", "value": 0.07, "low": -0.01, "high": 0.015},
        {"name": "below_quarter", "value": 0.0},
        {"name": "total_variation", "value": 0.065},
    ]
    assert results.fills(rows).startswith("**Yes: 0.0% of")
    assert "further than chance:** as many samples of the prior measure -0.010 to 0.015" in (
        results.base_answer(rows)
    )
    rows[0]["value"], rows[1]["value"] = 0.01, 0.2
    assert "no further than chance" in results.base_answer(rows)
    assert results.fills(rows).startswith("**No: 20.0% of")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_nobody_is_shut_out(browser: Browser, file: Path, width: int, dark: bool) -> None:
    with opened(browser, file, width, dark) as report:
        ready(report)
        assert report.barriers() == []
        assert report.page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("dark", [False, True])
def test_a_shadow_says_where_a_table_goes_on(browser: Browser, file: Path, dark: bool) -> None:
    with opened(browser, file, PHONE, dark) as report:
        wide = report.page.locator(".wide").first

        def shades() -> list[bool]:
            """Tell if a shadow is at its left and at its right edge, where no text is."""
            picture = np.asarray(Image.open(io.BytesIO(wide.screenshot())).convert("L"), int)
            back = picture[2, picture.shape[1] // 2]
            return [bool(abs(picture[2, column] - back) > 30) for column in (0, -1)]

        assert shades() == [False, False]
        wide.evaluate("e => e.querySelector('table').style.width = '2000px'")
        assert shades() == [False, True]
        wide.evaluate("e => e.scrollLeft = 500")
        assert shades() == [True, True]
        wide.evaluate("e => e.scrollLeft = 2000")
        assert shades() == [True, False]
        assert report.barriers() == []


def test_pictures_are_there_before_one_scrolls_to_them(browser: Browser, file: Path, tmp_path: Path) -> None:
    """As for print."""
    far = file.read_text(encoding="utf-8").replace("<header>", '<div style="height: 30000px"></div><header>')
    (tmp_path / "far.html").write_text(far, encoding="utf-8")
    with opened(browser, tmp_path / "far.html") as report:
        assert report.count_of_empty("img") == 0


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
            ready(report)
            assert report.count_of_empty("img") == 0
            report.page.evaluate("latent.moveTo(latent.codeAt(latent.shown()[0]))")
            assert report.count_of_empty("canvas") == 0
            assert report.complaints == []
            assert report.barriers() == []
            assert len(report.page.evaluate("latent.shown()")) >= latent.SHOWN
