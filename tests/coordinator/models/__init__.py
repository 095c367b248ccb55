"""Tests of `coordinator/models/`."""
