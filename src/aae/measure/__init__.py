"""How well codes fit a prior: distances, divergences, two-sample tests, and their summary over seeds.

Arrays in, numbers out; no paths.
"""
