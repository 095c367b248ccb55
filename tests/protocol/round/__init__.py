"""Tests of `protocol/round/`."""
