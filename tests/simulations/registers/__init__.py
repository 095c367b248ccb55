"""Tests of the simulated registers and of their files."""
