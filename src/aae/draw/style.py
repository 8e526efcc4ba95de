"""What all figures share: colours, layout, and panels in rows."""

from typing import Final

from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba_array
from matplotlib.figure import Figure

# Paul Tol's "muted" colours, which stay apart for colour-blind eyes, and a dark grey as the tenth.
DIGIT_COLOURS = to_rgba_array(
    [
        "#332288",
        "#88CCEE",
        "#CC6677",
        "#117733",
        "#DDCC77",
        "#882255",
        "#44AA99",
        "#999933",
        "#AA4499",
        "#555555",
    ]
)
BLUE, RED = DIGIT_COLOURS[0], DIGIT_COLOURS[2]
# Unlike "constrained", it keeps labels inside the figure where axes are square.
LAYOUT: Final = "compressed"
OUTLINE = [patheffects.withStroke(linewidth=2.5, foreground="white")]


def panels(count: int, columns: int) -> tuple[Figure, list[Axes]]:
    """A figure of square panels in rows of `columns`."""
    rows = -(-count // columns)
    figure = Figure(figsize=(5 * columns, 5.2 * rows), layout=LAYOUT)
    return figure, [figure.add_subplot(rows, columns, place + 1) for place in range(count)]
