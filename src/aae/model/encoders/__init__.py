"""Encoders q(z|x), a class each; their names: aae.model.parts."""
