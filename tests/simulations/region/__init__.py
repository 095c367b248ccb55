"""Tests of the fictional region."""
