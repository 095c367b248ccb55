"""Tests of `privacy/model/`."""
