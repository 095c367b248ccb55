"""One study for one period, so that only the sum of all participants opens: keys, ring vectors and masks (DESIGN 6)."""
