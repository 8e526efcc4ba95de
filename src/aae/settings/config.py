"""The settings of one run: what `config.json` in a run's folder holds, and nothing else.

Apart from `aae.settings.params`, so that a new option of a figure never counts as a change of a training run.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from aae.data.datasets import DATASETS, TRAINING_IMAGES
from aae.model.parts import ARCHITECTURES, ENCODERS, OBJECTIVES, PRIORS
from aae.system import artifacts

if TYPE_CHECKING:
    ArchitectureName: TypeAlias = str
    DatasetName: TypeAlias = str
    EncoderName: TypeAlias = str
    ObjectiveName: TypeAlias = str
    PriorName: TypeAlias = str
else:  # Whatever the tables have.
    ArchitectureName, DatasetName, EncoderName, ObjectiveName, PriorName = (
        Literal[tuple(table)] for table in (ARCHITECTURES, DATASETS, ENCODERS, OBJECTIVES, PRIORS)
    )

Seed = Annotated[int, Field(ge=0, lt=2**32)]


class Settings(BaseModel):
    """Frozen and strict: no unknown key, no conversion between types, no NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class ModelSettings(Settings):
    """The networks and the scale of the prior; params.yaml gives each key's unit and range."""

    architecture: ArchitectureName
    hidden_units: int = Field(ge=1, le=100_000)
    code_dim: int = Field(ge=2, le=1000)
    prior_std: float = Field(ge=1e-3, le=1e3)
    sigma: Annotated[
        Literal["learned"] | Annotated[float, Field(ge=0, le=10)],
        Field(description="learned, or a number from 0 to 10"),
    ]
    initial_weights: Literal["uniform", "he", "normal"]
    fourier_features: int = Field(ge=0, le=100_000)
    fourier_frequency: float = Field(gt=1, le=1000)


class TrainSettings(Settings):
    """The recipe; params.yaml gives each key's unit and range."""

    epochs: int = Field(ge=1, le=100_000)
    batch_size: int = Field(ge=1, le=TRAINING_IMAGES)
    optimizer: Literal["adam", "sgd"]
    updates: Literal["joint", "separate"]
    reconstruction_loss: Literal["squared_error", "cross_entropy"]
    learning_rate: float = Field(gt=0, le=1000)
    discriminator_learning_rate: float = Field(gt=0, le=1000)
    adversarial_weight_start: float = Field(gt=0, le=1000)
    adversarial_weight: float = Field(gt=0, le=1000)
    regularization_interval: int = Field(ge=1, le=1000)
    code_buffer: int = Field(ge=1, le=1000)
    refinement_start: float = Field(ge=0, lt=1)
    kl_weight: float = Field(gt=0, le=1000)
    warmup: float = Field(ge=0, lt=1)
    decay_start: float = Field(ge=0, lt=1)
    threads: int = Field(ge=1, le=1024)
    device: Literal["auto", "cpu", "cuda", "mps"]
    precision: Literal["auto", "float32", "bfloat16"]


class DataSettings(Settings):
    """The images that a run learns from, and those on which it is evaluated."""

    name: DatasetName
    images: Annotated[
        Literal["all"] | Annotated[int, Field(ge=1, le=TRAINING_IMAGES)],
        Field(description=f"all, or a number from 1 to {TRAINING_IMAGES}"),
    ]
    validation: bool


class RunConfig(Settings):
    """All that decides a training run's result, beside the images and the code."""

    encoder: EncoderName
    prior: PriorName
    objective: ObjectiveName
    labels: int = Field(ge=0, le=TRAINING_IMAGES)
    seed: Seed
    model: ModelSettings
    train: TrainSettings
    data: DataSettings

    @model_validator(mode="after")
    def _fits_together(self) -> "RunConfig":
        if self.model.sigma != "learned" and self.encoder != "gaussian":
            raise ValueError(
                f"model.sigma: {self.model.sigma} is the standard deviation of the gaussian encoder; "
                f"with encoder: {self.encoder} only learned is allowed"
            )
        if self.objective == "variational" and self.prior == "none":
            raise ValueError(
                "objective: variational needs a prior; with prior: none only adversarial is allowed"
            )
        if self.objective_name == "variational" and self.encoder != "gaussian":
            raise ValueError(
                "objective: variational needs encoder: gaussian, as KL(q(z|x) || p(z)) needs the density "
                f"of q(z|x), which the {self.encoder} encoder does not have"
            )
        if self.objective_name == "variational" and self.model.sigma == 0:
            raise ValueError("objective: variational needs model.sigma above 0, or learned")
        told = {"labels": self.labels, "model.fourier_features": self.model.fourier_features}
        for key, value in told.items():
            if value and self.objective_name != "adversarial":
                raise ValueError(
                    f"{key}: {value} is for the discriminator, which objective: {self.objective_name} "
                    "does not have; only 0 is allowed"
                )
        return self

    @property
    def objective_name(self) -> str:
        """Name of the objective that trains: here, and nowhere else, `prior: none` is resolved."""
        return "unregularized" if self.prior == "none" else self.objective

    @property
    def title(self) -> str:
        """Name of the run in figures."""
        title = f"{self.encoder} encoder, prior: {self.prior}"
        if self.model.architecture != "perceptron":
            title = f"{self.model.architecture} {title}"
        if self.objective != "adversarial":
            title += f", {self.objective}"
        if self.model.fourier_features:
            title += f", {self.model.fourier_features} Fourier features"
        return title + (f", {self.labels:,} labels" if self.labels else "")

    @property
    def images_title(self) -> str:
        """Name in figures of the images that the run is evaluated on."""
        return f"{DATASETS[self.data.name].title} {'validation' if self.data.validation else 'test'}"


def save_config(config: RunConfig, path: Path) -> None:
    """Leave the settings of one run in a file, for `load_config`."""
    artifacts.save_json(config.model_dump(), path)


def load_config(path: Path) -> RunConfig:
    """The settings of one run."""
    return artifacts.read(path, lambda: RunConfig.model_validate_json(path.read_text(encoding="utf-8")))
