"""Settings of runs, grids and figures: strict schemas, and error messages that say how to correct them."""
