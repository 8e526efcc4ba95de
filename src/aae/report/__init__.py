"""The report: results, figures and a live latent space in one HTML file that needs nothing else.

What the page looks like and does is in templates/.
"""
