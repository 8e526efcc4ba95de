"""The page itself, of its parts."""

import base64
import io
import json
import re
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup
from matplotlib.colors import to_hex
from PIL import Image

from aae.compare.verdicts import in_words
from aae.draw.style import DIGIT_COLOURS
from aae.report.latent import packed

TITLE = "Adversarial autoencoders: Figures 2A and 2E, reproduced and measured"
QUESTION = (
    "Does the aggregated posterior q(z) fit the Gaussian prior p(z), and does that take an encoder with a "
    "Gaussian output, or is the discriminator enough?"
)
FEW = 6  # Sentences of a study's answer that are shown at once.
QUALITY = 85  # Of the pictures, WebP.

# Of the root's pictures: what each shows, what there is to see for those who do not, what makes it, and what
# the paper says of it.
FIGURES = {
    "2A": (
        "Figure 2A. Left: every test image at its code, coloured by digit. Right: as many samples of the "
        "prior. The clouds should look alike, without holes.",
        "Scatter plot of the test images' codes in ten colours, with the prior's contours; beside it one of "
        "samples of the prior. The live plane above shows the same points.",
        "dvc repro plot-2A",
        "codes fill the Gaussian, with sharp transitions and no holes; no number",
    ),
    "2E": (
        "Figure 2E. Images decoded at evenly spaced percentiles of the prior, left to right and bottom to "
        "top. Where the codes fill the prior, each is a digit.",
        "Square grid of handwritten digits that turn into each other from image to image.",
        "dvc repro sample-grid-2E",
        "digits at the Gaussian percentiles",
    ),
    "where": (
        "Where codes are too many (red) or too few (blue) beside the prior: in the plane, by share of the "
        "prior's mass, by radius and by angle. Within the dots and bands chance would do it.",
        "Four panels: a map of the ratio q/p, its distribution over the prior's mass, and the excess of "
        "codes by radius and by angle with bands of chance. The table below has the numbers.",
        "dvc repro plot-fit",
        "",
    ),
    "when": (
        "Epoch by epoch: how far the codes are from the prior, what of it a fresh probe and the "
        "discriminator see, the reconstruction loss and the learning rate.",
        "Curves over epochs: KL divergence, Jensen-Shannon divergence, reconstruction loss, learning rate.",
        "dvc repro plot-fit",
        "",
    ),
    "ablation_2A": (
        "Figure 2A of every variant, first seed, with the prior's contours; without a prior nothing holds "
        "the codes anywhere.",
        "Scatter plots of codes, one a variant. With a prior they fill the same disc; without one they "
        "spread in rays.",
        "dvc repro ablation",
        "similar results for the three encoders; no number",
    ),
    "ablation_2E": (
        "Figure 2E of every variant, first seed, at the prior's percentiles or, without one, the codes' own.",
        "Grids of decoded digits, one a variant.",
        "dvc repro ablation",
        "",
    ),
    "ablation_fit": (
        "Fit of every variant, a point a seed. In the grey null band it could not be told from the prior.",
        "Points with intervals: KL divergence and sliced W2 of each variant's runs. The table above has the "
        "numbers.",
        "dvc repro ablation",
        "",
    ),
}


def render(
    spaces: Sequence[Mapping[str, Any]],
    digits: np.ndarray,
    sheet: Mapping[str, Any],
    drawing: Mapping[str, Any],
    training: Mapping[str, Any],
    studies: Sequence[Mapping[str, Any]],
    **parts: Any,
) -> str:
    """The page as HTML.

    Args:
        spaces: planes of codes, as `aae.report.latent.space` gives them; the base run's first.
        digits: of the test images, (n,).
        sheet: images, as `aae.report.latent.sheet` gives them.
        drawing: encoder of the base run, as `aae.report.latent.drawing` gives it.
        training: its codes over training, as `aae.report.latent.training` gives them.
        studies: each with title, answer, prediction and figure.
        parts: what else templates/report.html fills in.
    """
    environment = Environment(
        loader=PackageLoader("aae.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    colours = [to_hex(colour) for colour in DIGIT_COLOURS]
    latent = {
        "spaces": list(spaces),
        "digits": packed(digits.astype(np.uint8)),
        "colours": colours,
        "sheet": sheet,
        "drawing": drawing,
        "training": training,
    }
    return environment.get_template("report.html").render(
        title=TITLE,
        question=QUESTION,
        css=_asset("report.css"),
        scripts=[_asset("networks.js"), _asset("latent.js")],
        # Within a script element `</` alone would end it.
        latent=Markup(json.dumps(latent, separators=(",", ":")).replace("</", "<\\/")),
        colours=colours,
        spaces=[each["title"] for each in spaces],
        masses=in_words([f"{mass:.0%}" for mass in spaces[0]["masses"]]),
        curves=[each["title"] for each in training["curves"]],
        studies=[{**each, **_named(each["title"])} for each in studies],
        few=FEW,
        height=sheet["height"],
        width=sheet["width"],
        **parts,
    )


def picture(png: bytes, caption: str, alt: str, command: str, paper: str = "") -> dict[str, str]:
    """A figure of the page.

    Args:
        png: the picture, which the page holds smaller, as WebP.
        caption: what it shows, a sentence.
        alt: what there is to see, for those who do not.
        command: what makes it.
        paper: what the paper says of it.
    """
    file = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").save(file, "WEBP", quality=QUALITY)
    src = f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"
    return {"src": src, "caption": caption, "alt": alt, "command": command, "paper": paper}


def block(markdown: str) -> Markup:
    """Paragraphs and tables of Markdown as HTML; links to other files of the repository become words."""
    words = re.sub(r"\[([^\]]*)\]\((?!https?:)[^)]*\)", r"\1", markdown)
    html = MarkdownIt().enable("table").render(words)
    # A wide table scrolls by itself, with the keyboard as well.
    wrapped = '<div class="wide" tabindex="0" role="group" aria-label="table"><table>'
    return Markup(html.replace("<table>", wrapped).replace("</table>", "</table></div>"))


def _named(title: str) -> dict[str, str]:
    """Name and question of a study, and the anchor of its heading."""
    name, _, question = title.partition(":")
    return {"name": name, "question": question, "id": "study-" + re.sub(r"\W+", "-", name.lower())}


def _asset(name: str) -> Markup:
    return Markup(resources.files("aae.report").joinpath("templates", name).read_text(encoding="utf-8"))
