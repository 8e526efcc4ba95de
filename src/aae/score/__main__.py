"""Run `aae score`, by `python -m aae.score`."""

import sys

from aae.pretrained.command import main

main(["score", *sys.argv[1:]])
