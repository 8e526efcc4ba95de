"""What touches the system: files, processes, and errors that are told in one line."""
