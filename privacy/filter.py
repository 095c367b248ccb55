"""Computes: the personal filter. What each unit pays in a round, and which units are left out since it is too much.

Source: Feldman, Zrnic 2021, "Individual privacy accounting via a Renyi filter", arXiv:2008.11193v4: theorem 4.5 (a unit
takes part as long as its own losses, this round's included, sum to at most the budget), remark 4.6 (each node may do
so for its own units), corollary 4.7 (Gaussian noise: the loss is the squared norm of the unit's own contribution).
Theorem 4.5 holds at each Renyi order by itself. In the zCDP form loss and budget are both rho times the order, so one
comparison decides for all orders and the result is zCDP of the cap.

The theorem needs that inclusion and charge of a unit depend on its own records and what all could see before, on
nothing else. Each function here works unit by unit: what it answers for one never depends on another.
"""

from dataclasses import dataclass
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from privacy.counts import CountsOutOfRange, UnitCounts
from privacy.runs import run_blocks, run_starts, run_sums
from privacy.sensitivity import TableCharge, TablesDoNotFit, check_tables
from privacy.shares import SHARE_COST
from protocol.cost import MAX_NANO_RHO, CostOutOfRange

# A charge past 63 bits is written as this; no cap may reach it, so such a unit never stays.
BEYOND_ANY_CAP = MAX_NANO_RHO


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Admission:
    """Who takes part in a round, and the book if the round goes on; never leaves the partner.

    stays: bool, shape (units,). spent: int64, shape (units,), nano-rho in the covenant year, this round included.
    """

    stays: NDArray[np.bool_]
    spent: NDArray[np.int64]

    def __post_init__(self) -> None:
        self.stays.setflags(write=False)
        self.spent.setflags(write=False)


def charges(counts: UnitCounts, tables: tuple[TableCharge, ...]) -> NDArray[np.int64]:
    """Return what each unit pays in this round: its exact cost, rounded up, and one nano-rho for the shares.

    counts: bounded, over the whole grid. tables: their prices; they tile the grid.
    Result: int64, shape (units,), nano-rho: ceil(sum over cells of m amount^2 / (2 sigma^2) * 10^9) + 1, never below
    the loss and less than 2 above it. A unit that adds nothing pays nothing, the one nano-rho neither: with or without
    its records the shares are drawn around the same counts, so the round is the very same distribution, whatever its
    distance from a discrete Gaussian.
    Raises: TablesDoNotFit.
    """
    check_tables(tables, cells=counts.cells)
    prices = _Prices.of(tables)
    result = np.zeros(counts.units, dtype=np.int64)
    for rows in run_blocks(counts.unit):
        unit, table = counts.unit[rows], prices.table_of_cell[counts.cell[rows]]
        starts = run_starts(unit, table)
        # Cannot wrap: at most MAX_CELLS squares of MAX_AMOUNT (counts.py).
        squares = run_sums(counts.amount[rows] ** 2, starts)
        unit, table = unit[starts], table[starts]
        starts = run_starts(unit)
        result[unit[starts]] = prices.charges(squares, table, starts)
    return result


def charges_of_squares(squares: NDArray[np.int64], tables: tuple[TableCharge, ...]) -> NDArray[np.int64]:
    """Return what `charges` does, of the sum of squares that each unit adds to each table.

    squares: int64, shape (units, tables), below 2^63: what a model's step adds is never made cell by cell.
    Result: int64, shape (units,), nano-rho.
    Raises: TablesDoNotFit, CountsOutOfRange.
    """
    if squares.ndim != 2 or squares.shape[1] != len(tables):  # noqa: PLR2004 - units and tables
        raise TablesDoNotFit(
            got="squares of other tables", wanted="one column for each table", act="the node must use the round's grid"
        )
    if squares.size and int(squares.max()) * len(tables) >= 2**62:
        raise CountsOutOfRange(
            got="squares whose sum might wrap", wanted="smaller ones", act="the author of the study must clip lower"
        )
    result = np.zeros(len(squares), dtype=np.int64)
    unit, table = np.nonzero(squares)
    if unit.size:
        starts = run_starts(unit)
        result[unit[starts]] = _Prices.of(tables).charges(squares[unit, table], table, starts)
    return result


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class _Prices:
    """The prices of the tables as whole multiples of one unit fraction: weights[table] / denominator nano-rho."""

    table_of_cell: NDArray[np.intp]
    weights: tuple[int, ...]
    denominator: int

    @classmethod
    def of(cls, tables: tuple[TableCharge, ...]) -> "_Prices":
        prices = [table.nano_rho for table in tables]
        denominator = lcm(*(price.denominator for price in prices))
        table_of_cell = np.repeat(np.arange(len(tables)), [table.cells for table in tables])
        return cls(table_of_cell, tuple(int(price * denominator) for price in prices), denominator)

    def charges(
        self, squares: NDArray[np.int64], table: NDArray[np.intp], starts: NDArray[np.intp]
    ) -> NDArray[np.int64]:
        """Return the charge of each unit; squares: sums over its cells in `table`; starts: of the units' runs."""
        most = int(run_sums(squares, starts).max()) * max(self.weights)
        # Exact either way, so that a unit's charge is the same whichever way the others' amounts make us go.
        fits = max(most, self.denominator, *self.weights) < 2**62
        exact: np.dtype[Any] = np.dtype(np.int64 if fits else np.object_)
        owed = run_sums(squares.astype(exact) * np.array(self.weights, dtype=exact)[table], starts)
        charge = -(-owed // self.denominator) + SHARE_COST
        return np.where(owed > 0, np.minimum(charge, BEYOND_ANY_CAP), 0).astype(np.int64)


def admit(charge: NDArray[np.int64], spent: NDArray[np.int64], *, cap: int) -> Admission:
    """Return which units stay: those whose charge still fits under the cap, beside what they spent before.

    charge, spent: int64, shape (units,), nano-rho, at least 0. cap: nano-rho, 0 .. 2^63 - 2.
    Units that do not fit are left out of this round silently and pay nothing; a later, smaller charge may fit.
    Raises: CostOutOfRange, CountsOutOfRange.
    """
    if charge.dtype != np.int64 or spent.dtype != np.int64 or charge.shape != spent.shape or charge.ndim != 1:
        raise CountsOutOfRange(
            got="charges and book of other types or lengths",
            wanted="two int64 columns, one row for each unit",
            act="the caller must give the book of these units",
        )
    if not 0 <= cap < BEYOND_ANY_CAP or min(charge.min(initial=0), spent.min(initial=0)) < 0:
        raise CostOutOfRange(
            got="a cap, charge or spent cost outside its range",
            wanted="0 or more, and a cap below 2^63 - 1 nano-rho",
            act="the author of the covenant must choose another cap",
        )
    # Written as a difference, which cannot wrap: spent + charge could. Less than nothing may be left, if a new covenant
    # lowered the cap.
    stays = charge <= cap - spent
    return Admission(stays, spent + charge * stays)
