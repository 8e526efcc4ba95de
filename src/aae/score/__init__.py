"""Score anybody's codes with this project's ruler: `python -m aae.score CODES`."""

from aae.score.command import main

__all__ = ["main"]
