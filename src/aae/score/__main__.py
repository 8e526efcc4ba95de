"""Run `python -m aae.score`."""

from aae.score.command import main

main()
