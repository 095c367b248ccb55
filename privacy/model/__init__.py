"""Regressions: clipped rows and the bounded statistics of a step."""
