"""A frozen, strict view of params.yaml, and error messages that say how to correct it."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import yaml
from pydantic import AfterValidator, Field, ValidationError, model_validator

from aae.settings.config import RunConfig, Seed, Settings
from aae.settings.error_messages import first_complaint
from aae.system.errors import UserError

Schema = TypeVar("Schema", bound=Settings)
# What a variant of a grid starts from, whatever the base run is: its settings leave grids alone.
NEUTRAL = {"encoder": "deterministic", "prior": "gaussian", "objective": "adversarial", "labels": 0}


class Plot2ASettings(Settings):
    """Looks of Figure 2A."""

    point_size: float = Field(gt=0, le=1000)
    dpi: int = Field(ge=30, le=1200)


class Grid2ESettings(Settings):
    """Looks of Figure 2E."""

    # Not "size": DVC 3.67 leaves a key of that name out of its run cache's key, and would restore
    # the figure of another size.
    side: int = Field(ge=2, le=100)
    dpi: int = Field(ge=30, le=1200)


class Margins(Settings):
    """Differences between encoders, either way, up to which they count as equivalent."""

    kl: float = Field(gt=0, le=1000)
    sliced_w2: float = Field(gt=0, le=1000)


def _all_different(seeds: list[int]) -> list[int]:
    if len(set(seeds)) < len(seeds):
        raise ValueError("each seed may stand only once")
    return seeds


def _checked_names(variants: dict[str, Any]) -> dict[str, Any]:
    for name in variants:
        if not re.fullmatch(r"\w[\w.+-]{0,99}", name, re.ASCII):
            raise ValueError(f"{name!r} cannot name a variant; allowed: letters, digits, _, ., + and -")
    return variants


Changes = dict[str, bool | int | float | str | list[Any]]


class GridSettings(Settings):
    """Training runs, variants x seeds: the ablation, or a study."""

    prediction: str = ""
    """Expected outcome, written before they ran."""
    seeds: Annotated[list[Seed], Field(min_length=1), AfterValidator(_all_different)]
    variants: Annotated[dict[str, Changes], Field(min_length=1), AfterValidator(_checked_names)]
    """By name, what each changes of the deterministic encoder with the Gaussian prior: "train.epochs: 20".
    One that names `seed`, or a list of them, has these seeds and not the grid's."""
    margins: Margins | None = None
    measures: list[Literal["components", "log_likelihood", "manifold", "smoothed_kl"]] = Field(
        default_factory=list
    )
    """Measured beyond what every run is."""
    keep: list[str] = Field(default_factory=list)
    """Variants of whose first run codes and decoded images are kept, for pictures."""

    @model_validator(mode="after")
    def _keeps_what_there_is(self) -> "GridSettings":
        for name in self.keep:
            if name not in self.variants:
                raise ValueError(f"keep: {name!r} is no variant; allowed: {', '.join(self.variants)}")
        return self


class Run(NamedTuple):
    """One training run of a grid."""

    variant: str
    config: RunConfig

    @property
    def name(self) -> str:
        """Name of the run in messages."""
        return f"{self.variant}, seed {self.config.seed}"


class Params(RunConfig):
    """The whole of params.yaml: the base run's settings, and those of figures and the ablation."""

    plot_2A: Plot2ASettings
    grid_2E: Grid2ESettings
    ablation: GridSettings

    def base(self) -> RunConfig:
        """The settings of the base run."""
        return RunConfig.model_validate({name: getattr(self, name) for name in RunConfig.model_fields})

    def runs(self, grid: GridSettings) -> list[Run]:
        """The training runs of a grid, by variant and seed.

        `model`, `train` and `data` hold for all of them; `model.sigma` concerns the Gaussian encoder alone.

        Raises:
            UserError: a variant changes what is no setting, has settings that do not go together, or is the
                same run as another.
        """
        found: dict[str, Run] = {}
        for variant, changes in grid.variants.items():
            seeds = changes.get("seed", grid.seeds)
            if seeds == []:
                raise UserError(f"params.yaml: variants.{variant}: seed: [] names none")
            for seed in seeds if isinstance(seeds, list) else [seeds]:
                run = Run(variant, self._changed(variant, {**changes, "seed": seed}))
                if other := found.get(key := run.config.model_dump_json()):
                    raise UserError(f"params.yaml: variants: {run.name} is the same run as {other.name}")
                found[key] = run
        return list(found.values())

    def _changed(self, variant: str, changes: Mapping[str, Any]) -> RunConfig:
        content: dict[str, Any] = {
            **NEUTRAL,
            "seed": changes["seed"],
            "model": self.model.model_dump(),
            "train": self.train.model_dump(),
            "data": self.data.model_dump(),
        }
        if changes.get("encoder") != "gaussian":
            content["model"]["sigma"] = "learned"
        for key, value in changes.items():
            section, _, last = key.rpartition(".")
            place = content.get(section, {}) if section else content
            if not isinstance(place, dict) or last not in place:
                known = [name for name, value in content.items() if not isinstance(value, dict)]
                known += [f"{name}.{each}" for name in ("model", "train", "data") for each in content[name]]
                raise UserError(
                    f"params.yaml: variants.{variant}: {key!r} is no setting; allowed: {', '.join(known)}"
                )
            place[last] = value
        try:
            return RunConfig.model_validate(content)
        except ValidationError as error:
            complaint = first_complaint(error, RunConfig)
            raise UserError(f"params.yaml: variants.{variant}: {complaint}") from None


def parse_params(text: str) -> Params:
    """Read the text of params.yaml.

    Raises:
        UserError: one line naming the first key that is wrong, and what is allowed there.
    """
    return _parse(text, Params)


def parse_study(text: str) -> GridSettings:
    """Read the text of a study's params.yaml; raises likewise, and without a prediction."""
    study = _parse(text, GridSettings)
    if not study.prediction.strip():
        raise UserError("params.yaml: prediction: missing; say what you expect before the study runs")
    return study


class _Loader(yaml.SafeLoader):
    """Refuses a name that stands twice, of which PyYAML takes the last."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """The mapping as written: what `<<` brings comes later, and may be overridden."""
        node = super().compose_mapping_node(anchor)
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if key.tag != self.DEFAULT_SCALAR_TAG:  # No name: `<<`, or what the schema refuses.
                continue
            line = key.start_mark.line + 1
            if key.value in lines:
                raise UserError(
                    f"params.yaml: line {line}: {key.value!r} stands in line {lines[key.value]} already; "
                    "allowed: once"
                )
            lines[key.value] = line
        return node


def _parse(text: str, schema: type[Schema]) -> Schema:
    try:
        content = yaml.load(text, _Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # 2020-13-45 and 0x_ are ValueErrors.
        reason = " ".join(str(error).split())
        raise UserError(f"params.yaml is not valid YAML: {reason}") from None
    if not isinstance(content, dict):
        raise UserError("params.yaml: expected keys and values, found " + type(content).__name__)
    try:
        return schema.model_validate(content)
    except ValidationError as error:
        raise UserError("params.yaml: " + first_complaint(error, schema)) from None
