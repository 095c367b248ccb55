"""Tests of `simulations/models/`: whole models."""
