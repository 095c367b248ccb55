"""Slow, independent second implementations, written from the papers and the documents."""
