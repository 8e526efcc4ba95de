"""A real browser without a network, and what it complains of on a page."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

PHONE, DESK = 390, 1400  # Pixels across.
NAMES = ("chromium", "chromium-browser", "google-chrome")
# Nothing of the browser's own looks for a network.
FLAGS = ("--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-component-update",
         "--disable-sync")  # fmt: skip


@dataclass
class Opened:
    """A page, and what went wrong on it."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    """Errors of scripts, error messages on the console, and requests that leave the machine."""

    def count_of_empty(self, kind: str, within: str = "body") -> int:
        """Count the images (`img`) that did not load, or the canvases (`canvas`) that have one colour."""
        empty = {
            "img": "e => !e.complete || e.naturalWidth === 0",
            "canvas": "e => new Set(new Uint32Array("
            "e.getContext('2d').getImageData(0, 0, e.width, e.height).data.buffer)).size < 2",
        }[kind]
        return int(self.page.locator(f"{within} {kind}").evaluate_all(f"all => all.filter({empty}).length"))

    def barriers(self) -> list[str]:
        """Findings of axe-core that shut people out, a line a rule."""
        found = Axe().run(self.page).response["violations"]
        return [f"{each['id']}: {each['help']}: {each['nodes'][0]['html'][:200]}" for each in found]


@contextmanager
def launched() -> Iterator[Browser]:
    """A headless Chromium; skips the test where there is none, but for continuous integration."""
    path = next((path for name in NAMES if (path := shutil.which(name))), None)
    if path is None:
        message = "there is no Chromium here; `apt-get install chromium` brings it"
        if "AAE_NEEDS_BROWSER" in os.environ:
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@contextmanager
def opened(
    browser: Browser,
    file: Path,
    width: int = DESK,
    dark: bool = False,
    still: bool = False,
    height: int = 900,
) -> Iterator[Opened]:
    """A file's page in a window of this size, offline; `still` for those who want less motion."""
    context = browser.new_context(
        viewport={"width": width, "height": height},
        offline=True,
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce" if still else "no-preference",
        has_touch=True,
    )
    page = context.new_page()
    result = Opened(page)
    page.on("pageerror", lambda error: result.complaints.append(str(error)))
    page.on("console", lambda said: result.complaints.append(said.text) if said.type == "error" else None)
    page.on(
        "request",
        lambda asked: (
            None if asked.url.startswith(("file:", "data:", "blob:")) else result.complaints.append(asked.url)
        ),
    )
    page.goto(file.resolve().as_uri())
    page.wait_for_load_state("load")
    yield result
    context.close()
