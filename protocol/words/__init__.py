"""The words of the house as types: ids, digests, areas, periods, code lists (DESIGN 2)."""
