"""Whole worlds to try the house in: faults, attacks, benchmarks, demo. Never importable from a node."""
