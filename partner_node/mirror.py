"""Computes: the mirror report: a partner's own true values beside what was released. It stays at the partner.

There is no column of noise and no difference: the noise of a round is nobody's to see, not even its maker's. There is
no wire value of this report, so that no message can carry it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from partner_node.counting import Counted, Known
from partner_node.delivery.faults import Faults, Reason
from partner_node.vault.book import Charges
from partner_node.vault.key_column import as_text
from partner_node.vault.seen import CountedCells, SeenEvents, SeenGroup
from privacy.precision import half_width
from protocol.release import Release
from protocol.study.grid import Cell, Grid
from protocol.study.study import Study
from protocol.words.ids import PartyId, TableId

UNMAPPED = frozenset(
    {Reason.UNREADABLE_AREA, Reason.UNKNOWN_AREA, Reason.OLD_AREA, Reason.FOREIGN_AREA, Reason.UNKNOWN_POSTCODE}
)


@dataclass(frozen=True, slots=True, repr=False)
class MirroredCell:
    """A cell: what was counted for the round, what would be counted now, and what was released (None: not shown)."""

    cell: Cell
    then: int
    now: int
    released: int | None


@dataclass(frozen=True, slots=True, repr=False)
class MirroredTable:
    """A table. margin: of the released figures; None where nothing was delivered. late: counts added since then."""

    id: TableId
    margin: int | None
    late: int
    cells: tuple[MirroredCell, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Mirror:
    """The report. left_out: households of the period that paid nothing in the round: too late, or over the cap.

    unmapped: rows of the delivery whose area is not of the covenant's geography. unused: rows that could not be used.
    """

    tables: tuple[MirroredTable, ...]
    left_out: int
    unmapped: int
    unused: int


@dataclass(frozen=True, slots=True, repr=False)
class NothingSpent:
    """What the vault knows, but for what units spent: so that a mirror counts those over the cap too."""

    of: Known

    def spent(self, covenant_year: int, unit_key: NDArray[np.uint8]) -> NDArray[np.int64]:  # noqa: ARG002 - as `Known`
        """Return 0 for every unit."""
        return np.zeros(len(unit_key), dtype=np.int64)

    def seen_before(self, events: SeenEvents) -> NDArray[np.bool_]:
        """Return which events an earlier round knew."""
        return self.of.seen_before(events)

    def counted_before(self, group: SeenGroup) -> CountedCells:
        """Return what earlier rounds counted of a group."""
        return self.of.counted_before(group)


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Delivered:
    """What the delivery of today gives for the period: of a table with late periods, only what no round knew."""

    counted: Counted
    faults: Faults
    read: Mapping[str, int]
    used: Mapping[str, int]


def mirror(
    release: Release,
    study: Study,
    grid: Grid,
    *,
    party: PartyId,
    then: NDArray[np.int64],
    paid: Charges,
    now: Delivered,
) -> Mirror:
    """Return the report. then: x of the slot, int64, shape (cells,). paid: what each unit paid for the slot."""
    tables = []
    shown = {cell.index: cell.value for table in release.tables for cell in table.cells}
    for released in release.tables:
        table = study.table(released.table)
        if party not in table.contributors:
            continue
        segment = grid.segment(released.table, released.period)
        places = range(segment.first, segment.first + segment.size)
        before = then if table.lateness else np.zeros_like(then)
        today = before + now.counted.cells.values
        cells = tuple(
            MirroredCell(grid.cell(place), int(then[place]), int(today[place]), shown[place]) for place in places
        )
        late = sum(max(0, cell.now - cell.then) for cell in cells)
        margin = None if released.variance is None else half_width(released.variance.fraction)
        tables.append(MirroredTable(table.id, margin, late, cells))
    present = now.counted.charges
    paying = present.unit_key[present.nano_rho > 0]
    return Mirror(
        tables=tuple(tables),
        left_out=int(np.count_nonzero(~np.isin(as_text(paying), as_text(paid.unit_key)))),
        unmapped=sum(rows for key, rows in now.faults.rows.items() if key.reason in UNMAPPED),
        unused=sum(now.read.values()) - sum(now.used.values()),
    )
