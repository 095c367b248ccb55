"""Computes: charts as places and sizes in an SVG; templates draw them, and a table beside each says the same."""
