"""Cells of studies that have names of their own: their settings are too long for a folder's name.

Apart from `aae.params`, which the stages of every study depend on.
"""

import re
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, Field, ValidationError

from aae.complaints import first_complaint
from aae.config import Settings
from aae.errors import UserError
from aae.params import StudyCell, parse_cells, parse_study


def _checked_names(cells: dict[str, str]) -> dict[str, str]:
    for name in cells:
        if not re.fullmatch(r"\w{1,100}", name, re.ASCII):
            raise ValueError(f"{name!r} cannot name a folder; allowed: letters, digits and _, 100 at most")
    if len(set(cells.values())) < len(cells):
        raise ValueError("each run may stand only once")
    return cells


class NamedStudy(Settings):
    """A study whose cells have names, and what was expected of them before they ran."""

    prediction: str = Field(min_length=1)
    cells: Annotated[dict[str, StudyCell], Field(min_length=1), AfterValidator(_checked_names)]
    """Its training runs, "ENCODER-PRIOR-SEED,KEY=VALUE,..." by name."""


def parse_named(text: str) -> NamedStudy:
    """The whole text of the params.yaml of a study whose cells have names.

    Raises:
        UserError: one line naming the first key that is wrong, and what is allowed there.
    """
    try:
        content: Any = yaml.safe_load(text)
        return NamedStudy.model_validate(content)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, ValidationError):
            raise UserError("params.yaml: " + first_complaint(error, NamedStudy)) from None
        raise UserError(f"params.yaml is not valid YAML: {' '.join(str(error).split())}") from None


def cells_of(text: str) -> dict[str, str]:
    """The cells of any study's params.yaml by the names of their folders; raises likewise."""
    try:
        return parse_named(text).cells
    except UserError:
        return {cell: cell for cell in parse_cells(text)}


def prediction_in(text: str) -> str:
    """What the params.yaml of a study, with or without names, says was expected; raises likewise."""
    try:
        return parse_named(text).prediction.strip()
    except UserError:
        return parse_study(text).prediction.strip()
