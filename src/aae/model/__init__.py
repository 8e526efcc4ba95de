"""What is trained and how: networks, priors, objectives and the trainer.

Tensors in, tensors out; no paths.
"""
