"""Style of all figures: sizes at which they are printed, colours, and panels in rows."""

import functools
import textwrap
from collections.abc import Callable
from typing import Any, Final, ParamSpec

from matplotlib import patheffects, rc_context
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure

# A page's text is about 7 inches wide: figures are as large as they are printed, letters as well.
WIDTH: Final = 7.2
LETTERS: Final = 88  # Of labels, side by side, that a page is wide.
STYLE: Final[dict[Any, Any]] = {
    "font.size": 8,
    "figure.titlesize": 9,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8,
    "axes.linewidth": 0.6,
    "legend.fontsize": 7.5,
    "legend.title_fontsize": 7.5,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "hatch.linewidth": 0.4,
}
TICKS: Final[dict[str, Any]] = {"labelsize": 7.5, "width": 0.6, "length": 2.5}
# Unlike "constrained", it keeps labels inside the figure where axes are square.
LAYOUT: Final = "compressed"

# Taken from palettes in common use, and dealt so that digits whose codes touch are the farthest apart:
# 4, 7 and 9; 3, 5 and 8. tests/test_palette.py holds the distances, for colour-blind eyes as well.
DIGIT_COLOURS = to_rgba_array(
    [
        "#7570B3",
        "#D55E00",
        "#FB9A99",
        "#BD1F01",
        "#882255",
        "#66CCEE",
        "#008856",
        "#1A85FF",
        "#332288",
        "#BCBD22",
    ]
)
BLUE, ORANGE = "#0072B2", "#D55E00"
GREY, BAND = "0.5", "0.86"  # Of reference lines and samples, and of what is to be expected by chance.
OUTLINE = [patheffects.withStroke(linewidth=2, foreground="white")]


P = ParamSpec("P")


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """A function that makes a figure, in the common style; no setting stays behind."""

    @functools.wraps(draw)
    def styled_draw(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with rc_context(STYLE):
            figure = draw(*args, **kwargs)
        # Matplotlib makes ticks when they are first drawn, and then with the settings of that time.
        for axes in figure.axes:
            axes.tick_params(which="major", **TICKS)
            axes.tick_params(which="minor", **TICKS | {"length": 1.5})
        return figure

    return styled_draw


def panels(count: int, columns: int) -> tuple[Figure, list[Axes]]:
    """A figure of square panels in rows of `columns`."""
    rows = -(-count // columns)
    side = max(WIDTH / columns, 2.4) if columns > 1 else 0.7 * WIDTH
    figure = Figure(figsize=(side * columns, (side + 0.2) * rows), layout=LAYOUT)
    return figure, [figure.add_subplot(rows, columns, place + 1) for place in range(count)]


def wrapped(label: str, columns: int) -> str:
    """A label in lines as long as a panel is wide, of so many side by side on a page."""
    return textwrap.fill(label, LETTERS // columns)
