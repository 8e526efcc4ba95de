"""Read codes from what people have: CSV of any separator, NPY, NPZ or safetensors, packed or from a pipe."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import sys
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from aae.system.errors import UserError

LEAST_CODES = 100  # To be measured.
MOST_DIMENSIONS = 64
PEEK = 65_536  # Bytes of a text that are looked at to tell separator and header.
NUMBERED = re.compile(r"(.*?)[ _.\[(-]*(\d+)[\])]?")  # z1, z_1, z[1]: a stem and a number.
WHOLE = re.compile(r"[+-]?\d*")
DECIMAL_COMMA = re.compile(r"\s*[+-]?\d*,\d+([eE][+-]?\d+)?\s*")
LABELS = ("label", "labels", "digit", "digits", "class", "target")  # Names of what is no code.
EXCEL = re.compile(rb'"?sep=."?[ \t]*\r?\n', re.IGNORECASE)  # A first line for spreadsheets.
LONGER_ROW = re.compile(r".*Expected (\d+) fields in line (\d+), saw (\d+).*")  # As pandas says it.
SAVE = "from Python, np.save('codes.npy', z) writes what can be read"
EXPECTED = f"expected CSV, NPY, NPZ or safetensors; {SAVE}"


@dataclass(frozen=True)
class Source:
    """A file or pipe with codes, and what names do not tell of it."""

    path: Path
    """`-` is the standard input."""
    columns: Sequence[str] = ()
    """The columns that hold codes; where empty, names and values tell."""
    labels: Sequence[str] = ()
    """Columns that do not."""
    array: str | None = None
    """The one of several arrays."""

    def __str__(self) -> str:
        """Name it in messages."""
        return "standard input" if self.path == Path("-") else str(self.path)

    def content(self) -> bytes:
        """All bytes, unpacked; read once, as a pipe can be."""
        try:
            content = sys.stdin.buffer.read() if self.path == Path("-") else self.path.read_bytes()
            return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise UserError(f"{self} cannot be unpacked ({_one_line(error)})") from None
        except OSError as error:
            raise UserError(f"{self}: {error.strerror or error}") from None


@dataclass
class Codes:
    """Codes, (n, dim), float32 as networks give them, and what was guessed of their source."""

    z: np.ndarray
    notes: list[str] = field(default_factory=list)


def read_codes(source: Source, least: int = LEAST_CODES, dim: int | None = None) -> Codes:
    """The codes that a file or pipe holds.

    Args:
        source: where they come from.
        least: how many there have to be.
        dim: their dimensions, where these are known. So many columns, if there are no others, then are codes
            whatever they look like.

    Raises:
        UserError: it cannot be read, it does not tell which numbers are codes, or these are not (n, 2 to 64)
            finite numbers, or too few.
    """
    content = source.content()
    notes: list[str] = []
    if source.path.suffix in (".pt", ".pth"):
        raise UserError(f"{source} is PyTorch's; save it with numpy.save(path, z.cpu().numpy())")
    if content.startswith((b"\x93NUMPY", b"PK")):
        table = _frame(source, _numpy_arrays(source, content), notes)
    elif content[8:9] == b"{" and int.from_bytes(content[:8], "little") < len(content):
        table = _frame(source, _safetensors(source, content), notes)
    else:
        table, notes = _text(source, content)
    known = table.shape[1] == dim and not source.columns and not any(map(_is_label, table))
    names = list(table) if known else _columns(source, table)
    if rest := [str(name) or "the one without a name" for name in table if name not in names]:
        kept = ", ".join(map(str, names))
        notes.append(f"codes are the columns {_short(kept)}; left out: {_short(', '.join(rest))}")
    elif not source.columns and not known and not _numbered(names) and isinstance(names[0], str):
        notes.append(f"codes are all columns: {_short(', '.join(map(str, names)))}")
    if table.empty or not names:
        raise UserError(f"{source} holds no codes; {EXPECTED}")
    if not 2 <= len(names) <= MOST_DIMENSIONS:
        raise UserError(
            f"{source}: expected codes of 2 to {MOST_DIMENSIONS} dimensions, a column each; found "
            f"{len(names)} of {len(table):,} rows ({_short(', '.join(map(str, names)))})"
        )
    if dim and len(names) != dim:
        raise UserError(f"{source}: expected codes of {dim} dimensions, a column each; found {len(names)}")
    if len(table) < least:
        raise UserError(f"{source}: {len(table)} codes are too few; at least {least} are needed")
    z = _finite(source, table[names])
    if dim is None:
        _refuse_constant(source, names, z)
    return Codes(z, notes)


def _refuse_constant(source: Source, names: Sequence[Any], z: np.ndarray) -> None:
    """Name a column of one value; where all are, the codes have collapsed, which the measures say."""
    constant = np.ptp(z, axis=0) == 0
    if constant.any() and not constant.all():
        first = int(constant.argmax())
        raise UserError(
            f"{source}: column {names[first]} is {z[0, first]:.6g} in all rows: a dimension that has "
            f"collapsed, or no code (--label {names[first]} leaves it out)"
        )


def _finite(source: Source, table: pd.DataFrame) -> np.ndarray:
    for name, column in table.items():
        if column.dtype.kind not in "iuf":
            text = column.astype(str)
            row = int(np.argmax(pd.to_numeric(text, errors="coerce").isna() & column.notna()))
            found = _short(text.iloc[row])
            raise UserError(f"{source}: expected numbers; column {name} of code {row + 1} is {found!r}")
    with np.errstate(over="ignore"):
        # In rows, as the stages have them: another order in memory could round another last digit.
        z = np.ascontiguousarray(table.to_numpy(), dtype=np.float32)
    wrong = np.flatnonzero(~np.isfinite(z).all(axis=1))
    if len(wrong):
        values = in_words(table.iloc[wrong[0]])
        raise UserError(f"{source}: code {wrong[0] + 1}, {values}, is not finite ({len(wrong)} such codes)")
    return z


def in_words(code: Any) -> str:
    """One code, or the first numbers of it."""
    numbers = [f"{value:.4g}" for value in code]
    return f"({', '.join(numbers[:4])}{', ...' if len(numbers) > 4 else ''})"


def _columns(source: Source, table: pd.DataFrame) -> list[Any]:
    """The columns that hold codes: those asked for, those whose names tell, or what is left of the others."""
    names = {str(name): name for name in table}
    for asked in (*source.columns, *source.labels):
        if asked not in names:
            raise UserError(f"{source}: no column {asked!r}; there are {_short(', '.join(names))}")
    if twice := [name for name in source.columns if source.columns.count(name) > 1]:
        raise UserError(f"{source}: --columns names {twice[0]} twice")
    if source.columns:
        return [names[asked] for asked in source.columns]
    left = [name for text, name in names.items() if text not in source.labels and text]
    left = [name for name in left if not _is_label(name)] or left
    groups = _numbered(left)
    several = [group for group in groups.values() if len(group) > 1]
    if len(groups.get("z", [])) > 1:
        return groups["z"]
    if len(several) > 1:
        raise UserError(
            f"{source}: which of the columns {_short(', '.join(map(str, left)))} hold codes? Name them: "
            f"--columns {','.join(several[0])}"
        )
    if several:
        return several[0]
    left = [name for name in left if not _is_text(table[name])]
    counts = [name for name in left if _is_whole(table[name])]
    # Labels, or numbers of rows: not where all numbers are whole.
    return [name for name in left if name not in counts] if len(counts) < len(left) else left


def _numbered(names: Sequence[Any]) -> dict[str, list[Any]]:
    """Names that end in a number, such as z1, by what stands before it."""
    groups: dict[str, list[Any]] = {}
    for name in names:
        if isinstance(name, str) and (found := NUMBERED.fullmatch(name)):
            groups.setdefault(found[1].lower(), []).append(name)
    return groups


def _is_text(column: pd.Series[Any]) -> bool:
    if column.dtype.kind != "O":
        return False
    return bool(pd.to_numeric(column.iloc[:100], errors="coerce").isna().mean() > 0.5)


def _is_label(name: object) -> bool:
    return str(name).lower() in LABELS


def _is_whole(column: pd.Series[Any]) -> bool:
    """Not a column of one number: a dimension that is dead is to be seen."""
    return column.dtype.kind in "iuf" and bool((column % 1 == 0).all()) and column.nunique() > 1


def _frame(source: Source, arrays: dict[str, np.ndarray], notes: list[str]) -> pd.DataFrame:
    """The array that holds codes, with columns called 1, 2 and so on; a choice among several is noted."""
    tables = {
        name: array
        for name, array in arrays.items()
        if array.ndim == 2 and len(array) > 1 and 2 <= array.shape[1] <= MOST_DIMENSIONS
    }
    if source.array is not None:
        if source.array not in arrays:
            raise UserError(f"{source}: no array {source.array!r}; there are {_short(', '.join(arrays))}")
        array = arrays[source.array]
    elif "z" in arrays or len(arrays) == 1 or len(tables) == 1:
        name = "z" if "z" in arrays else next(iter(tables or arrays))
        array = arrays[name]
        if others := [other for other in arrays if other != name]:
            notes.append(f"codes are the array {name}; left out: {_short(', '.join(others))}")
    else:
        raise UserError(
            f"{source} holds not one array; name one, as in --array {next(iter(tables or arrays), 'z')!r}; "
            f"there are {_short(', '.join(arrays))}"
        )
    if array.dtype.kind not in "iuf":
        raise UserError(f"{source}: expected numbers, found {array.dtype}")
    turned = array.ndim == 2 and 2 <= len(array) < array.shape[1]
    if array.ndim != 2 or array.shape[1] > MOST_DIMENSIONS or (turned and len(array) == 2):
        hint = "did you mean codes.T?" if turned else SAVE
        raise UserError(
            f"{source}: expected codes of shape (n, 2 to {MOST_DIMENSIONS}), found {array.shape}; {hint}"
        )
    return pd.DataFrame(array.astype(array.dtype.newbyteorder("=")), columns=range(1, array.shape[1] + 1))


def _numpy_arrays(source: Source, content: bytes) -> dict[str, np.ndarray]:
    try:
        loaded = np.load(io.BytesIO(content), allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return {"z": loaded}
        wanted = source.array or "z"
        names = [wanted] if wanted in loaded.files else loaded.files
        arrays = {name: array for name in names if isinstance(array := loaded[name], np.ndarray)}
        if not arrays:
            raise ValueError("no array in it")
        return arrays
    except Exception as error:  # A damaged archive fails in more ways than can be listed.
        raise UserError(f"{source} cannot be read as NPZ or NPY ({_one_line(error)}); {SAVE}") from None


def _safetensors(source: Source, content: bytes) -> dict[str, np.ndarray]:
    import torch  # Knows bfloat16, which NumPy does not.
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        tensors = dict(sorted(load(content).items(), key=lambda item: (len(item[0]), item[0])))
    except (SafetensorError, KeyError) as error:
        raise UserError(f"{source} cannot be read as safetensors ({_one_line(error)}); {SAVE}") from None
    return {
        name: (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()
        for name, tensor in tensors.items()
    }


def _text(source: Source, content: bytes) -> tuple[pd.DataFrame, list[str]]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        content = content.decode("utf-16", "replace").encode()
    content, notes = _without_comments(content.removeprefix(codecs.BOM_UTF8))
    start = content[:PEEK].decode(errors="replace")
    lines = [line for line in start.splitlines() if line.strip()][:20]
    if "\0" in start or not lines:
        reason = "has bytes that are no text" if lines else "holds no codes"
        raise UserError(f"{source} {reason}; {EXPECTED}")
    # Not csv.Sniffer, which splits 0,5;1,2 at its decimal commas.
    # In most lines, as one may be too short, and in the first: names apart by blanks may head decimal commas.
    most = len(lines) / 2
    often = (mark for mark in ";\t|," if mark in lines[0] and sum(mark in line for line in lines) > most)
    separator = next(often, r"\s+")
    comma = separator != "," and any("," in line for line in lines[1:])
    decimal = "," if comma and not any("." in line for line in lines[1:]) else "."
    options: dict[str, Any] = {"sep": separator, "skipinitialspace": True}
    try:
        head = pd.read_csv(io.StringIO(start), header=None, nrows=2, dtype=str, na_filter=False, **options)
        first = [str(text).strip() for text in head.iloc[0]]
        last = list(head.iloc[-1])
        commas = separator == "," and any(DECIMAL_COMMA.fullmatch(cell) for cell in last)
        if commas and not any("." in cell for cell in last):
            raise ValueError("decimal commas need ; as separator")
        counted = _names_by_number(first, head.iloc[1:].to_numpy().ravel())
        numbers = [_is_number(text, decimal) for text in first]
        named = counted or not all(numbers)
        if named and _is_half_a_code(first, numbers):
            raise ValueError(f"its first line, {_short(', '.join(first))}, is neither names nor a code")
        if named and (twice := sorted({name for name in first if first.count(name) > 1})):
            raise ValueError(f"several columns are called {', '.join(map(repr, twice))}")
        table = pd.read_csv(
            io.BytesIO(content), header=0 if named else None, names=first if named else None,
            decimal=decimal, encoding_errors="replace", low_memory=False, **options,
        )  # fmt: skip
        if separator == "," and _has_decimal_commas(table):
            raise ValueError("decimal commas need ; as separator")
    except ValueError as error:  # The parser's own errors among them.
        reason = LONGER_ROW.sub(r"line \2 has \3 fields, those above it \1", _one_line(error))
        raise UserError(f"{source} cannot be read as CSV ({reason}); {EXPECTED}") from None
    if not named:
        table.columns = pd.RangeIndex(1, table.shape[1] + 1)
    # Said, as it is a guess.
    guess = f"the first line, {', '.join(first)}, is taken for names of columns, not for a code"
    return table, [*notes, _short(guess)] if counted else notes


def _without_comments(content: bytes) -> tuple[bytes, list[str]]:
    """Text with blank lines for those that start with #, and for a spreadsheet's sep=; and a note.

    Below the first line without # only few are comments: where most start with it, names of codes do.
    """
    if first := EXCEL.match(content):
        content = b"\n" + content[first.end() :]
    if b"#" not in content:
        return content, []
    lines = content.splitlines(keepends=True)
    comments = [line.startswith(b"#") for line in lines]
    if all(comments):
        return content, []
    head = comments.index(False)
    below = sum(comments[head:])
    if 2 * below > len(lines) - head:
        comments[head:] = [False] * (len(lines) - head)
    kept = b"".join(b"\n" if comment else line for comment, line in zip(comments, lines, strict=True))
    return kept, [f"lines that start with # are left out: {below:,}"] if any(comments[head:]) else []


def _has_decimal_commas(table: pd.DataFrame) -> bool:
    """Tell 0,1234,-1,5678: whole numbers, by turns small ones and the digits of fractions."""
    if table.shape[1] % 2 or table.shape[1] < 4 or any(dtype.kind not in "iu" for dtype in table.dtypes):
        return False
    small, digits = table.iloc[:, ::2].to_numpy(), table.iloc[:, 1::2].to_numpy()
    return bool((abs(small) < 100).all() and (digits >= 0).all() and (digits.max(axis=0) >= 10).all())


def _names_by_number(first: Sequence[str], second: Iterable[str]) -> bool:
    """Tell names such as 0,1 or 1,2, which count columns, above numbers with fractions."""
    counts = [[str(start + place) for place in range(len(first))] for start in (0, 1)]
    return list(first) in counts and not all(WHOLE.fullmatch(text) for text in second)


def _is_half_a_code(first: Sequence[str], numbers: Sequence[bool]) -> bool:
    """Tell numbers with fractions beside what is none, but for the empty name of an index."""
    found = list(zip(first, numbers, strict=True))
    others = any(not number for text, number in (found if first[0] else found[1:]))
    return others and any(number and not WHOLE.fullmatch(text) for text, number in found)


def _is_number(text: str, decimal: str) -> bool:
    try:
        float(text.replace(decimal, "."))
    except ValueError:
        return False
    return True


def _one_line(message: object) -> str:
    return " ".join(str(message).split())


def _short(text: object) -> str:
    line = _one_line(text)
    return line if len(line) <= 200 else f"{line[:200]}..."
