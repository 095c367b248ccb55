"""Computes: the one order that lists on the wire may have, so that a set has one encoding."""

from collections.abc import Sequence
from itertools import pairwise


def is_strictly_ascending(names: Sequence[str]) -> bool:
    """Tell whether each name is greater than the one before: sorted, and none twice."""
    return all(left < right for left, right in pairwise(names))
