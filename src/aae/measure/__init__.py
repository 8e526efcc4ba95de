"""Fit of codes to a prior: distances, divergences, two-sample tests, and their summary over seeds.

Arrays in, numbers out; no paths.
"""
