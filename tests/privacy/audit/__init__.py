"""Tests of `privacy/audit/`."""
