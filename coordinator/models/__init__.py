"""Regressions at the coordinator: from noisy steps to coefficients, their intervals and their worth."""
