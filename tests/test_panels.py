"""What the figure of the ablation's fit is given: every seed, its null band, and what it leaves out."""

import copy

import numpy as np
from evaluated import ENCODERS, NULL, ablation, band, rows_of

from aae.compare.measures import MEASURES
from aae.compare.panels import SHOWN, fit_panels
from aae.model.parts import prior_class

NULLS = {"gaussian": NULL, "none": NULL}
OBJECTS = {name: prior_class(name)() for name in NULLS}


def test_each_measure_has_a_panel_of_every_variant_under_a_prior_with_a_value_a_seed() -> None:
    rows = rows_of(ablation())
    panels, _ = fit_panels(rows, NULLS, OBJECTS)
    bands = [NULL["training"]["kl"], NULL["raw"]["kl"], NULL["raw"]["sliced_w2"]]
    for (label, null, values), measure, expected in zip(panels, SHOWN, bands, strict=True):
        assert label == MEASURES[measure].label
        assert null == (expected["low"], expected["high"])
        assert [name for name, _ in values] == [f"{encoder} encoder, prior: gaussian" for encoder in ENCODERS]
        for (_, drawn), encoder in zip(values, ENCODERS, strict=True):
            due = [row[measure] for row in rows if (row["encoder"], row["prior"]) == (encoder, "gaussian")]
            np.testing.assert_array_equal(drawn, due)
            assert len(due) == 3


def test_the_note_says_what_is_not_shown() -> None:
    cells = ablation()
    _, note = fit_panels(rows_of(cells), NULLS, OBJECTS)
    assert note == "deterministic encoder without a prior: KL 36.5 nats, sliced W2 5.40; not shown"
    del cells["deterministic-none-0"]
    _, note = fit_panels(rows_of(cells), {"gaussian": NULL}, {"gaussian": OBJECTS["gaussian"]})
    assert note == ""


def test_the_band_is_the_widest_of_the_priors_that_are_shown() -> None:
    other = copy.deepcopy(NULL)
    other["raw"]["kl"] = band(0.02, 0.05)
    rows = rows_of(ablation())
    rows += [row | {"prior": "uniform"} for row in rows[:3]]
    nulls = NULLS | {"uniform": other, "none": {}}  # A prior that is not shown needs no band.
    panels, _ = fit_panels(rows, nulls, OBJECTS | {"uniform": prior_class("uniform")()})
    assert panels[1][1] == (min(NULL["raw"]["kl"]["low"], other["raw"]["kl"]["low"]), 0.05)
    assert len(panels[1][2]) == 4
