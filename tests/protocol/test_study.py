"""A study's rules under its covenant, and what a round does to each table."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.covenant.covenant import Covenant
from protocol.covenant.party import Role
from protocol.digest import digest_of
from protocol.errors import Refusal, Refusals
from protocol.ratio import Ratio
from protocol.study.measure import MeasureKind
from protocol.study.plan import TablePlan, multiplicity, round_plan, share_variance
from protocol.study.rules import check_ring, check_study
from protocol.study.study import Study, UnknownPeriod, slot_of
from protocol.words.ids import CodeListId, PartyId, TableId
from protocol.words.period import Period, PeriodLength
from tests import example

JOINT = TableId("verzuim-scholen")


def test_the_example_obeys_every_rule() -> None:
    check_study(example.study(), example.covenant())


def test_a_cap_below_the_charge_of_one_count_is_refused() -> None:
    # One count in the joint table costs 2 / (2 x 200) = 0.005 rho and one nano-rho.
    assert _codes(*_with_school_cap(5_000_000)) == {"cap-below-one-count"}
    check_study(*_with_school_cap(5_000_001))


@pytest.mark.parametrize(
    ("table", "change", "code"),
    [
        (1, {"variance": Ratio.of(Fraction(399, 100))}, "noise-too-small"),
        (2, {"variance": Ratio.of(Fraction(799, 100))}, "noise-too-small"),
        (2, {"joined_types_reason": "waarom niet"}, "mixed-partner-types"),
        (1, {"categories": CodeListId("unknown")}, "unknown-reference"),
        (1, {"measure": "verzuim-x"}, "refusals"),  # the unknown measure, and the one that lost its table
        (1, {"period_length": PeriodLength.YEAR}, "unknown-reference"),
        (0, {"categories": None}, "wrong-bounds"),
        (1, {"cell_bound": 357_913_772}, "ring-too-small"),
    ],
)
def test_a_table_that_breaks_a_rule_is_refused(table: int, change: dict[str, object], code: str) -> None:
    study = example.study()
    tables = list(study.tables)
    tables[table] = tables[table].model_copy(update=change)
    with pytest.raises(Refusal) as caught:
        check_study(study.model_copy(update={"tables": tuple(tables)}), example.covenant())
    assert caught.value.code == code


@pytest.mark.parametrize(
    "change",
    [
        {"kind": MeasureKind.UNITS},
        {"kind": MeasureKind.MULTI},
        {"most_options": 3},
        {"kind": MeasureKind.SUM, "most_options": 1},
    ],
)
def test_bounds_must_fit_the_kind(change: dict[str, object]) -> None:
    study = example.study()
    measures = list(study.measures)
    measures[1] = measures[1].model_copy(update=change)
    assert "wrong-bounds" in _codes(study.model_copy(update={"measures": tuple(measures)}), example.covenant())


def test_the_smallest_variances_that_hold() -> None:
    study = example.study()
    tables = list(study.tables)
    tables[1] = tables[1].model_copy(update={"variance": Ratio.of(4)})
    tables[2] = tables[2].model_copy(update={"variance": Ratio.of(8)})
    check_study(study.model_copy(update={"tables": tuple(tables)}), example.covenant())


def test_the_ring_rule_is_exact_at_its_edge() -> None:
    # 6 parties, sigma 10: 6 x (B + 120 + 1 + 64) < 2^31 up to B = 357913756.
    edge = (2**31 - 1) // 6 - 185
    case = {"ring_bits": 32, "parties": 6, "variance": Fraction(100), "subject": "a table"}
    assert not list(check_ring(cell_bound=edge, **case))  # type: ignore[arg-type] # the dict's values are of several types
    assert list(check_ring(cell_bound=edge + 1, **case))  # type: ignore[arg-type] # idem


@given(variance=st.fractions(4, 10**9), colluders=st.integers(1, 4), more=st.integers(2, 40))
def test_the_shares_that_colluders_do_not_know_add_up_to_the_variance(
    variance: Fraction, colluders: int, more: int
) -> None:
    table = example.study().table(JOINT).model_copy(update={"variance": Ratio.of(variance.limit_denominator(10**6))})
    contributors = colluders + more
    share = share_variance(table, colluders, contributors)
    assert share * (contributors - colluders) == table.variance.fraction


def test_dividing_by_all_participants_would_leave_too_little_noise() -> None:
    """Control: DESIGN 4 as written divides by |S| - t; with 6 participants and 3 contributors 3/5 of it is left."""
    table = example.study().table(JOINT)
    as_written = table.variance.fraction / (6 - 1)
    assert 3 * as_written == Fraction(3, 5) * table.variance.fraction


def test_a_table_without_enough_contributors_is_not_delivered() -> None:
    everyone = example.covenant().participants
    plans = {plan.table.id: plan for plan in _plan(*everyone)}
    assert [plan.delivered for plan in plans.values()] == [True, True, True]
    assert plans[JOINT].share_variance == 100
    assert plans[TableId("aard-vt")].share_variance == 200
    without_school = {plan.table.id: plan for plan in _plan(*(p for p in everyone if p != "school-b"))}
    assert (without_school[JOINT].delivered, without_school[JOINT].share_variance) == (False, Fraction(0))
    without_vt = {plan.table.id: plan for plan in _plan(*(p for p in everyone if p != example.VT))}
    assert [plan.delivered for plan in without_vt.values()] == [False, False, True]


def test_one_unit_is_charged_for_as_many_partners_as_the_covenant_says() -> None:
    joint = example.study().table(JOINT)
    assert multiplicity(joint, example.covenant()) == 2
    assert multiplicity(joint, example.covenant().model_copy(update={"partners_per_unit": None})) == 3
    assert multiplicity(example.study().table(TableId("aard-vt")), example.covenant()) == 1


def test_a_slot_does_not_depend_on_the_version_of_the_covenant() -> None:
    later = example.study(example.covenant().model_copy(update={"version": 2, "previous": "0" * 64}))
    assert digest_of(later) != digest_of(example.study())
    assert slot_of(later, example.QUARTER) == slot_of(example.study(), example.QUARTER)
    assert slot_of(later, Period("2026-Q2")) != slot_of(later, example.QUARTER)


def test_a_period_outside_the_schedule_is_refused() -> None:
    assert example.study().round_for(example.QUARTER).covenant_year == 2026
    with pytest.raises(UnknownPeriod):
        example.study().round_for(Period("2025-Q4"))


def _plan(*participants: PartyId) -> tuple[TablePlan, ...]:
    return round_plan(example.study(), example.covenant(), example.QUARTER, participants)


def _with_school_cap(cap: int) -> tuple[Study, Covenant]:
    parties = tuple(
        party.model_copy(update={"yearly_cap": cap})
        if party.role is Role.PARTNER and party.id.startswith("school")
        else party
        for party in example.covenant().parties
    )
    covenant = example.covenant().model_copy(update={"parties": parties})
    return example.study(covenant), covenant


def _codes(study: Study, covenant: Covenant) -> set[str]:
    with pytest.raises(Refusal) as caught:
        check_study(study, covenant)
    problems = caught.value.problems if isinstance(caught.value, Refusals) else (caught.value,)
    return {problem.code for problem in problems}
