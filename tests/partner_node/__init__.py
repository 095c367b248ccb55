"""Tests of `partner_node/`."""
