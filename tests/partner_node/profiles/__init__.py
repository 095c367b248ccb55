"""Tests of `partner_node/profiles/`."""
