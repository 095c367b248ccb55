"""First light, from files to a verified table."""
