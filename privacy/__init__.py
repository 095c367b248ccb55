"""What one household can lose, and how that is bounded: pure functions, each with its theorem, source and test."""
