"""Grid of runs that studies conclude from, and the conclusion that they come to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from aae.compare.summary import over_seeds, run_row, with_excess
from aae.model.parts import run_prior
from aae.model.priors.base import Prior
from aae.settings.config import RunConfig
from aae.settings.params import GridSettings, Run
from aae.system.errors import UserError

Row = Mapping[str, Any]
Null = Mapping[str, Any]


class Conclusion(NamedTuple):
    """Tables and figures of a study, by the names of their files."""

    tables: dict[str, Sequence[Row | str]]
    figures: dict[str, Figure]


@dataclass(frozen=True)
class Grid:
    """The runs of a grid, and what was measured of them."""

    runs: Sequence[Run]
    rows: Sequence[Row]
    """A row a run: encoder, prior, seed and measures, with what the null distributions leave of them."""
    measures: Sequence[Row]
    """All that was measured of each run, those beyond what every run has included."""
    tables: Sequence[pd.DataFrame]
    """Its losses and fit over training, a row a recorded epoch; empty where no file has them."""
    pictures: Mapping[str, np.ndarray]
    """Pictures of kept variants, by "NAME/z" and the like (`aae.runs.rows.GridFiles`)."""
    controls: Sequence[Row]
    """Rows of what is no run."""
    nulls: Mapping[str, Null]
    """The null distribution of each prior, for the test codes of the runs."""
    margins: Mapping[str, float]
    """Differences up to which encoders count as equivalent; empty where none is set."""

    @classmethod
    def of(
        cls,
        runs: Sequence[Run],
        settings: GridSettings,
        rows: Sequence[Row],
        curves: Sequence[Row],
        pictures: Mapping[str, np.ndarray],
        find_null: Callable[[Prior, int, int], Null],
    ) -> Grid:
        """Join the rows of a grid's files to its runs.

        Args:
            runs: the grid's, in order.
            settings: the grid's own.
            rows: of runs.csv, raw measures.
            curves: of curves.csv.
            pictures: of pictures.safetensors.
            find_null: gives the null distribution of a prior for n test and m training codes.

        Raises:
            UserError: a run has no row.
        """
        measured = {(row["variant"], int(row["seed"])): row for row in rows if "seed" in row}
        over_training = pd.DataFrame(curves, columns=None if curves else ["variant", "seed"])
        by_run = dict(list(over_training.groupby(["variant", "seed"])))
        joined: list[Row] = []
        measures: list[Row] = []
        tables: list[pd.DataFrame] = []
        nulls: dict[str, Null] = {}
        for run in runs:
            place = (run.variant, run.config.seed)
            if place not in measured:
                raise UserError(f"runs.csv lacks {run.name}; `dvc repro studies/dvc.yaml:run@STUDY` makes it")
            row = measured[place]
            null = find_null(run_prior(run.config), row["codes"], row["training_codes"])
            nulls.setdefault(run.config.prior, null)
            measures.append(with_excess(row, null))
            joined.append(run_row(run.config, measures[-1]))
            # What a run does not have, others of the grid may have: their columns are gaps here.
            tables.append(by_run.get(place, pd.DataFrame()).dropna(axis="columns", how="all"))
        controls = [row for row in rows if "seed" not in row]
        margins = settings.margins.model_dump() if settings.margins else {}
        return cls(runs, joined, measures, tables, pictures, controls, nulls, margins)

    @property
    def curves(self) -> Sequence[pd.DataFrame]:
        """The tables over training, of every run.

        Raises:
            UserError: curves.csv lacks a run.
        """
        for run, table in zip(self.runs, self.tables, strict=True):
            if table.empty:
                raise UserError(
                    f"curves.csv lacks {run.name}; `dvc repro studies/dvc.yaml:run@STUDY` makes it"
                )
        return self.tables

    def picture(self, variant: str, what: str) -> np.ndarray:
        """Kept codes ("z") or decoded images in [0, 1] ("mosaic", "walks") of a variant's first run.

        Raises:
            UserError: pictures.safetensors lacks them.
        """
        name = f"{variant}/{what}"
        if name not in self.pictures:
            raise UserError(
                f"pictures.safetensors lacks {name}; `dvc repro studies/dvc.yaml:run@STUDY` makes it"
            )
        kept = self.pictures[name]
        return kept / 255 if kept.dtype == np.uint8 else kept.astype(np.float32)

    def first_runs(self) -> list[tuple[Run, Row, Prior]]:
        """The first run of each variant, with its row and prior."""
        firsts: dict[str, tuple[Run, Row, Prior]] = {}
        for run, row in zip(self.runs, self.rows, strict=True):
            firsts.setdefault(run.variant, (run, row, run_prior(run.config)))
        return list(firsts.values())


def require_told_apart(runs: Sequence[Run], rows: Sequence[Row], by: Sequence[str]) -> None:
    """Refuse variants that a study takes for one: what differs in another setting is no further seed.

    Args:
        runs: the study's.
        rows: theirs.
        by: the rows' keys that tell variants apart.

    Raises:
        UserError: two variants that agree in these.
    """
    firsts: dict[tuple[Any, ...], Run] = {}
    for run, row in zip(runs, rows, strict=True):
        first = firsts.setdefault(tuple(row[key] for key in by), run)
        if first.config != run.config.model_copy(update={"seed": first.config.seed}):
            raise UserError(
                f"params.yaml: variants: runs are told apart by {', '.join(by)} here, and "
                f"{first.variant} and {run.variant} differ in other settings alone"
            )


def summarise(
    grid: Grid,
    by: Sequence[str],
    settings: Callable[[RunConfig], Row],
    verdict: Callable[[Sequence[Row]], Sequence[str]],
    figure: Callable[[Sequence[Row]], Figure],
) -> Conclusion:
    """Conclude what most studies conclude.

    Args:
        grid: the study's runs.
        by: what a variant's runs have in common, of the rows' keys.
        settings: what to add to a run's row.
        verdict: sentences on the rows.
        figure: of the rows.
    """
    rows = [{**row, **settings(run.config)} for run, row in zip(grid.runs, grid.rows, strict=True)]
    require_told_apart(grid.runs, rows, by)
    tables: dict[str, Sequence[Row | str]] = {
        "runs": rows,
        "means": over_seeds(rows, by),
        "answer": verdict(rows),
    }
    return Conclusion(tables, {"study": figure(rows)})
