"""Files, processes, and errors that are told in one line."""
