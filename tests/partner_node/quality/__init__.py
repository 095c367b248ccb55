"""The quality report: what it counts, how it reads, and that it stays at the partner."""
