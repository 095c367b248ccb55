"""Computes: what is public of the areas of a tree, as the estimates take it."""

from dataclasses import dataclass

from coordinator.estimates.estimate import Floats, Places
from coordinator.estimates.trend import Break


@dataclass(frozen=True, eq=False, slots=True)
class Surroundings:
    """What is public of the nodes of a tree; shapes (nodes,), (nodes, columns), NaN where nobody tells.

    breaks: of the indicator. borders: int64, shape (pairs, 2), nodes that share one; None: no spatial term is wanted.
    """

    people: Floats
    covariates: Floats
    breaks: tuple[Break, ...] = ()
    borders: Places | None = None

    @property
    def since(self) -> int:
        """The place of the first period after the last break."""
        return max((each.first for each in self.breaks), default=0)
