"""Tests of the partner's command and of what it stands on."""
