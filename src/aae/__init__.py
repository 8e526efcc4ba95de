"""Adversarial autoencoders (Makhzani et al., arXiv:1511.05644) on MNIST: train, measure the fit, draw."""
