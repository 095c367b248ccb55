"""Computes nothing: the words that every simulated file, page and log carries."""

ORIGIN = "oefengegevens, verzonnen cijfers"
