"""Tests of the coordinator's command."""
