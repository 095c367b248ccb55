"""Tests of the simulated people and of what happens to them, against published figures."""
