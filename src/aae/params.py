"""A frozen, strict view of params.yaml, and error messages that say how to mend it."""

import difflib
from typing import Annotated, Any

import yaml
from pydantic import Field, ValidationError, field_validator

from aae.config import (
    EncoderName,
    ModelSettings,
    PriorName,
    RunConfig,
    Seed,
    Settings,
    TrainSettings,
)
from aae.errors import UserError


class Plot2ASettings(Settings):
    """How Figure 2A looks."""

    point_size: float = Field(gt=0, le=1000)
    dpi: int = Field(ge=30, le=1200)


class Grid2ESettings(Settings):
    """How Figure 2E looks."""

    # Not "size": DVC 3.67 leaves a key of that name out of its run cache's key, and would restore
    # the figure of another size.
    side: int = Field(ge=2, le=100)
    dpi: int = Field(ge=30, le=1200)


class AblationSettings(Settings):
    """The grid of the ablation: every encoder with every prior and every seed."""

    encoder: Annotated[list[EncoderName], Field(min_length=1)]
    prior: Annotated[list[PriorName], Field(min_length=1)]
    seed: Annotated[list[Seed], Field(min_length=1)]

    @field_validator("encoder", "prior", "seed")
    @classmethod
    def _all_different(cls, values: list[Any]) -> list[Any]:
        # DVC joins a cell's values to its name: two equal cells would silently become one.
        if len(set(values)) < len(values):
            raise ValueError("each value may stand only once")
        return values


class Params(Settings):
    """The whole of params.yaml."""

    seed: Seed
    encoder: EncoderName
    prior: PriorName
    model: ModelSettings
    train: TrainSettings
    plot_2A: Plot2ASettings
    grid_2E: Grid2ESettings
    ablation: AblationSettings

    def cells(self) -> list[RunConfig]:
        """The ablation's runs, in the order of the grid."""
        return [
            RunConfig(encoder=encoder, prior=prior, seed=seed, model=self.model, train=self.train)
            for encoder in self.ablation.encoder
            for prior in self.ablation.prior
            for seed in self.ablation.seed
        ]


def parse_params(text: str) -> Params:
    """Read the text of params.yaml.

    Raises:
        UserError: one line naming the first key that is wrong, and what is allowed there.
    """
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # 2020-13-45 and 0x_ are ValueErrors.
        reason = " ".join(str(error).split())
        raise UserError(f"params.yaml is not valid YAML: {reason}") from None
    if not isinstance(content, dict):
        raise UserError("params.yaml: expected keys and values, found " + type(content).__name__)
    try:
        return Params.model_validate(content)
    except ValidationError as error:
        raise UserError("params.yaml: " + first_complaint(error, Params)) from None


def first_complaint(error: ValidationError, schema: type[Settings]) -> str:
    """The first thing that a validation found wrong, as one line with the nearest right spelling."""
    # A misspelt key is both unknown and missing: the first says how to mend it.
    details = sorted(error.errors(), key=lambda detail: detail["type"] != "extra_forbidden")
    first = details[0]
    location = [str(part) for part in first["loc"]]
    line = " ".join(f"{'.'.join(location)}: {_explain(first, location, schema)}".split())
    return line if len(details) == 1 else f"{line} (and {len(details) - 1} more)"


def _explain(detail: Any, location: list[str], schema: type[Settings]) -> str:
    given = detail["input"]
    try:
        shown = repr(given)
    except ValueError:  # Python prints no integer of more than 4300 digits.
        shown = "the number"
    match detail["type"]:
        case "missing":
            return "missing"
        case "extra_forbidden":
            known = _keys_at(location[:-1], schema)
            return "unknown key; " + _nearest(location[-1], known) + "known here: " + ", ".join(known)
        case "literal_error":
            allowed = detail["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ")
            return f"{shown} is not allowed; {_nearest(str(given), allowed)}allowed: {', '.join(allowed)}"
        case "float_type" if _is_number(given):
            # YAML 1.1, which PyYAML reads, takes 1e-3 for a word.
            return f"{shown} is read as text; write it with a point, such as 1.0e-3"
        case _:
            return f"{shown} is not allowed; {detail['msg'].removeprefix('Value error, ')}"


def _nearest(word: str, allowed: list[str]) -> str:
    matches = difflib.get_close_matches(word, allowed, n=1)
    return f"did you mean {matches[0]!r}? " if matches else ""


def _keys_at(location: list[str], schema: type[Settings]) -> list[str]:
    for part in location:
        schema = schema.model_fields[part].annotation  # type: ignore[assignment]
    return list(schema.model_fields)


def _is_number(given: Any) -> bool:
    if not isinstance(given, str):
        return False
    try:
        float(given)
    except ValueError:
        return False
    return True
