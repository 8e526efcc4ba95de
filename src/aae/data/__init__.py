"""Images: fetch a data set, verify it, read it."""
