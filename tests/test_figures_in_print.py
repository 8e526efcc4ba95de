"""Every figure as it is printed: all words inside, large enough and off each other, and bytes that repeat."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import test_limit_study as of_limit
import test_studies as made_up
import test_table1_study as of_table1
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from test_figure_3 import told
from test_training_curves import curves

from aae.draw.fit import figure_fit
from aae.draw.labels import figure_3
from aae.draw.misfit_map import figure_where
from aae.draw.mosaic import figure_2e, figure_grids_side_by_side
from aae.draw.plane import figure_2a, figure_side_by_side
from aae.draw.style import WIDTH
from aae.draw.training_curves import figure_when
from aae.model.parts import PRIORS, prior_class
from aae.studies import claims, images, limit, noise, table1, tradeoff
from aae.system import artifacts

LEAST_POINTS = 7.0
RNG = np.random.default_rng(0)
CENTRES = 0.4 * RNG.standard_normal((10, 2))
Y = np.arange(3000) % 10
Z = CENTRES[Y] + 0.4 * RNG.standard_normal((3000, 2))
IMAGES = np.zeros((3, 3, 28, 28))
RUN = "deterministic encoder, prior: swiss_roll, variational, 10,000 labels"
NUMBERS = "KL 0.268 nats (null 0.004), sliced W2 0.055 (null 0.019)"
VARIANTS = [
    (f"{encoder} encoder, prior: swiss_roll", np.array([0.05, 0.061, 0.08]))
    for encoder in ("deterministic", "gaussian", "universal")
]
LABELS = (
    "KL(q || p) of training codes, nats",
    "KL(q || p) of test codes, nats",
    "sliced W2 of test codes,\nstandard deviations of p(z)",
)


def plane(name: str) -> Figure:
    prior = prior_class(name)()
    null = Z if prior.constrains else None
    outside = ", 12.3% of the codes where p(z) = 0" if name == "uniform" else ""
    title = f"Figure 2A: {RUN}, validation images\n{NUMBERS}{outside}"
    return figure_2a(Z, Y, prior, null, title, 4.0)


def planes(columns: int) -> Figure:
    kinds = ("gaussian", "uniform", "none", "gaussian")
    title = "deterministic encoder,\nprior: swiss_roll\nsliced W2 0.055"
    return figure_side_by_side([(title, Z, Y, prior_class(name)()) for name in kinds], columns, 4.0)


def where(name: str) -> Figure:
    prior = prior_class(name)()
    codes = {"validation": Z[:1000], "training": Z}
    density = {"below_half": 0.2034, "below_quarter": 0.0561}
    return figure_where(codes, prior, density, f"Where the codes depart from {prior.description}: {RUN}")


def fit(note: str) -> Figure:
    bands = ((-0.002, 0.006), (-0.009, 0.015), (0.014, 0.025))
    return figure_fit([(label, band, VARIANTS) for label, band in zip(LABELS, bands, strict=True)], note)


NOTE = "deterministic encoder without a prior: KL 36.9 nats, sliced W2 5.45; not shown"
FIGURES: dict[str, Callable[[], Figure]] = {
    **{f"2A {name}": lambda name=name: plane(name) for name in PRIORS},  # type: ignore[misc]
    **{f"planes {columns}": lambda columns=columns: planes(columns) for columns in (1, 2, 3)},  # type: ignore[misc]
    **{f"where {name}": lambda name=name: where(name) for name in ("gaussian", "none")},  # type: ignore[misc]
    "when": lambda: figure_when(curves(20), (-0.009, 0.015), "validation", f"Over training: {RUN}"),
    "when variational": lambda: figure_when(curves(2, "variational"), (0.1, 0.2), "test", RUN),
    "fit": lambda: fit(NOTE),
    "fit of many": lambda: fit("\n".join([NOTE] * 3)),
    "2E": lambda: figure_2e(IMAGES, f"Figure 2E: {RUN}", prior_class("mixture").coordinates),
    "3": lambda: figure_3([told("mixture"), told("swiss_roll")], "Figure 3: codes of test images", 1.5),
    "table 1": lambda: table1.figure(of_table1.ROWS, of_table1.CONTROLS, of_table1.CURVES),
    "table 1 over epochs": lambda: table1.figure(
        [*of_table1.ROWS, *of_table1.LONGER], of_table1.CONTROLS, of_table1.ALL_CURVES
    ),
    "claims": lambda: claims.figure(made_up.claims_study()),
    "images": lambda: images.figure(made_up.images_study()),
    "limit": lambda: limit.figure(of_limit.study()),
    "noise": lambda: noise.figure(made_up.noise_study(), [made_up.noise_curves()] * 10),
    "tradeoff": lambda: tradeoff.figure(made_up.tradeoff_study()),
    "mosaics": lambda: figure_grids_side_by_side([("a title\nof two lines", IMAGES)] * 4, 2),
}


@pytest.fixture(scope="module", params=list(FIGURES))
def drawn(request: pytest.FixtureRequest) -> tuple[Figure, RendererAgg]:
    figure = FIGURES[request.param]()
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return figure, canvas.get_renderer()


def words(figure: Figure) -> Iterator[Text]:
    """Every text that is seen: of ticks those within the axes' limits."""
    hidden = {id(label) for axes in figure.axes for label in labels_beyond_the_limits(axes)}
    for text in figure.findobj(Text):
        if isinstance(text, Text) and text.get_visible() and text.get_text() and id(text) not in hidden:
            yield text


def labels_beyond_the_limits(axes: Axes) -> Iterator[Text]:
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        slack = 1e-9 * (high - low)
        for minor in (False, True):
            locations = axis.get_ticklocs(minor=minor)
            labels = axis.get_ticklabels(minor=minor)
            seen = axes.get_visible() and axis.get_visible()
            for place, label in enumerate(labels):
                at = locations[place] if place < len(locations) else np.inf
                if not seen or not low - slack <= at <= high + slack:
                    yield label


def test_no_word_is_cut_off(drawn: tuple[Figure, RendererAgg]) -> None:
    figure, renderer = drawn
    for part in (*figure.axes, *figure.legends):
        whole = part.get_tightbbox(renderer)
        assert whole is not None
        assert_inside(whole, figure)
    for text in words(figure):
        assert_inside(text.get_window_extent(renderer), figure)


def assert_inside(box: Bbox, figure: Figure) -> None:
    assert min(box.x0, box.y0) >= 0
    assert (box.x1, box.y1) <= (figure.bbox.width, figure.bbox.height)


def test_letters_are_large_enough_at_the_width_of_a_page(drawn: tuple[Figure, RendererAgg]) -> None:
    figure, _ = drawn
    assert figure.get_figwidth() <= WIDTH + 1e-9
    sizes = {text.get_text(): float(text.get_fontsize()) for text in words(figure)}
    assert len(sizes) > 5
    assert {text: size for text, size in sizes.items() if size < LEAST_POINTS} == {}


def test_no_words_lie_on_others(drawn: tuple[Figure, RendererAgg]) -> None:
    figure, renderer = drawn
    boxes = [(text.get_text(), text.get_window_extent(renderer)) for text in words(figure)]
    touching = [
        (one, other)
        for place, (one, box) in enumerate(boxes)
        for other, its_box in boxes[place + 1 :]
        if overlap(box, its_box)
    ]
    assert touching == []


def overlap(one: Bbox, other: Bbox) -> bool:
    """By more than the rounding of positions to pixels."""
    common = Bbox.intersection(one, other)
    return common is not None and min(common.width, common.height) > 0.5


def test_the_style_is_left_as_it_was() -> None:
    before = dict(rcParams)
    fit("")
    assert dict(rcParams) == before


def test_the_vectors_of_a_whole_test_set_take_less_than_a_megabyte(tmp_path: Path) -> None:
    z, null = RNG.standard_normal((2, 10_000, 2))
    figure = figure_2a(z, np.arange(10_000) % 10, prior_class("gaussian")(), null, "title", 4.0)
    artifacts.save_figure(figure, tmp_path / "2A.pdf", 100)
    content = (tmp_path / "2A.pdf").read_bytes()
    assert 100_000 < len(content) < 1_000_000
    assert b"/Subtype /Image" not in content
