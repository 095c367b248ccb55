"""A fictional region to try the house in: shapes, names, codes, inhabitants, addresses."""

from simulations.region.region import Region, make_region

__all__ = ["Region", "make_region"]
