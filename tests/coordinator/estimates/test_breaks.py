"""Breaks from what was signed and declared, and several studies as one series: nothing is smoothed over a break."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

import numpy as np
import pytest

from coordinator.combine import NoisyTable
from coordinator.estimates.breaks import Origin, breaks_of, origins_of, with_told
from coordinator.estimates.estimate import Estimates, Reason, estimates
from coordinator.estimates.hierarchy import AreaTree, area_tree
from coordinator.estimates.indicators import Indicator, indicators
from coordinator.estimates.series import Series, joined, on_tree
from coordinator.estimates.trend import Break, BreakKind, known_trend, trend
from privacy.counts import NoisedCounts
from protocol.covenant.covenant import Covenant
from protocol.digest import digest_of
from protocol.study.declaration import Coverage, Shortfall, SignedDeclaration, TableCoverage
from protocol.study.study import ScheduledRound, Study
from protocol.words.geography import Area, AreaCode, Geography, Level
from protocol.words.ids import Digest, PartyId
from protocol.words.period import Period
from tests import example

YEAR_1, YEAR_2 = ("2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4"), ("2026-Q1", "2026-Q2")
SAME = Origin(Digest("a" * 64), Digest("b" * 64), None, frozenset(example.SCHOOLS), frozenset())


def study(periods: Sequence[str], contributors: tuple[PartyId, ...] = example.SCHOOLS) -> Study:
    """Return a study of one table of schools by wijk."""
    table = example.table("verzuim-scholen", "verzuim", contributors).model_copy(update={"level": Level.WIJK})
    rounds = tuple(
        ScheduledRound(period=Period(each), opens=date(2026, 4, 1), due=date(2026, 5, 1)) for each in periods
    )
    return example.study().model_copy(update={"tables": (table,), "schedule": rounds})


def tables(made: Study, geography: Geography, periods: Sequence[str]) -> list[NoisyTable]:
    areas = geography.codes_at(Level.WIJK)
    counts = NoisedCounts(np.arange(10, 10 + len(areas), dtype=np.int64))
    return [
        NoisyTable(made.tables[0].id, Period(each), Period(each), areas, (None,), counts, Fraction(25))
        for each in periods
    ]


def declared(period: str, party: PartyId, coverage: Coverage, shortfall: Shortfall | None = None) -> SignedDeclaration:
    made = example.signed_declaration().declaration
    entry = TableCoverage(table=study(YEAR_1).tables[0].id, coverage=coverage, shortfall=shortfall)
    return example.signed_declaration(
        made.model_copy(update={"period": Period(period), "party": party, "tables": (entry,)})
    )


def series(
    periods: Sequence[str],
    said: Sequence[SignedDeclaration] = (),
    *,
    contributors: tuple[PartyId, ...] = example.SCHOOLS,
    covenant: Covenant | None = None,
    geography: Geography | None = None,
    number: int = 0,
) -> Series:
    made, areas = study(periods, contributors), geography or example.geography()
    found = indicators(tables(made, areas, periods), made, areas)[0]
    return Series(found, origins_of(found, made, covenant or example.covenant(), said), (number,))


def tree(geography: Geography) -> AreaTree:
    return area_tree(geography, region=False)


def test_a_school_that_stays_away_breaks_the_series_and_so_does_its_return() -> None:
    """And a delivery in part does not: its coverage says so; a source that changed does, once."""
    said = [declared(period, school, Coverage.COMPLETE) for period in YEAR_1 for school in example.SCHOOLS]
    assert breaks_of(series(YEAR_1, said).origins) == ()
    away = [*said, declared("2025-Q3", example.SCHOOLS[1], Coverage.NONE, Shortfall.LATE)]
    assert breaks_of(series(YEAR_1, away).origins) == (Break(2, BreakKind.PARTNER), Break(3, BreakKind.PARTNER))
    part = [*said, declared("2025-Q3", example.SCHOOLS[1], Coverage.PARTIAL, Shortfall.NO_STAFF)]
    assert breaks_of(series(YEAR_1, part).origins) == ()
    moved = [
        *said,
        declared("2025-Q2", example.SCHOOLS[1], Coverage.PARTIAL, Shortfall.SOURCE_CHANGED),
        declared("2025-Q3", example.SCHOOLS[1], Coverage.PARTIAL, Shortfall.SOURCE_CHANGED),
    ]
    assert breaks_of(series(YEAR_1, moved).origins) == (Break(1, BreakKind.SOURCE),)


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"code_list": Digest("c" * 64)}, BreakKind.CODE_LIST),
        ({"geography": Digest("c" * 64)}, BreakKind.BOUNDARY),
        ({"measure": Digest("c" * 64)}, BreakKind.LAW),
        ({"delivered": frozenset(example.SCHOOLS[:2])}, BreakKind.PARTNER),
    ],
)
def test_each_thing_that_figures_stand_on_breaks_the_series_where_it_changes(
    changed: dict[str, Digest], kind: BreakKind
) -> None:
    """A period without figures is passed over: the break is at the next one that has them."""
    other = replace(SAME, **changed)  # type: ignore[arg-type]  # one field of its own type each
    assert breaks_of((SAME, SAME, None, other, other)) == (Break(3, kind),)
    assert breaks_of((None, SAME, None, SAME)) == ()


def test_what_the_operator_tells_stands_beside_what_follows_once() -> None:
    law, partner = Break(2, BreakKind.LAW), Break(1, BreakKind.PARTNER)
    assert with_told((partner, law), (law,)) == (partner, law)


def test_two_studies_of_one_measure_are_one_series_also_with_a_new_school() -> None:
    """The second year has a fourth contributor: one series, six periods, a break where it begins."""
    wider = (*example.SCHOOLS, PartyId("school-d"))
    first = series(YEAR_1, [declared(each, party, Coverage.COMPLETE) for each in YEAR_1 for party in example.SCHOOLS])
    second = series(
        YEAR_2,
        [declared(each, party, Coverage.COMPLETE) for each in YEAR_2 for party in wider],
        contributors=wider,
        number=1,
    )
    made = joined([second, first], tree(example.geography()))
    assert len(made) == 1
    assert made[0].indicator.periods == tuple(map(Period, (*YEAR_1, *YEAR_2)))
    assert made[0].studies == (0, 1)
    assert made[0].indicator.name == second.indicator.name
    assert breaks_of(made[0].origins) == (Break(4, BreakKind.PARTNER),)
    assert made[0].indicator.digest not in {first.indicator.digest, second.indicator.digest}
    np.testing.assert_array_equal(made[0].indicator.value[:, 4:], second.indicator.value)


def test_measures_that_run_beside_each_other_stay_apart() -> None:
    """Two studies of the same quarters, by other schools: two series, and neither takes the later one for itself."""
    one = series(YEAR_1, contributors=example.SCHOOLS[:1])
    other = series(YEAR_1, contributors=example.SCHOOLS[1:], number=1)
    later = series(YEAR_2, contributors=example.SCHOOLS, number=2)
    assert [len(each.studies) for each in joined([one, other, later], tree(example.geography()))] == [1, 1, 1]
    again = series(YEAR_2, contributors=example.SCHOOLS[1:], number=2)
    assert sorted(each.studies for each in joined([one, other, again], tree(example.geography()))) == [(0,), (1, 2)]


def test_a_buurt_that_became_one_with_another_leaves_its_wijk_and_the_break_behind() -> None:
    """Wijk Noord had two buurten and has one: of its past only the wijk is known; the other wijken keep theirs."""
    old = example.geography()
    areas = tuple(area for area in old.areas if area.code != "BU99010002")
    new = Geography(id=old.id, year=old.year + 1, areas=areas)
    agreed = example.covenant()
    moved = agreed.model_copy(
        update={"geography": agreed.geography.model_copy(update={"digest": digest_of(new)}), "version": 2}
    )
    made = joined([series(YEAR_1), series(YEAR_2, covenant=moved, geography=new, number=1)], tree(new))[0]
    assert breaks_of(made.origins) == (Break(4, BreakKind.BOUNDARY),)
    node = {code: place for place, code in enumerate(made.indicator.tree.codes)}
    assert np.isfinite(made.indicator.variance[node[AreaCode("WK990100")]]).all()
    everywhere = np.ones((len(tree(old).codes), 1))
    counted = replace(
        series(YEAR_1[:1]).indicator, value=everywhere, variance=np.full(everywhere.shape, 25.0), added=None
    )
    kept = on_tree(counted, tree(new))
    assert np.isinf(kept.variance[node[AreaCode("BU99010001")], 0])
    assert np.isfinite(np.delete(kept.variance, node[AreaCode("BU99010001")], axis=0)).all()
    assert on_tree(counted, tree(old)) is counted


def test_a_wijk_that_moved_to_another_parent_keeps_nothing_it_cannot_answer_for() -> None:
    old = example.geography()
    extra = Area(code=AreaCode("WK990199"), name=old.areas[-1].name, parent=AreaCode("GM9901"))
    new = Geography(id=old.id, year=old.year, areas=tuple(sorted((*old.areas, extra), key=lambda area: area.code)))
    kept = on_tree(series(YEAR_1).indicator, tree(new))
    wijken = [place for place, code in enumerate(kept.tree.codes) if code is not None and code.startswith("WK")]
    assert np.isinf(kept.variance[wijken]).all()


def test_a_quarter_that_was_not_released_is_a_longer_step_in_the_trend() -> None:
    """Q1, Q2 and Q4: the level of Q4 is two steps from Q2, in the series and in the trend, by another computation.

    With walk 9 a step, noise 25 and two figures: before Q4 the level of Q2 has variance 25 * 34 / 59 = 14.41, and
    14.41 + 18 at Q4; so its variance there is 32.41 * 25 / 57.41 = 14.11. One step gives 23.41 * 25 / 48.41 = 12.09.
    """
    made = series(("2025-Q1", "2025-Q2", "2025-Q4")).indicator
    assert made.periods == tuple(map(Period, YEAR_1))
    assert made.counted.tolist() == [True, True, False, True]
    wijken = np.flatnonzero(np.isfinite(made.variance[:, 0]))
    seen = estimates(made.value[wijken], made.variance[wijken])
    found = known_trend(seen, np.full(wijken.size, 9.0), np.zeros(4, dtype=bool))
    np.testing.assert_allclose(found.now.variance[:, 3], 14.11, atol=0.01)
    as_if = Estimates(seen.value[:, [0, 1, 3]], seen.variance[:, [0, 1, 3]], seen.reason[:, [0, 1, 3]])
    wrong = known_trend(as_if, np.full(wijken.size, 9.0), np.zeros(3, dtype=bool))
    np.testing.assert_allclose(wrong.now.variance[:, 2], 12.09, atol=0.01)


def test_nothing_is_smoothed_over_a_derived_break() -> None:
    """A level of 20 that becomes 60 with a new school: with the break both sides are within noise, without it not."""
    value = np.repeat([[20.0] * 4 + [60.0] * 4], 30, axis=0) + np.random.default_rng(5).normal(0, 5, (30, 8))
    table = estimates(value, np.full(value.shape, 25.0))
    origins = [SAME] * 4 + [replace(SAME, delivered=frozenset((*example.SCHOOLS, PartyId("school-d"))))] * 4
    broken = trend(table, np.full(30, 40.0), 1.0, breaks_of(origins)).later.value
    smooth = trend(table, np.full(30, 40.0), 1.0).later.value
    assert abs(broken[:, 3].mean() - 20) < 1.5
    assert abs(broken[:, 4].mean() - 60) < 1.5
    assert smooth[:, 3].mean() - 20 > 4


def test_periods_in_which_nothing_was_counted_say_so() -> None:
    made: Indicator = series(("2025-Q1", "2025-Q4")).indicator
    table = estimates(made.value, made.variance, Reason.NOT_DELIVERED)
    assert table.cell(0, 1) is Reason.NOT_DELIVERED
