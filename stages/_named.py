"""The cells of a study that have names, validated as a whole."""

from pathlib import Path

from _params import say_other_cells
from aae.cells import parse_named
from aae.errors import UserError


def read_named(folder: Path) -> list[Path]:
    """The folders of the cells that the params.yaml of the current folder names, in its order."""
    try:
        text = Path("params.yaml").read_text(encoding="utf-8")
    except (UnicodeDecodeError, FileNotFoundError) as error:
        raise UserError(f"params.yaml cannot be read: {error}") from None
    names = list(parse_named(text).cells)
    say_other_cells(folder, names)
    return [folder / name for name in names]
