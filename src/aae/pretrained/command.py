"""The command `aae`: encode images, decode codes, score how codes fit a prior."""

import argparse
import math
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import aae
from aae.system import artifacts
from aae.system.errors import UserError

MOST_TILES = 10_000  # Of a mosaic.
SCALES = range(1, 17)
PIPE = Path("-")


def main(words: Sequence[str] = ()) -> None:
    """Do what the command line says, or the words given; an error ends in one line on stderr and a code."""
    words = list(words or sys.argv[1:])
    try:
        if words[:1] == ["score"]:
            from aae.score import command as score

            print(score.scorecard(score.parse_arguments(words[1:])), flush=True)
        else:
            arguments = parse_arguments(words)
            line = arguments.run(arguments)
            sys.stdout.flush()
            print(line, file=sys.stderr)
    except UserError as error:
        sys.exit(f"aae {words[0]}: {error}")
    except OSError as error:  # A full disk, a folder that may not be written.
        if error.filename is None:  # Of no file: what Python flushes when it ends goes nowhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # `| head`
            sys.exit(f"aae {words[0]}: {error.filename or 'standard output'}: {error.strerror or error}")
    except KeyboardInterrupt:
        print(f"aae {words[0]}: interrupted", file=sys.stderr)
        sys.exit(130)


def parse_arguments(words: Sequence[str]) -> argparse.Namespace:
    """Parse the words of the command line."""
    parser = argparse.ArgumentParser(prog="aae", description="The encoder and decoder that come with aae.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    encode = commands.add_parser("encode", help="images to codes", description="Codes of images, as CSV.")
    encode.add_argument(
        "images",
        nargs="+",
        type=Path,
        metavar="IMAGE",
        help="PNG, JPEG and the like, NPY, or IDX; - is a pipe",
    )
    encode.add_argument(
        "-o", "--output", type=_name(".csv", "-"), default=Path("codes.csv"),
        help="default: codes.csv; - is a pipe",
    )  # fmt: skip
    encode.set_defaults(run=encode_images)
    decode = commands.add_parser("decode", help="codes to a mosaic", description="Codes decoded, as one PNG.")
    decode.add_argument("codes", type=Path, help="CSV, NPY, NPZ or safetensors, as for score; - is a pipe")
    decode.add_argument(
        "-o", "--output", type=_name(".png"), default=Path("mosaic.png"), help="default: mosaic.png"
    )
    decode.add_argument(
        "--scale", type=int, choices=SCALES, default=4, metavar="N",
        help=f"pixels of the mosaic along a side of each pixel, {SCALES[0]} to {SCALES[-1]}; default: 4",
    )  # fmt: skip
    decode.add_argument(
        "--columns", type=lambda text: [name.strip() for name in text.split(",")], default=(),
        metavar="NAME,...", help="that hold codes",
    )  # fmt: skip
    decode.add_argument("--array", metavar="NAME", help="that holds codes")
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
    names = [f"z{axis + 1}" for axis in range(network.dim)]
    several = len(arguments.images) > 1
    rows: list[dict[str, object]] = []
    changed = inverted = 0
    for path in arguments.images:
        read = read_pictures(path, network.shape)
        file = {"file": str(path)} if several else {}
        rows += [file | dict(zip(names, code, strict=True)) for code in network.encode(read.images)]
        changed, inverted = changed + read.fitted, inverted + read.inverted
    output = arguments.output
    if output == PIPE:
        output = "standard output"
        artifacts.write_table(rows, sys.stdout)
    else:
        artifacts.save_table(rows, output)
    said = f"wrote {output}, the codes of {_images(len(rows))} ({network.title})"
    if changed:
        said += f"; cut, scaled and centred {changed:,} of them as MNIST's are"
    return said + (f", {inverted:,} inverted, whose ink is dark" if inverted else "")


def decode_codes(arguments: argparse.Namespace) -> str:
    """Write one picture of all codes, in rows.

    Returns:
        What was done, in a line.
    """
    from PIL import Image

    from aae.draw.tiles import tiled
    from aae.score.reading import Source, read_codes

    network = aae.load()
    source = Source(arguments.codes, columns=arguments.columns, array=arguments.array)
    codes = read_codes(source, least=1, dim=network.dim)
    z = codes.z
    if len(z) > MOST_TILES:
        raise UserError(f"{source}: {len(z):,} codes are too many for a picture; at most {MOST_TILES:,}")
    columns = math.ceil(math.sqrt(len(z)))
    rows = math.ceil(len(z) / columns)
    tiles = np.zeros((rows * columns, *network.shape), np.uint8)
    try:
        tiles[: len(z)] = (255 * network.decode(z)).round()
    except UserError as error:
        raise UserError(f"{source}: {error}") from None
    mosaic = Image.fromarray(tiled(tiles.reshape(rows, columns, *network.shape)))
    with artifacts.atomic(arguments.output) as partial:
        mosaic.resize(
            (arguments.scale * mosaic.width, arguments.scale * mosaic.height), Image.Resampling.NEAREST
        ).save(partial, "PNG")
    said = f"wrote {arguments.output}, {_images(len(z))}, {columns} in a row"
    return "; ".join([said, *codes.notes])


def _images(count: int) -> str:
    return f"{count:,} image{'s' if count != 1 else ''}"


def _name(suffix: str, *others: str) -> Callable[[str], Path]:
    """Paths that end so, or others: a mix-up of input and output ends before anything is written."""

    def path(text: str) -> Path:
        if Path(text).suffix.lower() != suffix and text not in others:
            raise argparse.ArgumentTypeError(f"{text!r} does not end in {suffix}")
        return Path(text)

    return path
