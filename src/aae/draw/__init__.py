"""The figures: one style, arrays in, matplotlib figures out.

No torch, no paths.
"""
