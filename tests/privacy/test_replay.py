"""Record and replay over bounding, filter and tables: M05 to M08, each with a control that must be caught."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.bound import Bound
from privacy.bounding import bound_events
from privacy.counts import MAX_AMOUNT, CountsOutOfRange, Events, UnitCounts
from privacy.tabulate import tabulate
from protocol.study.measure import MeasureKind
from tests.privacy.households import HASH_KEY, Register, bounds, events_of, registers
from tests.privacy.node_model import Node, Study, Table
from tests.reference.bounding import Record
from tests.replay import DifferentCalls, DifferentValue, Recorder, replay

CELLS = 12
NANO = 10**9
VARIANCES = (Fraction(4), Fraction(50), Fraction(1234, 7), Fraction(10**6), Fraction(10**10 + 19, 3))


@dataclass(frozen=True, slots=True)
class Pair:
    """A register, one unit of it to leave out, a study, and where unit and cap stand."""

    register: Register
    unit: int
    study: Study
    cap: int
    spent: int
    cell_bound: int


def pairs(kind: MeasureKind) -> st.SearchStrategy[Pair]:
    """Make neighbours and a study of one or two tables, the first of the given kind."""

    def of(register: Register, place: int, tables: tuple[Table, ...], book: tuple[int, int], cell_bound: int) -> Pair:
        households = sorted(register)
        return Pair(register, households[place % len(households)], Study("study", 1, tables), *book, cell_bound)

    first = st.builds(Table, bounds(CELLS, [kind]), st.just(CELLS), st.sampled_from(VARIANCES), st.integers(1, 3))
    second = st.builds(Table, bounds(4), st.just(4), st.sampled_from(VARIANCES), st.just(1))
    return st.builds(
        of,
        registers(cells=CELLS),
        st.integers(0, 6),
        st.tuples(first) | st.tuples(first, second),
        st.sampled_from(((10**18, 0), (10**8, 0), (10**8, 9 * 10**7), (3, 2))),
        st.sampled_from((1, 5, 10**12)),
    )


PAIRS = {kind: pairs(kind) for kind in MeasureKind}  # made once: building a strategy costs more than drawing from it


@pytest.mark.parametrize("kind", list(MeasureKind))
@settings(max_examples=2500)
@given(data=st.data())
def test_what_a_unit_changes_is_at_most_what_it_is_charged(kind: MeasureKind, data: st.DataObject) -> None:
    """M05: 2,500 neighbour pairs for each of the four kinds of measure."""
    pair = data.draw(PAIRS[kind])
    charged = {}

    def release(register: Register, recorder: Recorder) -> None:
        node = Node(pair.cap, pair.cell_bound, book=dict.fromkeys(register, pair.spent))
        charged[pair.unit in register] = node.run(pair.study, register, recorder)

    neighbour = {number: records for number, records in pair.register.items() if number != pair.unit}
    distance = sum(replay(release, pair.register, neighbour)) * NANO
    assert distance <= charged[True].get(pair.unit, 0)
    assert distance <= pair.cap - pair.spent
    assert distance <= pair.study.worst_charge()
    # What the unit's presence cost the others: nothing.
    assert {number: paid for number, paid in charged[True].items() if number != pair.unit} == charged[False]


def test_a_release_that_does_not_bound_is_caught() -> None:
    """M05, control: without the bound three events in one cell are measured as nine, where four were declared."""

    def release(register: Register, recorder: Recorder) -> None:
        cells = np.zeros(CELLS, dtype=np.int64)
        for records in register.values():
            for record in records:
                cells[record.cell] += 1
        recorder.add_noise(cells, variance=Fraction(50))

    register = {1: [Record(4), Record(4), Record(4)], 2: [Record(4)]}
    declared = Fraction(Bound(MeasureKind.EVENTS, CELLS, max_amount=2).largest_squares(1), 100)
    assert replay(release, register, {2: register[2]}) == (Fraction(9, 100),)
    assert Fraction(9, 100) > declared


def test_a_choice_by_row_order_is_caught() -> None:
    """M05, control: who keeps the table's first rows lets one unit push another out."""

    def release(register: Register, recorder: Recorder) -> None:
        rows = [record.cell for records in register.values() for record in records][:3]
        recorder.add_noise(np.bincount(rows, minlength=CELLS), variance=Fraction(50))

    register = {1: [Record(0)], 2: [Record(1), Record(2), Record(3)]}
    declared = Fraction(1, 100)
    (distance,) = replay(release, register, {2: register[2]})
    assert distance == Fraction(2, 100) > declared


def summed(register: Register, recorder: Recorder, *, clamp: int = 100) -> None:
    """Sum amounts as the product does: one cell, clamped for each unit."""
    bound = Bound(MeasureKind.SUM, 1, max_amount=clamp)
    counts = bound_events(events_of(register, cells=1, summed=True), bound, HASH_KEY)
    stays = np.ones(counts.units, dtype=np.bool_)
    recorder.add_noise(tabulate(counts, stays, cell_bound=2**62).values, variance=Fraction(50))


HUGE = 2**63 - 1


@pytest.mark.parametrize(
    ("records", "total"),
    [
        ([HUGE, HUGE, 5], 100),  # the plain sum wraps to 3
        ([2**53, *[1] * 99], 100),  # in floats the ones are lost
        ([1] * 300, 100),
        ([40, 30], 70),
        ([0, 0], 0),
    ],
)
def test_no_sum_of_one_unit_wraps_or_rounds(records: Sequence[int], total: int) -> None:
    """M06, D08: the unit's total is the exact one, cut off at the clamp, and so is what it changes."""
    register = {1: [Record(0, amount) for amount in records], 2: [Record(0, 7)]}
    assert replay(summed, register, {2: register[2]}) == (Fraction(total**2, 100),)


def test_a_cell_holds_three_hundred_ones_and_many_large_amounts() -> None:
    """M06, D08: 300 units of 1 are 300; 4,096 units of the largest amount are 2^31, where int32 is negative."""
    ones = {number: [Record(0, 1)] for number in range(300)}
    large = {number: [Record(0, 2**40)] for number in range(4096)}
    for register, clamp, total in ((ones, 100, 300), (large, MAX_AMOUNT, 2**31)):
        recorder = Recorder()
        summed(register, recorder, clamp=clamp)
        assert recorder.calls[0].values.tolist() == [total]


def test_one_more_unit_beside_a_full_cell_is_one_more() -> None:
    """M06, D08: a cell at 2^33 and one unit more; the largest sum that 2^14 units can make."""
    rows = 2**14
    amount = np.full(rows + 1, MAX_AMOUNT, dtype=np.int64)
    amount[-1] = 1
    counts = UnitCounts(np.arange(rows + 1), np.zeros(rows + 1, dtype=np.int64), amount, units=rows + 1, cells=1)
    with_one = tabulate(counts, np.ones(rows + 1, dtype=np.bool_), cell_bound=2**62).values
    without = tabulate(counts, np.arange(rows + 1) < rows, cell_bound=2**62).values
    assert (with_one.tolist(), without.tolist()) == ([2**33 + 1], [2**33])


@settings(max_examples=300)
@given(register=registers(cells=CELLS), bound=bounds(CELLS), chance=st.randoms(use_true_random=False))
def test_another_order_of_rows_is_no_distance(register: Register, bound: Bound, chance: Random) -> None:
    """M06: the same records in another order are the same database."""

    def release(shuffle: Random | None, recorder: Recorder) -> None:
        events = events_of(register, cells=CELLS, summed=bound.kind is MeasureKind.SUM, shuffle=shuffle)
        counts = bound_events(events, bound, HASH_KEY)
        stays = np.ones(counts.units, dtype=np.bool_)
        recorder.add_noise(tabulate(counts, stays, cell_bound=9).values, variance=Fraction(4))

    assert sum(replay(release, None, chance)) == 0


@settings(max_examples=300)
@given(register=registers(cells=CELLS), bound=bounds(CELLS))
def test_narrow_indexes_are_no_distance(register: Register, bound: Bound) -> None:
    """M06: the same records with int32 indexes are the same database."""

    def release(narrow: bool, recorder: Recorder) -> None:  # noqa: FBT001 - the database of this replay
        events = events_of(register, cells=CELLS, summed=bound.kind is MeasureKind.SUM, narrow=narrow)
        counts = bound_events(events, bound, HASH_KEY)
        stays = np.ones(counts.units, dtype=np.bool_)
        recorder.add_noise(tabulate(counts, stays, cell_bound=2**62).values, variance=Fraction(50))

    assert sum(replay(release, False, True)) == 0  # noqa: FBT003 - idem


@pytest.mark.parametrize(
    ("column", "width"),
    [
        *((column, width) for column in ("unit", "cell", "amount") for width in (np.int8, np.int16, np.uint64)),
        *((column, np.float64) for column in ("unit", "cell", "amount")),
        ("unit", np.uint32),
        ("cell", np.uint32),
        ("amount", np.int32),
    ],
)
def test_a_column_that_could_wrap_or_round_is_refused(column: str, width: type[np.generic]) -> None:
    """M06: int8 columns, int32 amounts, and floats, are refused before anything is counted. An index is never added."""
    columns = {name: np.zeros(3, dtype=np.int64) for name in ("unit", "cell", "amount")}
    columns[column] = columns[column].astype(width)
    with pytest.raises(CountsOutOfRange, match="int64 columns of one length"):
        Events(**columns, unit_key=np.zeros((1, 2), dtype=np.uint64), cells=1)


def test_an_empty_register_is_released_like_any_other() -> None:
    """M06: the last unit leaves; the table is still there, and differs by that unit only."""
    assert replay(summed, {1: [Record(0, 9)]}, {}) == (Fraction(81, 100),)


def test_a_sum_in_floats_is_caught() -> None:
    """M06, control: added in floats, 4,096 ones after 2^53 are lost; in the other order they are not."""

    def release(amounts: Sequence[int], recorder: Recorder) -> None:
        total = 0.0
        for amount in amounts:
            total += amount
        recorder.add_noise(np.array([int(total)]), variance=Fraction(1, 2))

    ones = [1] * 4096
    assert replay(release, [2**53, *ones], [*ones, 2**53]) == (Fraction(4096**2),)


def test_a_sum_in_eight_bits_is_caught() -> None:
    """M06, control: 300 ones are 44 in int8, and the 128th one changes the sum by 255."""

    def release(ones: int, recorder: Recorder) -> None:
        recorder.add_noise(np.ones(ones, dtype=np.int8).sum(dtype=np.int8, keepdims=True), variance=Fraction(1, 2))

    recorder = Recorder()
    release(300, recorder)
    assert recorder.calls[0].values.tolist() == [44]
    assert replay(release, 127, 128) == (Fraction(255**2),)


STUDY = Study(
    "study",
    1,
    (
        Table(Bound(MeasureKind.EVENTS, 3, max_amount=2), CELLS, Fraction(50)),
        Table(Bound(MeasureKind.UNITS, 2), 4, Fraction(1234, 7), multiplicity=2),
    ),
)


def released(register: Register, recorder: Recorder) -> None:
    """Run one round of a fixed study, with everything public declared."""
    node = Node(cap=10**8)
    node.run(STUDY, register, recorder)
    recorder.ensure_equality("clamp of a cell", node.cell_bound)
    recorder.ensure_equality("bin edges", np.arange(CELLS + 1))
    recorder.ensure_equality("key list", tuple(f"wijk {cell}" for cell in range(CELLS)))
    recorder.ensure_equality("sigma", tuple(table.variance for table in STUDY.tables))
    recorder.ensure_equality("rho", STUDY.worst_charge())


@settings(max_examples=300)
@given(register=registers(cells=CELLS), unit=st.integers(0, 20))
def test_everything_public_and_every_call_is_the_same_for_a_neighbour(register: Register, unit: int) -> None:
    """M07, M08: bounds, edges, keys, number of cells, sigma, rho; number, order and arguments of the noise calls."""
    neighbour = {number: records for number, records in register.items() if number != unit}
    assert len(replay(released, register, neighbour)) == 2


# A database is its cells here, one for each record; the neighbour lacks the last.
DATA, NEIGHBOUR = (3, 7, 9), (3, 7)


def from_data(name: str, value: Callable[[Sequence[int]], object]) -> Callable[[Sequence[int], Recorder], None]:
    """Return a release that declares a value which it took from the data."""

    def release(data: Sequence[int], recorder: Recorder) -> None:
        recorder.ensure_equality(name, value(data))
        recorder.add_noise(np.bincount(data, minlength=CELLS), variance=Fraction(50))

    return release


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("clipping bounds", lambda data: (min(data), max(data))),
        ("bin edges", lambda data: np.histogram_bin_edges(data, bins=3)),
        ("key list", lambda data: tuple(sorted(set(data)))),
        ("number of cells", max),
        ("sigma", lambda data: Fraction(len(data), 3)),
        ("rho", lambda data: len(set(data))),
    ],
)
def test_a_public_value_taken_from_the_data_is_caught(name: str, value: Callable[[Sequence[int]], object]) -> None:
    """M07, control: bounds = min/max(data), and each of the others."""
    with pytest.raises(DifferentValue, match=name):
        replay(from_data(name, value), DATA, NEIGHBOUR)


def skips_empty_cells(data: Sequence[int], recorder: Recorder) -> None:
    """Ask noise for the cells that have a count."""
    for count in np.bincount(data, minlength=CELLS):
        if count == 0:
            continue
        recorder.add_noise(np.array([count]), variance=Fraction(50))


def noise_by_size(data: Sequence[int], recorder: Recorder) -> None:
    """Ask for more noise on a larger database."""
    recorder.add_noise(np.bincount(data, minlength=CELLS), variance=Fraction(4 + len(data)))


def seed_by_size(data: Sequence[int], recorder: Recorder) -> None:
    """Hand the noise an argument that depends on the data."""
    recorder.add_noise(np.bincount(data, minlength=CELLS), variance=Fraction(50), offset=len(data))


def largest_first(data: Sequence[int], recorder: Recorder) -> None:
    """Ask for the noise of two halves, the fuller one first."""
    halves = np.bincount(data, minlength=CELLS).reshape(2, 6)
    for half in np.argsort(-halves.sum(axis=1), kind="stable"):
        recorder.add_noise(halves[half], variance=Fraction(50), half=int(half))


def declares_by_size(data: Sequence[int], recorder: Recorder) -> None:
    """Declare something for a large database only."""
    if len(data) > len(NEIGHBOUR):
        recorder.ensure_equality("large", value=True)


@pytest.mark.parametrize("release", [skips_empty_cells, noise_by_size, seed_by_size, largest_first, declares_by_size])
def test_control_flow_that_depends_on_the_data_is_caught(release: Callable[[Sequence[int], Recorder], None]) -> None:
    """M08, control: `if count == 0: skip`, and four others."""
    with pytest.raises(DifferentCalls):
        replay(release, DATA, NEIGHBOUR)
