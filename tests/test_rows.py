"""Rows of studies that wait to be run again: what the docs say of their numbers."""

import pandas as pd
import pytest
from conftest import ROOT

from aae.settings.params import parse_params, parse_study

OLD = ("images", "limit", "noise", "tradeoff")  # docs/studies.md says that nothing but columns would change.
MEASURES = ["kl", "kl_training", "sliced_w2", "total_variation", "reconstruction_error", "neighbour_accuracy"]


def rows_of(name: str) -> pd.DataFrame:
    """The rows of a study, by what its runs are asked to do."""
    params = parse_params((ROOT / "params.yaml").read_text(encoding="utf-8"))
    folder = ROOT / "studies" / name
    runs = params.runs(parse_study((folder / "params.yaml").read_text(encoding="utf-8")))
    table = pd.read_csv(folder / "runs.csv", dtype={"key": str}).set_index(["variant", "seed"])
    found = {run.config.model_dump_json(): table.loc[(run.variant, run.config.seed)] for run in runs}
    return pd.DataFrame(found).T


@pytest.mark.parametrize("name", OLD)
def test_old_rows_equal_those_of_the_same_runs_in_studies_run_since(name: str) -> None:
    old = rows_of(name)
    others = [rows_of(other) for other in ("claims", "discriminator", "encoders", "percentiles")]
    since = pd.concat(others).loc[lambda rows: rows["key"] != "0.13.0"]
    since = since[~since.index.duplicated()]
    shared = old.index.intersection(since.index)
    assert len(shared) >= 3
    pd.testing.assert_frame_equal(old.loc[shared, MEASURES], since.loc[shared, MEASURES])
