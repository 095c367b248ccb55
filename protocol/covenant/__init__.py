"""The signed agreement: parties, their keys, geography, privacy unit, yearly caps and rules (DESIGN 5)."""
