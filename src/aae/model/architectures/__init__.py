"""The networks of encoder and decoder, a class each; their names: aae.model.parts."""
