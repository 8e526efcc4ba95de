"""Score anybody's codes with this project's ruler: `python -m aae.score CODES`, or `aae score CODES`."""
