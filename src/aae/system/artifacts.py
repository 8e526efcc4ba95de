"""The only save and load. Every file appears whole or not at all, and equal content gives equal bytes."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import numpy as np
from pydantic import ValidationError

from aae.system.errors import UserError

if TYPE_CHECKING:  # Imported where needed: each takes seconds, and no stage needs them all.
    import pandas as pd
    import torch
    from matplotlib.figure import Figure

Loaded = TypeVar("Loaded")


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a name to write to, beside `path`; rename it to `path` only if all went well.

    On the disk before it has its name: a power cut leaves the old file or the new one. An error of
    the disk names `path`. A symbolic link stays, and what it leads to is written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    target = path.resolve()
    # Hidden: no file of anybody's. Always the same: what a kill left, the next one takes. The suffix decides
    # the format.
    partial = target.with_name(f".{target.stem}.partial{target.suffix}")
    try:
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(partial, target)
    except OSError as error:
        if error.filename in (None, str(partial)):
            error.filename = str(path)
        raise
    finally:
        partial.unlink(missing_ok=True)


def save_json(content: Mapping[str, Any], path: Path) -> None:
    """Numbers and words, indented, in the order given."""
    with atomic(path) as partial:
        partial.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def load_json(path: Path) -> Any:
    """Read what `save_json` or `save_rows` wrote."""
    return read(path, lambda: json.loads(path.read_text(encoding="utf-8")))


def save_table(
    rows: Sequence[Mapping[Any, object]], path: Path, columns: Sequence[str] | None = None
) -> None:
    """The file of what `write_table` writes."""
    with atomic(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        write_table(rows, file, columns)


def write_table(
    rows: Sequence[Mapping[Any, object]], file: TextIO, columns: Sequence[str] | None = None
) -> None:
    """CSV with 9 significant digits: enough to get every float32 back to the bit.

    Not through pandas, which takes longer to import than a table to write.

    Args:
        rows: what a row lacks leaves a gap, as do None and NaN.
        file: open for writing.
        columns: to be given where there may be no rows; the keys of all rows otherwise.
    """
    columns = columns or list(dict.fromkeys(key for row in rows for key in row))
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)


def _cell(value: object) -> object:
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else _nine_digits(value)
    return value


def _nine_digits(value: float | np.floating[Any]) -> str:
    return f"{value:.9g}"


def load_table(path: Path) -> pd.DataFrame:
    """Read what `save_table` wrote."""
    import pandas as pd

    return read(path, lambda: pd.read_csv(path))


def load_rows(path: Path, text: Sequence[str]) -> list[dict[str, Any]]:
    """Read what `save_table` wrote: a mapping a row, without its gaps.

    Args:
        path: the file.
        text: columns that are words, even where they look like numbers.
    """
    import pandas as pd

    words = dict.fromkeys(text, str)
    # Nullable types: with NumPy's own a gap would make the whole numbers of its column floats.
    table = read(
        path,
        lambda: pd.read_csv(
            path, dtype=words, keep_default_na=False, na_values=[""], dtype_backend="numpy_nullable"
        ),
    )
    return [
        {str(name): value for name, value in row.items() if not pd.isna(value)}
        for row in table.to_dict("records")
    ]


def save_rows(rows: Sequence[Mapping[str, Any] | str], path: Path) -> None:
    """A JSON list, a row a line, with the 9 significant digits of `rounded`.

    For the tables in metrics/: DVC shows the numbers of a JSON object, and leaves out those of a list.
    """
    lines = ",\n".join(f"  {json.dumps(rounded(row), allow_nan=False, ensure_ascii=False)}" for row in rows)
    with atomic(path) as partial:
        partial.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def rounded(content: Any) -> Any:
    """Metrics, nested as JSON is, with the 9 significant digits that tables have.

    Enough to tell any two results apart, and fewer than those in which the linear algebra of two kinds
    of CPU differs.
    """
    if isinstance(content, Mapping):
        return {key: rounded(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [rounded(value) for value in content]
    return float(_nine_digits(content)) if isinstance(content, float | np.floating) else content


def save_tensors(
    tensors: Mapping[str, torch.Tensor], path: Path, metadata: dict[str, str] | None = None
) -> None:
    """Weights or codes as safetensors: no pickle, no code in the file."""
    from safetensors.torch import save

    with atomic(path) as partial:
        # Not save_file, which hides a full disk behind an error of its own.
        partial.write_bytes(
            save({name: tensor.contiguous().cpu() for name, tensor in tensors.items()}, metadata)
        )


def load_tensors(path: Path) -> dict[str, torch.Tensor]:
    """Read what `save_tensors` wrote."""
    from safetensors.torch import load_file

    return read(path, lambda: load_file(path))


def save_arrays(arrays: Mapping[str, np.ndarray], path: Path, metadata: dict[str, str] | None = None) -> None:
    """The same of arrays, where nothing needs torch."""
    from safetensors.numpy import save

    with atomic(path) as partial:
        partial.write_bytes(
            save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, metadata)
        )


def load_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read what `save_tensors` wrote, in stages that need no torch."""
    from safetensors.numpy import load_file

    return read(path, lambda: load_file(path))


def load_notes(path: Path) -> dict[str, str]:
    """The metadata that `save_tensors` wrote."""
    from safetensors import safe_open

    def notes() -> dict[str, str]:
        with safe_open(path, "np") as file:
            return file.metadata() or {}

    return read(path, notes)


@contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder beside `target`, which becomes `target` only if all went well."""
    partial = target.with_name(f"{target.name}.{os.getpid()}.partial")
    try:
        partial.mkdir(parents=True)
        yield partial
        shutil.rmtree(target, ignore_errors=True)
        os.replace(partial, target)
    except OSError as error:
        error.filename = error.filename or str(target)
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def copy_folder(source: Path, target: Path) -> None:
    """A copy of a folder of files, whole or not at all."""
    with atomic_folder(target) as partial:
        shutil.copytree(source, partial, dirs_exist_ok=True)


def save_figure(figure: Figure, path: Path, dpi: int) -> None:
    """PNG or PDF, by the suffix; without the software's name or the date, so that bytes repeat."""
    metadata = (
        {"Software": None}
        if path.suffix == ".png"
        else {"Creator": None, "Producer": None, "CreationDate": None}
    )
    with atomic(path) as partial:
        figure.savefig(partial, dpi=dpi, metadata=metadata)


def read(path: Path, load: Callable[[], Loaded]) -> Loaded:
    """Load a file; the ways in which it can be missing or damaged end in one line."""
    from safetensors import SafetensorError

    try:
        return load()
    except FileNotFoundError:
        raise UserError(f"{path} is missing; `dvc repro` makes it") from None
    except (SafetensorError, ValidationError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
        raise UserError(f"{path} is damaged ({reason}); `dvc checkout` or `dvc repro` restores it") from None
