"""Computes: the public limit on what one unit may add to one table."""

from dataclasses import dataclass

from privacy.counts import MAX_AMOUNT, MAX_CELLS
from privacy.errors import PrivacyRefusal
from protocol.study.measure import MeasureKind


class BoundOutOfRange(PrivacyRefusal):
    """A contribution bound outside its range, or one that its kind of measure does not have."""


@dataclass(frozen=True, slots=True)
class Bound:
    """How much one unit may add to one table.

    max_amount: to one cell (events: k of them; sum: the clamp; units and multi: 1), 1 .. MAX_AMOUNT.
    max_cells: cells of the table in which a unit may appear, the L0 bound, 1 .. MAX_CELLS.
    categories, max_categories: `multi` only: the table's innermost axis is the categories, `categories` long, and of
    these a unit may appear in `max_categories`. Elsewhere both are 1.
    Raises: BoundOutOfRange.
    """

    kind: MeasureKind
    max_cells: int
    max_amount: int = 1
    categories: int = 1
    max_categories: int = 1

    def __post_init__(self) -> None:
        in_range = (
            1 <= self.max_amount <= MAX_AMOUNT
            and 1 <= self.max_cells <= MAX_CELLS
            and 1 <= self.max_categories <= self.categories <= MAX_CELLS
        )
        fits_kind = (self.max_amount == 1 or self.kind in {MeasureKind.EVENTS, MeasureKind.SUM}) and (
            self.categories == 1 or self.kind is MeasureKind.MULTI
        )
        if not (in_range and fits_kind):
            raise BoundOutOfRange(
                got=f"a bound outside its range for the kind {self.kind}",
                wanted=f"amounts of 1 to {MAX_AMOUNT}, cells of 1 to {MAX_CELLS}, categories for multi only",
                act="the author of the study must choose another bound",
            )

    def largest_squares(self, cells: int) -> int:
        """Return the largest sum, over a table of `cells` cells, of the squares of what one unit adds.

        It is the table's squared L2 sensitivity for adding or removing all records of one unit.
        """
        in_kept_categories = self.max_categories * (cells // self.categories)
        return min(self.max_cells, in_kept_categories) * self.max_amount**2
