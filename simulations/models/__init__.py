"""Fictional models: an agreement, households, and the steps without or with real rounds."""
