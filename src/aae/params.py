"""A frozen, strict view of params.yaml, and error messages that say how to correct it."""

import re
from typing import Annotated, Any, TypeVar, get_args

import yaml
from pydantic import AfterValidator, Field, ValidationError, model_validator

from aae.complaints import first_complaint
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

Schema = TypeVar("Schema", bound=Settings)
CHANGEABLE = r"objective|labels|(?:model|train|data)\.\w+"  # By a study; the other settings name the cell.


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


class Margins(Settings):
    """Differences between encoders, either way, up to which they count as equivalent."""

    kl: float = Field(gt=0, le=1000)
    sliced_w2: float = Field(gt=0, le=1000)


def split_cell(cell: str) -> tuple[str, str, int]:
    """Encoder, prior and seed of the cell "{encoder}-{prior}-{seed}" of an ablation.

    Raises:
        ValueError: it names no cell; what is allowed.
    """
    encoders, priors = get_args(EncoderName), get_args(PriorName)
    match = re.fullmatch(f"({'|'.join(encoders)})-({'|'.join(priors)})-(0|[1-9][0-9]{{0,9}})", cell)
    if not match or int(match[3]) >= 2**32:
        raise ValueError(
            f"allowed: ENCODER-PRIOR-SEED, such as gaussian-none-0, of the encoders {', '.join(encoders)}, "
            f"the priors {', '.join(priors)} and a seed below 2^32"
        )
    return match[1], match[2], int(match[3])


def split_changes(cell: str) -> tuple[str, dict[str, Any]]:
    """Name and changed settings of the cell "NAME,KEY=VALUE,..." of a study.

    Raises:
        ValueError: the name is not one of an ablation's cell, or a change is not KEY=VALUE; the message says
            what is allowed.
    """
    name, *changes = cell.split(",")
    split_cell(name)
    settings: dict[str, Any] = {}
    for change in changes:
        match = re.fullmatch(rf"({CHANGEABLE})=([\w.]+)", change, re.ASCII)
        if not match or match[1] in settings:
            raise ValueError(
                f"{change!r} is no change of a setting; allowed: KEY=VALUE, such as train.epochs=20, "
                "with objective, labels, or a key of model, train or data, each once; no exponents in numbers"
            )
        settings[match[1]] = yaml.safe_load(match[2])
    return name, settings


def _checked_cell(cell: str) -> str:
    split_cell(cell)
    return cell


def _checked_study_cell(cell: str) -> str:
    split_changes(cell)
    return cell


def _all_different(cells: list[str]) -> list[str]:
    if len(set(cells)) < len(cells):
        raise ValueError("each cell may stand only once")
    return cells


AblationCell = Annotated[str, AfterValidator(_checked_cell)]
StudyCell = Annotated[str, AfterValidator(_checked_study_cell)]


class AblationSettings(Settings):
    """The ablation: its training runs, and what it calls equivalent."""

    cells: Annotated[list[AblationCell], Field(min_length=1), AfterValidator(_all_different)]
    margins: Margins


class StudySettings(Settings):
    """A study: its training runs, and what was expected of them before they ran."""

    prediction: str = Field(min_length=1)
    cells: Annotated[list[StudyCell], Field(min_length=1), AfterValidator(_all_different)]


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

    def cell(self, name: str) -> RunConfig:
        """A run of the ablation or of a study: adversarial and without labels, unless its name changes that.

        `model.sigma` concerns the gaussian encoder alone.

        Args:
            name: "{encoder}-{prior}-{seed}", and in a study ",{key}={value}" for each changed setting.

        Raises:
            UserError: no such cell, or settings that do not go together.
        """
        try:
            first, changes = split_changes(name)
        except ValueError as error:
            raise UserError(f"{name!r} is no cell; {error}") from None
        encoder, prior, seed = split_cell(first)
        sigma = self.model.sigma if encoder == "gaussian" else "learned"
        model = self.model.model_copy(update={"sigma": sigma})
        run = self._run(
            encoder=encoder, prior=prior, objective="adversarial", labels=0, seed=seed, model=model
        )
        if not changes:
            return run
        content = run.model_dump()
        for key, value in changes.items():
            section, _, last = key.rpartition(".")
            (content[section] if section else content)[last] = value
        try:
            return RunConfig.model_validate(content)
        except ValidationError as error:
            raise UserError(f"{name!r} is no cell; {first_complaint(error, RunConfig)}") from None

    def _run(self, **settings: object) -> RunConfig:
        return RunConfig.model_validate({"train": self.train, "data": self.data, **settings})


class _Ablation(Settings):
    ablation: AblationSettings


def parse_params(text: str) -> Params:
    """Read the text of params.yaml.

    Raises:
        UserError: one line naming the first key that is wrong, and what is allowed there.
    """
    return _parse(text, Params)


def parse_ablation(text: str) -> AblationSettings:
    """The section `ablation` of the text of the main job's params.yaml, or of a study's; raises likewise."""
    return _parse(text, _Ablation, ignore_others=True).ablation


def parse_study(text: str) -> StudySettings:
    """The whole text of a study's params.yaml; raises likewise."""
    return _parse(text, StudySettings)


def parse_cells(text: str) -> list[str]:
    """The cells of a study's params.yaml, whether it is an ablation or not; raises likewise."""
    try:
        return parse_ablation(text).cells
    except UserError:
        return parse_study(text).cells


def _parse(text: str, schema: type[Schema], ignore_others: bool = False) -> Schema:
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # 2020-13-45 and 0x_ are ValueErrors.
        reason = " ".join(str(error).split())
        raise UserError(f"params.yaml is not valid YAML: {reason}") from None
    if not isinstance(content, dict):
        raise UserError("params.yaml: expected keys and values, found " + type(content).__name__)
    if ignore_others:
        content = {key: value for key, value in content.items() if key in schema.model_fields}
    try:
        return schema.model_validate(content)
    except ValidationError as error:
        raise UserError("params.yaml: " + first_complaint(error, schema)) from None
