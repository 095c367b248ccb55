"""Tests of the import of areas."""
