"""Score anybody's codes with this project's ruler: `aae score CODES`."""
