"""Benchmark of the wire format: one 100 kB study, encoded and parsed, beside plain `json`."""
