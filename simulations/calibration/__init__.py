"""Holds the simulated registers beside the published figures: a list of comparisons, their pictures, and a page."""
