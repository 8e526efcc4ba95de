"""The settings of one training: what `config.json` in a run's folder holds, and nothing else.

Apart from `aae.params`, so that a new option of a figure never counts as a change of training.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

EncoderName = Literal["gaussian", "deterministic", "universal"]
PriorName = Literal["gaussian", "none"]
Weight = Annotated[float, Field(gt=0, le=1000)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]


class Settings(BaseModel):
    """Frozen and strict: no unknown key, no conversion between types, no NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class ModelSettings(Settings):
    """Sizes of the three networks (the paper's appendix A.1 has 1000 units a layer)."""

    hidden_units: int = Field(ge=1, le=100_000)


class TrainSettings(Settings):
    """The recipe; params.yaml gives each key's unit and range."""

    epochs: int = Field(ge=1, le=100_000)
    batch_size: int = Field(ge=1, le=60_000)
    learning_rate: float = Field(gt=0, le=1)
    discriminator_learning_rate: float = Field(gt=0, le=1)
    adversarial_weight: Annotated[list[Weight], Field(min_length=2, max_length=2)]
    regularization_interval: int = Field(ge=1, le=1000)
    warmup: float = Field(ge=0, lt=1)
    decay_start: float = Field(ge=0, lt=1)
    input_dropout: float = Field(ge=0, lt=1)
    recall_start: float = Field(ge=0, le=1)
    device: Literal["auto", "cpu", "cuda", "mps"]
    precision: Literal["auto", "float32", "bfloat16"]


class RunConfig(Settings):
    """All that decides a training's result, beside the data and the code."""

    encoder: EncoderName
    prior: PriorName
    seed: Seed
    model: ModelSettings
    train: TrainSettings

    @property
    def title(self) -> str:
        """What figures call the run."""
        return f"{self.encoder} encoder, prior: {self.prior}"
