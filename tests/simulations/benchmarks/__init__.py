"""Tests of `simulations/benchmarks/`."""
