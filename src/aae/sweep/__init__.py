"""`python -m aae.sweep`: the cells of a grid on several workers of Dask, which pass results on through DVC.

Needs the extra: `pip install .[sweep]`. Nothing else imports this room.
"""
