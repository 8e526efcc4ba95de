"""Priors p(z), a class each; their names: aae.model.parts."""
