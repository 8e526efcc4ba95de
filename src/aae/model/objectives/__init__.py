"""What is added to the reconstruction loss, a class each; their names: aae.model.parts."""
