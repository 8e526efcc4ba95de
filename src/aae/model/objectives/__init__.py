"""Terms that are added to the reconstruction loss, a class each; their names: aae.model.parts."""
