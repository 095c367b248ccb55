"""Tests of `partner_node/delivery/`."""
