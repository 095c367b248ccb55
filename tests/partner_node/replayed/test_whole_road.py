"""The whole road of a node on neighbours: file, delivery, count, bound, charge, noise, frame. What is not hidden is 0.

Every pair of databases differs in one household's rows in the partner's own CSV file: it is not there, or there, or
has all other rows. Both rounds of two quarters are played on a real vault, late rows in the second.
"""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from partner_node import counting, session
from partner_node.delivery import delivery
from partner_node.delivery.events import Contents, Doubled, find_doubled
from partner_node.pipeline import Part, noised
from privacy.bound import Bound
from privacy.bounding import bound_events
from privacy.counts import CellCounts, CountsOutOfRange, Events, NoisedCounts, UnitCounts
from privacy.filter import Admission, admit
from privacy.randomness import RandomSource
from privacy.terms import bound_of
from protocol.study.measure import MeasureKind, Table
from protocol.study.study import Study
from tests.partner_node.replayed.households import family, shared_incident
from tests.partner_node.replayed.judged import Measured, NotHidden, judge_family
from tests.partner_node.replayed.node import asked, replayed_node
from tests.replay import DifferentCalls, DifferentValue

PUSH_FAMILIES = 20  # of ten pairs each
NIGHTLY_FAMILIES = 1_000
CONTROL_FAMILIES = 12  # within which every seeded bug must be caught


@pytest.fixture(autouse=True)
def _asked() -> None:
    """What the others send is made before anything is spoiled."""
    asked()


def judged(families: range) -> Measured:
    found = Measured()
    with replayed_node() as node:
        for seed in families:
            found += judge_family(node, family(seed))
    return found


def test_two_hundred_neighbours_differ_in_what_the_noise_hides_and_in_nothing_else() -> None:
    """M05, M07, M08, N05: distance within the charge and the declared sensitivity; calls, sizes, keys, log equal."""
    found = judged(range(PUSH_FAMILIES))
    assert found.pairs == 200
    # The harness looks at something: counts differ in most pairs, the charge is nearly used up, the cap is felt.
    assert found.changed >= 150
    assert found.nearest > Fraction(99, 100)
    assert found.left_out >= 3


@pytest.mark.nightly
def test_ten_thousand_neighbours_differ_in_what_the_noise_hides_and_in_nothing_else() -> None:
    """M05, M07, M08, N05: the same for 10,000 pairs of 5,000 databases."""
    found = judged(range(1_000, 1_000 + NIGHTLY_FAMILIES))
    assert found.pairs == 10_000
    assert found.changed >= 7_000


def test_one_incident_under_several_households_couples_none_of_them() -> None:
    """N05: with one household gone, each of the others is charged and counted as before."""
    with replayed_node() as node:
        for removed in ("gza", "gzb", "gzc"):
            found = judge_family(node, shared_incident(households=("gza", "gzb", "gzc"), removed=removed))
            assert (found.pairs, found.changed) == (1, 1)


def looser(study: Study, table: Table, *, categories: int) -> Bound:
    """One more of a household in each cell than the study says."""
    plain = bound_of(study, table, categories=categories)
    return replace(plain, max_amount=plain.max_amount + 1) if plain.kind is MeasureKind.EVENTS else plain


def one_cell_more(events: Events, bound: Bound, key: bytes, *, counted: UnitCounts | None = None) -> UnitCounts:
    """One more cell of a household than the study says."""
    return bound_events(events, replace(bound, max_cells=bound.max_cells + 1), key, counted=counted)


def free(counts: UnitCounts, _tables: object) -> NDArray[np.int64]:
    """Nobody is charged."""
    return np.zeros(counts.units, dtype=np.int64)


def by_incident(
    unit: NDArray[np.int32], event: tuple[NDArray[np.uint64], NDArray[np.uint32]], contents: Contents
) -> Doubled:
    """One incident is counted once, whoever it is listed under: two households are coupled."""
    return find_doubled(np.zeros_like(unit), event, contents)


def no_noise_on_nothing(counts: CellCounts, parts: tuple[Part, ...], source: RandomSource) -> NoisedCounts:
    """A table without a count gets no noise."""
    return noised(counts, [part for part in parts if counts.values[part.cells].any()], source)


def keys_from_data(counts: CellCounts, parts: tuple[Part, ...], source: RandomSource) -> NoisedCounts:
    """The cells of a table are those that the data fills."""
    filled = np.flatnonzero(counts.values)
    every = [(part, range(part.cells.start, part.cells.stop)) for part in parts]
    kept = [Part(slice(cell, cell + 1), part.variance) for part, cells in every for cell in cells if cell in filled]
    return noised(counts, kept, source)


def loud(charge: NDArray[np.int64], spent: NDArray[np.int64], *, cap: int) -> Admission:
    """Who would pass the cap is not left out in silence."""
    admission = admit(charge, spent, cap=cap)
    if not admission.stays.all():
        raise CountsOutOfRange(got="a unit over its cap", wanted="none", act="nobody")
    return admission


def first_rows(events: Events, bound: Bound, key: bytes, *, counted: UnitCounts | None = None) -> UnitCounts:
    """The first rows of the file are counted, whoever they are of."""
    few = slice(0, 6)
    amount = None if events.amount is None else events.amount[few].copy()
    first = Events(events.unit[few].copy(), events.cell[few].copy(), amount, events.unit_key.copy(), events.cells)
    return bound_events(first, bound, key, counted=counted)


@pytest.mark.parametrize(
    ("place", "name", "bug", "caught"),
    [
        (counting, "bound_of", looser, NotHidden),
        (counting, "bound_events", one_cell_more, NotHidden),
        (counting, "charges", free, NotHidden),
        (delivery, "find_doubled", by_incident, NotHidden),
        (session, "noised", no_noise_on_nothing, (DifferentCalls, DifferentValue)),
        (session, "noised", keys_from_data, (DifferentCalls, DifferentValue)),
        (counting, "admit", loud, NotHidden),
        (counting, "bound_events", first_rows, NotHidden),
    ],
)
def test_a_seeded_bug_on_the_road_is_caught(
    place: object,
    name: str,
    bug: Callable[..., object],
    caught: type[AssertionError] | tuple[type[AssertionError], ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Negative controls: a bound off by one, a free round, coupled households, noise or keys by data, a loud cap."""
    monkeypatch.setattr(place, name, bug)
    with pytest.raises(caught):
        judged(range(CONTROL_FAMILIES))


def test_a_dedupe_of_incidents_couples_their_households(monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: the incident above counted once, so that one household's row stands for another's."""
    monkeypatch.setattr(delivery, "find_doubled", by_incident)
    incident = shared_incident(households=("gza", "gzb", "gzc"), removed="gzc")
    with replayed_node() as node, pytest.raises(NotHidden):
        judge_family(node, incident)
