"""Computes: the most that one unit can change a table, and what that costs at most in one round. Exact rationals."""

from dataclasses import dataclass
from fractions import Fraction

from privacy.bound import Bound
from privacy.counts import MAX_CELLS
from privacy.errors import PrivacyRefusal
from protocol.cost import NANO, NanoRho, cost_of, total

MIN_VARIANCE = 4  # below it a sum of shares may be told from one discrete Gaussian (DESIGN 4)
MAX_MULTIPLICITY = 2**16  # more partners than a covenant can have
# Each round adds one nano-rho: a sum of shares is not exactly one discrete Gaussian (DESIGN 4).
SHARES_COST = NanoRho(1)


class VarianceTooSmall(PrivacyRefusal):
    """A noise variance below 4, or not an exact fraction: its shares would not sum to one discrete Gaussian."""


class TableOutOfRange(PrivacyRefusal):
    """A table without cells or with too many, or at a number of partners outside its range."""


class TablesDoNotFit(PrivacyRefusal):
    """Tables of a grid that overlap, leave a gap, are out of order, or do not end where the grid ends."""


@dataclass(frozen=True, slots=True)
class TableCharge:
    """What a unit pays for appearing in one table of the grid; public, from the study and covenant.

    first_cell, cells: the table's place in the grid. multiplicity: m of DESIGN 4, the number of partners at which one
    unit may appear in this table. variance: of the noise in a cell of the *sum*, all shares together.
    Raises: VarianceTooSmall, TableOutOfRange.
    """

    first_cell: int
    cells: int
    multiplicity: int
    variance: Fraction

    def __post_init__(self) -> None:
        # A float would pass the comparison when it is NaN, and would not be exact otherwise.
        if type(self.variance) is not Fraction or self.variance < MIN_VARIANCE:
            raise VarianceTooSmall(
                got="a noise variance below 4, or one that is no exact fraction",
                wanted=f"a rational of at least {MIN_VARIANCE}",
                act="the author of the study must plan more noise",
            )
        cells_fit = self.first_cell >= 0 and self.cells >= 1 and self.first_cell + self.cells <= MAX_CELLS
        if not (cells_fit and 1 <= self.multiplicity <= MAX_MULTIPLICITY):
            raise TableOutOfRange(
                got="a table outside the grid, or at no partner",
                wanted=f"1 to {MAX_CELLS} cells and at least one partner",
                act="the author of the study must mend the table",
            )

    @property
    def nano_rho(self) -> Fraction:
        """Exact cost, in nano-rho, of one unit of squared distance: a shift d costs nano_rho * d^2.

        Source: Canonne, Kamath, Steinke 2020, theorem 4 (arXiv:2004.00010): d^2 / (2 sigma^2) zCDP; the factor m is
        Cauchy-Schwarz over the m partners that add to the cell.
        """
        return Fraction(NANO * self.multiplicity) / (2 * self.variance)


def worst_charge(bounds: tuple[Bound, ...], tables: tuple[TableCharge, ...]) -> NanoRho:
    """Return the most that any unit can be charged in a round, from the public plan alone.

    bounds: one for each table, in the order of `tables`.
    Raises: CostOutOfRange (past 63 bits), TablesDoNotFit.
    """
    check_tables(tables, cells=sum(table.cells for table in tables))
    exact = sum(
        (table.nano_rho * bound.largest_squares(table.cells) for bound, table in zip(bounds, tables, strict=True)),
        start=Fraction(0),
    )
    return total((cost_of(exact / NANO), SHARES_COST))


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
