"""encoders: does the type of encoder matter?"""

from collections.abc import Sequence

from aae.compare.equivalence import contrasts
from aae.compare.panels import fit_panels
from aae.compare.summary import VARIANT, variants
from aae.compare.verdicts import answer
from aae.draw.fit import figure_fit
from aae.draw.mosaic import figure_grids_side_by_side
from aae.draw.plane import figure_side_by_side
from aae.model.parts import run_prior
from aae.settings.params import Run
from aae.studies.common import Conclusion, Grid, require_told_apart
from aae.studies.pictures import COLUMNS, POINT_SIZE


def require_variants(runs: Sequence[Run]) -> None:
    """Raise a UserError unless encoder and prior tell the variants apart."""
    require_told_apart(runs, [{name: getattr(run.config, name) for name in VARIANT} for run in runs], VARIANT)


def conclude(grid: Grid) -> Conclusion:
    """Variants over seeds, every two encoders compared, the answer; Figures 2A and 2E of each variant.

    Raises:
        UserError: codes do not lie in a plane, there are no pictures of a variant, or two variants differ
            in neither encoder nor prior.
    """
    require_variants(grid.runs)
    priors = {run.config.prior: run_prior(run.config) for run in grid.runs}
    summary = variants(grid.rows, grid.nulls)
    constrained = [row for row in grid.rows if priors[row["prior"]].constrains]
    compared = contrasts(constrained, grid.margins) if constrained else []
    planes, mosaics = [], []
    for run, row, prior in grid.first_runs():
        prior.require_plane("the ablation's figure")
        name = f"{run.config.title}, seed {run.config.seed}"
        numbers = f"KL {row['kl']:.3f} nats, sliced W2 {row['sliced_w2']:.3f}"
        z = grid.picture(run.variant, "z")
        planes.append((f"{name}\n{numbers}", z, grid.pictures["labels"], prior))
        mosaic = grid.picture(run.variant, "mosaic")
        mosaics.append((f"{name}\npercentiles of {' and '.join(prior.coordinates)}", mosaic))
    return Conclusion(
        {
            "ablation": grid.rows,
            "variants": summary,
            "contrasts": compared,
            "answer": answer(grid.rows, summary, compared, priors),
        },
        {
            "ablation_2A": figure_side_by_side(planes, COLUMNS, POINT_SIZE),
            "ablation_2E": figure_grids_side_by_side(mosaics, COLUMNS),
            "ablation_fit": figure_fit(*fit_panels(grid.rows, grid.nulls, priors)),
        },
    )
