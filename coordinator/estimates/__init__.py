"""Computes nothing: from noisy tables to figures people may rely on, and honesty about the rest."""
