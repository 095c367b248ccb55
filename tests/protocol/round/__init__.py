"""Tests of the round: keys, ring vectors and masks."""
