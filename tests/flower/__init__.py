"""Both sides of the link together: real processes over a live SuperLink, and both in one process."""
