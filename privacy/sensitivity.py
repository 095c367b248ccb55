"""Computes: what it costs a unit to appear in a table of the grid. Exact; `bound.py` says what it can add."""

from dataclasses import dataclass
from fractions import Fraction

from privacy.accountant import rho_of
from privacy.counts import MAX_CELLS
from privacy.errors import PrivacyRefusal
from privacy.shares import check_variance
from protocol.cost import NANO

MAX_MULTIPLICITY = 2**16  # more partners than a covenant can have


class TableOutOfRange(PrivacyRefusal):
    """A table without cells or with too many, or at a number of partners outside its range."""


class TablesDoNotFit(PrivacyRefusal):
    """Tables of a grid that overlap, leave a gap, are out of order, or do not end where the grid ends."""


@dataclass(frozen=True, slots=True)
class TableCharge:
    """What a unit pays for appearing in one table of the grid; public, from the study and covenant.

    first_cell, cells: the table's place in the grid. multiplicity: m of DESIGN 4, the number of partners at which one
    unit may appear in this table. variance: sigma^2 of the table, to which the noise of the honest shares adds up.
    Raises: VarianceNotExact, VarianceOutOfRange, TableOutOfRange.
    """

    first_cell: int
    cells: int
    multiplicity: int
    variance: Fraction

    def __post_init__(self) -> None:
        check_variance(self.variance)
        cells_fit = self.first_cell >= 0 and self.cells >= 1 and self.first_cell + self.cells <= MAX_CELLS
        if not (cells_fit and 1 <= self.multiplicity <= MAX_MULTIPLICITY):
            raise TableOutOfRange(
                got="a table outside the grid, or at no partner",
                wanted=f"1 to {MAX_CELLS} cells and at least one partner",
                act="the author of the study must mend the table",
            )

    @property
    def nano_rho(self) -> Fraction:
        """Exact cost, in nano-rho, of one unit of squared distance: a shift d costs nano_rho * d^2."""
        return NANO * rho_of(1, self.variance, partners=self.multiplicity)


def check_tables(tables: tuple[TableCharge, ...], *, cells: int) -> None:
    """Check that the tables tile the grid, so that every cell has one price.

    Raises: TablesDoNotFit.
    """
    ends = [0, *(table.first_cell + table.cells for table in tables)]
    starts = [*(table.first_cell for table in tables), cells]
    if starts != ends or not tables:
        raise TablesDoNotFit(
            got="tables that overlap, leave a gap or are out of order",
            wanted="tables that follow each other from cell 0 to the end of the grid",
            act="the author of the study must order the tables",
        )
