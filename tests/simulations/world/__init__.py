"""Tests of worlds and their scenarios."""
