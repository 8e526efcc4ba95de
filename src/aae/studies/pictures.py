"""Figures 2A and 2E of the variants of which a study keeps codes and images."""

from collections.abc import Callable

from matplotlib.figure import Figure

from aae.draw.mosaic import figure_grids_side_by_side
from aae.draw.plane import figure_side_by_side
from aae.settings.params import Run
from aae.studies.common import Grid, Row

# Fixed, and not those of plot_2A and grid_2E, whose changes must leave studies alone.
POINT_SIZE = 1.2
COLUMNS = 2  # Panels in a row, so that each can be read at the width of a page.


def kept_pictures(grid: Grid, title: Callable[[Run, Row], str]) -> dict[str, Figure]:
    """Figures "2A" and "2E" of the first run of each kept variant, side by side; none where none is kept.

    Args:
        grid: the study's runs.
        title: of a run and its row: above its panels.
    """
    planes, mosaics = [], []
    for run, row, prior in grid.first_runs():
        if f"{run.variant}/z" in grid.pictures:
            words = title(run, row)
            planes.append((words, grid.picture(run.variant, "z"), grid.pictures["labels"], prior))
            mosaics.append((words, grid.picture(run.variant, "mosaic")))
    if not planes:
        return {}
    return {
        "2A": figure_side_by_side(planes, COLUMNS, POINT_SIZE),
        "2E": figure_grids_side_by_side(mosaics, COLUMNS),
    }
