"""Training runs as calls: train, evaluate, store, side by side. Needs neither DVC nor git."""
