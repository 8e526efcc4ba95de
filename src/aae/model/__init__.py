"""Models and their training: networks, priors, objectives and the trainer.

Tensors in, tensors out; no paths.
"""
