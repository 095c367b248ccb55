"""Computes: a node's round in miniature: bound, charge, admit, tabulate, ask for noise. The tests' own wiring.

The seams (`charge`, `account`) are where tests put seeded bugs.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from privacy.accountant import PlannedRound, PlannedTable, worst_charge
from privacy.bound import Bound
from privacy.bounding import bound_events
from privacy.counts import Events, UnitCounts
from privacy.filter import admit, charges
from privacy.sensitivity import TableCharge
from privacy.tabulate import side_by_side, tabulate
from protocol.study.measure import MeasureKind
from tests.privacy.households import HASH_KEY, Register, events_of
from tests.reference.bounding import Record
from tests.replay import Recorder

PLENTY = 10**12  # a bound of a cell that no test register reaches


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a study. A record falls in cell `record.cell % cells`."""

    bound: Bound
    cells: int
    variance: Fraction
    multiplicity: int = 1


@dataclass(frozen=True, slots=True)
class Study:
    """A plan with a name; versions of a study differ in their tables."""

    name: str
    version: int
    tables: tuple[Table, ...]

    def charged(self) -> tuple[TableCharge, ...]:
        """Return the tables as the filter takes them."""
        firsts = [0, *accumulate(table.cells for table in self.tables)]
        return tuple(
            TableCharge(first, table.cells, table.multiplicity, table.variance)
            for first, table in zip(firsts, self.tables, strict=False)
        )

    def worst_charge(self) -> int:
        """Return the most that one unit can be charged, as the account plans it."""
        planned = (
            PlannedTable(
                str(place),
                table.variance,
                cells=table.bound.largest_squares(table.cells) // table.bound.max_amount**2,
                amount=table.bound.max_amount,
                partners=table.multiplicity,
            )
            for place, table in enumerate(self.tables)
        )
        return worst_charge(PlannedRound(self.name, tuple(planned)))


ChargeRule = Callable[[tuple[Events, ...], UnitCounts, tuple[TableCharge, ...]], NDArray[np.int64]]
Account = Callable[[Study, int], Hashable]


def charge_of_final_cells(
    _events: tuple[Events, ...], counts: UnitCounts, tables: tuple[TableCharge, ...]
) -> NDArray[np.int64]:
    """Charge as the product does."""
    return charges(counts, tables)


def account_of_household(_study: Study, household: int) -> Hashable:
    """Keep one account for each household and year, whatever the study."""
    return household


@dataclass(slots=True)
class Node:
    """One node in one covenant year."""

    cap: int
    cell_bound: int = PLENTY
    charge: ChargeRule = charge_of_final_cells
    account: Account = account_of_household
    book: dict[Hashable, int] = field(default_factory=dict)

    def run(self, study: Study, register: Register, recorder: Recorder) -> Mapping[int, int]:
        """Run one round and return what each household that stayed was charged."""
        households = sorted(register)
        tables = study.charged()
        events = tuple(_events(register, table, households) for table in study.tables)
        counts = side_by_side(
            tuple(
                bound_events(columns, table.bound, HASH_KEY)
                for columns, table in zip(events, study.tables, strict=True)
            )
        )
        charge = self.charge(events, counts, tables)
        accounts = [self.account(study, household) for household in households]
        spent = np.array([self.book.get(account, 0) for account in accounts], dtype=np.int64)
        admission = admit(charge, spent, cap=self.cap)
        values = tabulate(counts, admission.stays, cell_bound=self.cell_bound).values
        recorder.ensure_equality("number of cells", values.size)
        recorder.ensure_equality("tables", tables)
        recorder.ensure_equality("bounds", tuple(table.bound for table in study.tables))
        for table in tables:
            cells = slice(table.first_cell, table.first_cell + table.cells)
            # The loss at this partner, taken m-fold: what Cauchy-Schwarz charges for all partners of a joint table.
            recorder.add_noise(values[cells], variance=table.variance / table.multiplicity)
        self.book.update(zip(accounts, admission.spent.tolist(), strict=True))
        owed = zip(households, charge.tolist(), admission.stays.tolist(), strict=True)
        return {household: paid for household, paid, stays in owed if stays}


def _events(register: Register, table: Table, households: list[int]) -> Events:
    placed = {
        number: [Record(record.cell % table.cells, record.amount) for record in records]
        for number, records in register.items()
    }
    return events_of(placed, cells=table.cells, summed=table.bound.kind is MeasureKind.SUM, index=households)
