"""The personal filter: written-out charges, the slow reference, the edge of the cap, and what is refused."""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from privacy.bound import Bound
from privacy.counts import MAX_AMOUNT, CountsOutOfRange
from privacy.filter import BEYOND_ANY_CAP, admit, charges
from privacy.sensitivity import TableCharge, TablesDoNotFit
from protocol.cost import MAX_NANO_RHO, CostOutOfRange
from protocol.study.measure import MeasureKind
from tests.privacy.households import unit_counts
from tests.privacy.node_model import Node, Study, Table
from tests.reference.bounding import Record, charge
from tests.replay import Recorder

CELLS = 12
ONE_TABLE = (TableCharge(0, CELLS, 1, Fraction(50)),)
TWO_TABLES = (TableCharge(0, 4, 1, Fraction(50)), TableCharge(4, 8, 3, Fraction(1234, 7)))


def column(*values: int) -> NDArray[np.int64]:
    """Return int64 values."""
    return np.array(values, dtype=np.int64)


def test_each_unit_is_charged_for_the_squares_of_what_it_adds() -> None:
    counts = unit_counts([(0, 2, 1), (1, 2, 3), (1, 3, 1), (3, 11, 2)], units=5, cells=CELLS)
    # 1 / 100, (9 + 1) / 100, nothing, 4 / 100, nothing; in nano-rho, and one for the shares where there is something.
    assert charges(counts, ONE_TABLE).tolist() == [10_000_001, 100_000_001, 0, 40_000_001, 0]


def test_every_table_has_its_own_price() -> None:
    counts = unit_counts([(0, 3, 1), (0, 4, 1), (1, 4, 2)], units=2, cells=CELLS)
    # 1/100 + 3 * 7/2468 = 0.018508914...; 3 * 4 * 7/2468 = 0.034035656...: rounded up once, at the end.
    assert charges(counts, TWO_TABLES).tolist() == [18_508_914 + 1 + 1, 34_035_656 + 1 + 1]


def test_a_charge_that_is_whole_is_not_rounded_further() -> None:
    tables = (TableCharge(0, 1, 1, Fraction(5 * 10**8)),)
    assert charges(unit_counts([(0, 0, 1), (1, 0, 3)], units=2, cells=1), tables).tolist() == [2, 10]


def test_a_unit_that_adds_nothing_pays_nothing() -> None:
    counts = unit_counts([(0, 0, 0), (0, 7, 0), (2, 1, 1)], units=4, cells=CELLS)
    assert charges(counts, ONE_TABLE).tolist() == [0, 0, 10_000_001, 0]


def test_no_unit_and_no_row_have_no_charge() -> None:
    assert charges(unit_counts([], units=0, cells=CELLS), ONE_TABLE).tolist() == []
    assert charges(unit_counts([], units=2, cells=CELLS), TWO_TABLES).tolist() == [0, 0]


variances = st.fractions(min_value=4, max_value=10**12, max_denominator=10**6) | st.integers(4, 2**40).map(Fraction)
amounts = st.integers(0, 9) | st.integers(0, MAX_AMOUNT)
contributions = st.dictionaries(st.tuples(st.integers(0, 5), st.integers(0, CELLS - 1)), amounts, max_size=12)


def tables_of(prices: Sequence[tuple[Fraction, int]]) -> tuple[TableCharge, ...]:
    """Return four tables of three cells."""
    return tuple(
        TableCharge(3 * place, 3, multiplicity, variance) for place, (variance, multiplicity) in enumerate(prices)
    )


@settings(max_examples=500)
@given(
    found=contributions, prices=st.lists(st.tuples(variances, st.integers(1, 40)), min_size=4, max_size=4).map(tuple)
)
def test_it_equals_the_slow_reference_and_never_falls_below_the_loss(
    found: dict[tuple[int, int], int], prices: tuple[tuple[Fraction, int], ...]
) -> None:
    counts = unit_counts([(*pair, amount) for pair, amount in sorted(found.items())], units=6, cells=CELLS)
    price_of_cell = {cell: prices[cell // 3][1] / (2 * prices[cell // 3][0]) for cell in range(CELLS)}
    answer = charges(counts, tables_of(prices)).tolist()
    for unit in range(6):
        adds = {cell: amount for (owner, cell), amount in found.items() if owner == unit}
        loss = sum((price_of_cell[cell] * amount**2 for cell, amount in adds.items()), start=Fraction(0)) * 10**9
        assert answer[unit] == min(charge(adds, price_of_cell), BEYOND_ANY_CAP)
        assert loss <= answer[unit] <= loss + 2 or answer[unit] == BEYOND_ANY_CAP


@given(found=contributions, price=variances)
def test_a_charge_does_not_depend_on_other_units(found: dict[tuple[int, int], int], price: Fraction) -> None:
    tables = tables_of([(price, 1), (Fraction(10**9 + 7, 10**6 + 3), 2), (Fraction(50), 1), (Fraction(51), 1)])
    rows = [(*pair, amount) for pair, amount in sorted(found.items())]
    stranger = [(6, cell, MAX_AMOUNT) for cell in range(CELLS)]  # large enough to need Python's integers
    alone = charges(unit_counts(rows, units=7, cells=CELLS), tables)
    together = charges(unit_counts(rows + stranger, units=7, cells=CELLS), tables)
    assert alone[:6].tolist() == together[:6].tolist()


def test_a_cost_past_63_bits_is_more_than_any_cap() -> None:
    tables = (TableCharge(0, CELLS, 2**16, Fraction(4)),)
    counts = unit_counts([(0, cell, MAX_AMOUNT) for cell in range(CELLS)] + [(1, 0, 1)], units=2, cells=CELLS)
    charge_of = charges(counts, tables)
    assert charge_of.tolist() == [MAX_NANO_RHO, 2**16 * 125_000_000 + 1]
    assert admit(charge_of, column(0, 0), cap=MAX_NANO_RHO - 1).stays.tolist() == [False, True]


@pytest.mark.parametrize(
    ("charge_of", "spent", "cap", "stays", "after"),
    [
        (5, 0, 5, True, 5),
        (5, 0, 4, False, 0),
        (5, 95, 100, True, 100),
        (6, 95, 100, False, 95),
        (0, 100, 100, True, 100),
        (1, 100, 100, False, 100),
        (1, 300, 100, False, 300),  # a new covenant lowered the cap
        (MAX_NANO_RHO, MAX_NANO_RHO, MAX_NANO_RHO - 1, False, MAX_NANO_RHO),
        (2**62, 2**62, MAX_NANO_RHO - 1, False, 2**62),  # the sum is 2^63 and would wrap
    ],
)
def test_a_unit_stays_as_long_as_its_charge_fits(charge_of: int, spent: int, cap: int, stays: bool, after: int) -> None:  # noqa: FBT001 - a column of the table above
    admission = admit(column(charge_of), column(spent), cap=cap)
    assert (admission.stays.tolist(), admission.spent.tolist()) == ([stays], [after])


@pytest.mark.parametrize("cap", [-1, MAX_NANO_RHO, 2**64])
def test_a_cap_past_63_bits_is_refused(cap: int) -> None:
    with pytest.raises(CostOutOfRange, match="author of the covenant"):
        admit(column(1), column(0), cap=cap)


def test_a_negative_charge_or_book_is_refused() -> None:
    for charge_of, spent in ((column(-1), column(0)), (column(1), column(-1))):
        with pytest.raises(CostOutOfRange):
            admit(charge_of, spent, cap=10)


@pytest.mark.parametrize("wrong", [np.array([np.nan]), np.array([1.0]), np.array([1], dtype=np.int32), column(1, 2)])
def test_a_book_of_another_type_or_length_is_refused(wrong: NDArray[np.int64]) -> None:
    with pytest.raises(CountsOutOfRange, match="two int64 columns"):
        admit(column(1), wrong, cap=10)


def test_tables_that_do_not_tile_the_grid_are_refused() -> None:
    counts = unit_counts([(0, 0, 1)], units=1, cells=CELLS)
    one, two = TWO_TABLES
    for tables in ((), (one,), (two, one), (one, TableCharge(5, 7, 1, Fraction(50))), (*TWO_TABLES, *ONE_TABLE)):
        with pytest.raises(TablesDoNotFit, match="from cell 0 to the end of the grid"):
            charges(counts, tables)


class Attacker:
    """Asks one count after another about one household, and prices each from what the last one let out."""

    def __init__(self, cap: int, amount: int) -> None:
        self.node = Node(cap)
        self.amount = amount

    def sees(self, nano_rho: int) -> int:
        """Ask a count that costs this household `nano_rho`, and return what is let out (with the noise frozen)."""
        variance = Fraction(10**9 * self.amount**2, 2 * (nano_rho - 1))
        study = Study("study", 1, (Table(Bound(MeasureKind.EVENTS, 1, max_amount=self.amount), 1, variance),))
        recorder = Recorder()
        self.node.run(study, {1: [Record(0)] * self.amount}, recorder)
        return int(recorder.calls[0].values[0])


@settings(max_examples=200)
@given(cap=st.integers(10**4, 10**9), amount=st.integers(1, 20), asked=st.lists(st.integers(2, 10**8), max_size=12))
def test_an_attacker_who_aims_at_the_cap_is_refused_at_the_first_excess(
    cap: int, amount: int, asked: list[int]
) -> None:
    """A03: one nano-rho above the cap is refused; what reaches it exactly is answered, and nothing after."""
    attacker = Attacker(cap, amount)
    dearest = 125_000_000 * amount**2 + 1  # at variance 4
    left = cap
    for price in asked:
        answered = attacker.sees(min(price, dearest)) == amount
        assert answered == (min(price, dearest) <= left)
        left -= min(price, dearest) if answered else 0
    while left > dearest:  # he sees the household in each answer, so he knows what is left of the cap
        assert attacker.sees(dearest) == amount
        left -= dearest
    assert 0 <= left <= dearest
    assert attacker.sees(left + 1) == 0 if 2 <= left + 1 <= dearest else True
    if left >= 4:
        assert attacker.sees(left - 2) == amount  # up to two below the cap: the least that a charge can be
        assert attacker.sees(3) == 0
        left = 2
    if left >= 2:
        assert attacker.sees(left) == amount
    assert attacker.sees(2) == 0
    assert attacker.node.book[1] <= cap < attacker.node.book[1] + 2


def test_the_reference_itself_rounds_up() -> None:
    assert charge({0: 1}, {0: Fraction(1, 3 * 10**9)}) == ceil(Fraction(1, 3)) + 1 == 2
    assert BEYOND_ANY_CAP == 2**63 - 1
