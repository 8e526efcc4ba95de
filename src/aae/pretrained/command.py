"""The command `aae`: encode images, decode codes, score how codes fit a prior."""

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import aae
from aae.system import artifacts
from aae.system.errors import UserError

MOST_TILES = 10_000  # Of a mosaic.


def main() -> None:
    """Do what the command line says; an error ends in one line on stderr and exit code 1."""
    words = sys.argv[1:]
    if words[:1] == ["score"]:
        from aae.score.command import main as score

        score(words[1:])
        return
    arguments = parse_arguments(words)
    try:
        line = arguments.run(arguments)
    except UserError as error:
        sys.exit(f"aae: {error}")
    except OSError as error:  # A full disk, a folder that may not be written.
        sys.exit(f"aae: {error.filename or 'a file'}: {error.strerror or error}")
    print(line, file=sys.stderr)


def parse_arguments(words: Sequence[str]) -> argparse.Namespace:
    """What the words of the command line ask for."""
    parser = argparse.ArgumentParser(prog="aae", description="The encoder and decoder that come with aae.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    encode = commands.add_parser("encode", help="images to codes", description="Codes of images, as CSV.")
    encode.add_argument(
        "images", nargs="+", type=Path, metavar="IMAGE", help="PNG, JPEG and the like, NPY, or IDX"
    )
    encode.add_argument("-o", "--output", type=Path, default=Path("codes.csv"), help="default: codes.csv")
    encode.set_defaults(run=encode_images)
    decode = commands.add_parser("decode", help="codes to a mosaic", description="Codes decoded, as one PNG.")
    decode.add_argument("codes", type=Path, help="CSV, NPY, NPZ or safetensors, as for score; - is a pipe")
    decode.add_argument("-o", "--output", type=Path, default=Path("mosaic.png"), help="default: mosaic.png")
    decode.set_defaults(run=decode_codes)
    commands.add_parser("score", help="how well codes fit a prior: aae score --help", add_help=False)
    return parser.parse_args(words)


def encode_images(arguments: argparse.Namespace) -> str:
    """Write the codes of all images, in the order of the files.

    Returns:
        What was done, in a line.
    """
    from aae.pretrained.pictures import read_pictures

    network = aae.load()
    rows: list[dict[str, object]] = []
    done: dict[str, int] = {}
    for path in arguments.images:
        images, changes = read_pictures(path, network.shape)
        if changes:
            done[changes] = done.get(changes, 0) + 1
        file = {"file": str(path)} if len(arguments.images) > 1 else {}
        rows += [
            file | {f"z{d + 1}": value for d, value in enumerate(code)} for code in network.encode(images)
        ]
    columns = [*(["file"] if len(arguments.images) > 1 else []), *(f"z{d + 1}" for d in range(network.dim))]
    artifacts.save_table(rows, arguments.output, columns)
    said = "".join(f"; {changes}: {count:,}" for changes, count in done.items())
    return f"wrote {arguments.output}, the codes of {len(rows):,} images ({network.title}){said}"


def decode_codes(arguments: argparse.Namespace) -> str:
    """Write one picture of all codes, in rows.

    Returns:
        What was done, in a line.
    """
    from PIL import Image

    from aae.draw.tiles import tiled
    from aae.score.reading import Source, read_codes

    z = read_codes(Source(arguments.codes), least=1).z
    if len(z) > MOST_TILES:
        raise UserError(
            f"{arguments.codes}: {len(z):,} codes are too many for a picture; at most {MOST_TILES:,}"
        )
    if arguments.output.suffix.lower() != ".png":
        raise UserError(f"{arguments.output}: the mosaic is a PNG; give it a name that ends in .png")
    network = aae.load()
    columns = math.ceil(math.sqrt(len(z)))
    rows = math.ceil(len(z) / columns)
    tiles = np.zeros((rows * columns, *network.shape), np.uint8)
    tiles[: len(z)] = (255 * network.decode(z)).round()
    with artifacts.atomic(arguments.output) as partial:
        Image.fromarray(tiled(tiles.reshape(rows, columns, *network.shape))).save(partial, "PNG")
    return f"wrote {arguments.output}, {len(z):,} images in {rows} rows of {columns}"
