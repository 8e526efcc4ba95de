"""What is read and written: MNIST, artifacts and checkpoints.

Every file appears whole or not at all; a damaged one is named in one line.
"""
