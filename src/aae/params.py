"""A frozen, strict view of params.yaml, and error messages that say how to correct it."""

import difflib
from typing import Annotated, Any

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from aae.config import (
    DataSettings,
    EncoderName,
    ModelSettings,
    ObjectiveName,
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
    objective: ObjectiveName
    labels: int = Field(ge=0, le=60_000)
    model: ModelSettings
    train: TrainSettings
    data: DataSettings
    plot_2A: Plot2ASettings
    grid_2E: Grid2ESettings
    ablation: AblationSettings

    @model_validator(mode="after")
    def _base_run_fits_together(self) -> "Params":
        self.base()
        return self

    def base(self) -> RunConfig:
        """The settings of the base run."""
        return self._run(
            encoder=self.encoder,
            prior=self.prior,
            objective=self.objective,
            labels=self.labels,
            seed=self.seed,
            model=self.model,
        )

    def cells(self) -> list[RunConfig]:
        """The ablation's runs, in the order of the grid: all adversarial, and without labels."""
        return [
            self.cell(encoder, prior, seed)
            for encoder in self.ablation.encoder
            for prior in self.ablation.prior
            for seed in self.ablation.seed
        ]

    def cell(self, encoder: str, prior: str, seed: int) -> RunConfig:
        """One of the ablation's runs; a fixed `model.sigma` concerns its gaussian encoders alone."""
        sigma = self.model.sigma if encoder == "gaussian" else "learned"
        model = self.model.model_copy(update={"sigma": sigma})
        return self._run(
            encoder=encoder, prior=prior, objective="adversarial", labels=0, seed=seed, model=model
        )

    def _run(self, **settings: object) -> RunConfig:
        return RunConfig.model_validate({"train": self.train, "data": self.data, **settings})


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
    places = [_place(detail["loc"], schema) for detail in details]
    # What concerns several keys has no place of its own, and names them itself.
    key = ".".join(places[0]) + ": " if places[0] else ""
    # A key that may be a word or a number is wrong in two ways.
    here = [detail for detail, place in zip(details, places, strict=True) if place == places[0]]
    first = next((detail for detail in here if detail["type"] == "float_type"), here[0])
    line = " ".join(f"{key}{_explain(first, places[0], schema)}".split())
    others = len(set(places)) - 1
    return f"{line} (and {others} more)" if others else line


def _place(location: tuple[str | int, ...], schema: Any) -> tuple[str, ...]:
    """The keys that lead to what is wrong, and places in lists, but no names of types."""
    keys = []
    for part in location:
        fields = getattr(schema, "model_fields", None)
        if fields is None and not isinstance(part, int):
            break
        keys.append(str(part))
        schema = fields[part].annotation if fields and part in fields else None
    return tuple(keys)


def _explain(detail: Any, place: tuple[str, ...], schema: type[Settings]) -> str:
    given = detail["input"]
    try:
        shown = repr(given)
    except ValueError:  # Python prints no integer of more than 4300 digits.
        shown = "the number"
    match detail["type"]:
        case "missing":
            return "missing"
        case "extra_forbidden":
            known = list(_section(place[:-1], schema).model_fields)
            return "unknown key; " + _nearest(place[-1], known) + "known here: " + ", ".join(known)
        case "float_type" if _is_number(given):  # YAML 1.1, which PyYAML reads, takes 1e-3 for a word.
            return f"{shown} is read as text; write it with a point, such as 1.0e-3"
        case "value_error" if not place:
            return str(detail["ctx"]["error"])
        case _ if allowed := _described(place, schema):
            return f"{shown} is not allowed; allowed: {allowed}"
        case "literal_error":
            choices = detail["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ")
            return f"{shown} is not allowed; {_nearest(str(given), choices)}allowed: {', '.join(choices)}"
        case _:
            return f"{shown} is not allowed; {detail['msg'].removeprefix('Value error, ')}"


def _section(place: tuple[str, ...], schema: Any) -> type[Settings]:
    for part in place:
        schema = schema.model_fields[part].annotation
    return schema


def _described(place: tuple[str, ...], schema: type[Settings]) -> str | None:
    """What the key at a place may be, in words, where its type does not say it."""
    try:
        return _section(place[:-1], schema).model_fields[place[-1]].description
    except (AttributeError, KeyError, IndexError):
        return None


def _nearest(word: str, allowed: list[str]) -> str:
    matches = difflib.get_close_matches(word, allowed, n=1)
    return f"did you mean {matches[0]!r}? " if matches else ""


def _is_number(given: Any) -> bool:
    if not isinstance(given, str):
        return False
    try:
        float(given)
    except ValueError:
        return False
    return True
