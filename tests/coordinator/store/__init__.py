"""Tests of the store; nearly all of them on SQLite and on PostgreSQL."""
