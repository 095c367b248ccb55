"""Computes: a level from 1 to 5 for each dimension of quality. No norm is published: the bounds are ours."""

from dataclasses import dataclass
from enum import StrEnum

BEST = 5
# Right rows in 100, at least, for levels 5, 4, 3 and 2.
SHARES = ((99, 5), (97, 4), (90, 3), (75, 2))
# Days after the last covered day. Three weeks is what Veilig Thuis and CBS agreed on (VT-24); then a month, two
# months, a quarter.
WAITS = ((21, 5), (31, 4), (62, 3), (92, 2))


class Dimension(StrEnum):
    """One side of the quality of a delivery."""

    COMPLETENESS = "completeness"
    TIMELINESS = "timeliness"
    AREA = "area"
    UNIT = "unit"
    CODES = "codes"
    COVERAGE = "coverage"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many are right."""

    right: int
    whole: int

    @property
    def level(self) -> int | None:
        """From 1 to 5; None where there is nothing to judge."""
        if not self.whole:
            return None
        return next((level for least, level in SHARES if 100 * self.right >= least * self.whole), 1)


def level_of_wait(days: int) -> int:
    """Return the level of a delivery so many days after the last day that it covers."""
    return next((level for most, level in WAITS if days <= most), 1)


def lowest(*levels: int | None) -> int | None:
    """Return the lowest of the levels that there are, or None."""
    return min((level for level in levels if level is not None), default=None)
