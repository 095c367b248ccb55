"""What the report counts, on deliveries written out row by row, and the bounds of its levels."""

import json
from datetime import date

import pytest

from partner_node.delivery.values import Span
from partner_node.quality.coverage import Mark, MonthRows
from partner_node.quality.findings import AreaRows, ColumnRows, DelayRows, FaultRows, FileRows, UnitRows
from partner_node.quality.levels import Dimension, Share, level_of_wait, lowest
from partner_node.quality.report import WrongCover
from tests.partner_node.quality.deliveries import HALF_YEAR, delivered, report

# TODAY is 15 July 2026. I1 twice; I3 on wijk level, with a wrong code; I4 by postcode digits only; I5 without a date;
# I6 with a dummy household; I7 without one, in a gemeente only.
ROWS = (
    "I1;H1;BU99010001;;14-07-2026;J;P1",
    "I1;H1;BU99010001;;14-07-2026;J;P1",
    "I2;H1;BU99010002;;08-07-2026;J;P2",
    "I3;H2;WK990101;;15-06-2026;N;Q77",
    "I4;H3;;1901ZZ;15-04-2026;J;P1",
    "I5;H3;BU99010001;;31-04-2026;J;",
    "I6;999999999;BU99010101;;14-01-2026;J;P1|P9",
    "I7;;GM9901;;01-07-2025;J;P3",
)


def test_rows_of_files_are_used_doubled_or_unusable() -> None:
    assert report(delivered(*ROWS)).files == (FileRows("incidenten.csv", "incident", 8, 6, 1, 1),)


def test_columns_tell_empty_from_wrong() -> None:
    """The postcode is empty in seven rows, and in one its buurt is not known."""
    assert report(delivered(*ROWS)).columns == (
        ColumnRows("incident", "incidentnummer", "Nr", is_code=False, rows=8, empty=0, wrong=0),
        ColumnRows("incident", "huishouden", "H", is_code=False, rows=8, empty=1, wrong=1),
        ColumnRows("incident", "postcode", "P", is_code=False, rows=8, empty=7, wrong=1),
        ColumnRows("incident", "buurt", "B", is_code=False, rows=8, empty=1, wrong=0),
        ColumnRows("incident", "datum", "D", is_code=False, rows=8, empty=0, wrong=1),
        ColumnRows("incident", "huiselijk", "J", is_code=False, rows=8, empty=0, wrong=0),
        ColumnRows("incident", "soort", "S", is_code=True, rows=8, empty=0, wrong=1),
    )


def test_faults_stand_by_file_column_and_reason() -> None:
    assert set(report(delivered(*ROWS)).faults) == {
        FaultRows("incidenten.csv", "incidentnummer", "doubled", 1),
        FaultRows("incidenten.csv", "huishouden", "dummy-unit", 1),
        FaultRows("incidenten.csv", "huishouden", "empty", 1),
        FaultRows("incidenten.csv", "postcode", "empty", 7),
        FaultRows("incidenten.csv", "postcode", "unknown-postcode", 1),
        FaultRows("incidenten.csv", "buurt", "empty", 1),
        FaultRows("incidenten.csv", "datum", "impossible-date", 1),
        FaultRows("incidenten.csv", "soort", "unknown-code", 1),
    }


def test_each_row_stands_at_its_finest_area() -> None:
    """ZN-19: the lowest level that each row can be shown at."""
    assert report(delivered(*ROWS)).areas == (
        AreaRows("buurt", 3),
        AreaRows("wijk", 1),
        AreaRows("pc4", 1),
        AreaRows("gemeente", 1),
    )


def test_rows_without_a_usable_household_are_units_of_their_own() -> None:
    assert report(delivered(*ROWS)).units == UnitRows(8, 6, empty=1, dummy=1, institution=0, no_route=0)


def test_delays_run_from_event_to_delivery() -> None:
    """1, 7, 30, 91, 182 and 379 days before 15 July 2026; each bound belongs to the shorter delay."""
    assert report(delivered(*ROWS)).delays == (
        DelayRows(7, 2),
        DelayRows(31, 1),
        DelayRows(92, 1),
        DelayRows(183, 1),
        DelayRows(365, 0),
        DelayRows(None, 1),
    )


def test_the_scores_follow_from_the_counts() -> None:
    """7 of 8 usable; 15 days waited; 3 of 6 with a buurt; 6 of 8 with a household; 7 of 8 codes; months at most 2."""
    found = {score.dimension: score.level for score in report(delivered(*ROWS)).scores}
    assert found == {
        Dimension.COMPLETENESS: 2,
        Dimension.TIMELINESS: 5,
        Dimension.AREA: 1,
        Dimension.UNIT: 2,
        Dimension.CODES: 2,
        Dimension.COVERAGE: 1,
        Dimension.CHANGE: None,
    }


@pytest.mark.parametrize(
    ("right", "whole", "level"),
    [(99, 100, 5), (989, 1000, 4), (97, 100, 4), (969, 1000, 3), (90, 100, 3), (75, 100, 2), (74, 100, 1), (0, 9, 1)],
)
def test_a_level_begins_at_its_bound(right: int, whole: int, level: int) -> None:
    assert Share(right, whole).level == level


def test_nothing_to_judge_has_no_level_and_never_lowers_another() -> None:
    assert Share(0, 0).level is None
    assert lowest(None, 4, 3) == 3
    assert lowest(None) is None


@pytest.mark.parametrize(("days", "level"), [(0, 5), (21, 5), (22, 4), (31, 4), (62, 3), (92, 2), (93, 1)])
def test_three_weeks_after_the_last_day_is_still_on_time(days: int, level: int) -> None:
    """VT-24: a half-year is delivered within three weeks."""
    assert level_of_wait(days) == level


def rows_in(*months: int) -> tuple[str, ...]:
    """Return rows, so many in each month from January 2026."""
    return tuple(
        f"I{month}-{row};H{row};BU99010001;;{1 + row % 28:02d}-{month:02d}-2026;J;P1"
        for month, many in enumerate(months, 1)
        for row in range(many)
    )


def test_a_month_without_rows_and_a_strikingly_low_one_are_marked() -> None:
    """Of 30, 0, 14, 30, 30, 15 rows the middle is 30: 14 is below half of it, 15 is not."""
    found = report(delivered(*rows_in(30, 0, 14, 30, 30, 15))).months
    assert found == (
        MonthRows("incident", "2026-01", 30, Mark.FINE),
        MonthRows("incident", "2026-02", 0, Mark.GAP),
        MonthRows("incident", "2026-03", 14, Mark.FEW),
        MonthRows("incident", "2026-04", 30, Mark.FINE),
        MonthRows("incident", "2026-05", 30, Mark.FINE),
        MonthRows("incident", "2026-06", 15, Mark.FINE),
    )


def test_few_rows_in_every_month_are_not_striking() -> None:
    assert {each.mark for each in report(delivered(*rows_in(9, 1, 9, 9, 9, 2))).months} == {Mark.FINE}


def test_parts_of_months_and_days_outside_are_counted_and_not_judged() -> None:
    covers = Span(date(2026, 2, 10), date(2026, 5, 20))
    found = report(delivered(*rows_in(3, 0, 12, 12, 1, 4)), covers=covers).months
    assert [(each.month, each.rows, each.mark) for each in found] == [
        ("2026-02", 3, Mark.EARLIER),
        ("2026-02", 0, Mark.PART),
        ("2026-03", 12, Mark.FINE),
        ("2026-04", 12, Mark.FINE),
        ("2026-05", 1, Mark.PART),
        ("2026-05", 4, Mark.LATER),
    ]


def test_without_a_word_of_the_partner_all_months_with_rows_are_covered_but_at_most_five_years() -> None:
    found = report(delivered(*rows_in(1, 0, 1), "I0;H0;BU99010001;;01-03-1990;J;P1"), covers=None)
    assert (found.first_day, found.last_day) == (date(2021, 4, 1), date(2026, 3, 31))
    assert (found.waited_days, found.score(Dimension.TIMELINESS).level) == (106, 1)
    assert len(found.months) == 61
    assert (found.months[0].mark, found.months[0].rows) == (Mark.EARLIER, 1)


def test_a_month_that_has_not_ended_is_a_part() -> None:
    found = report(delivered("I1;H1;BU99010001;;14-07-2026;J;P1"), covers=None)
    assert (found.last_day, found.waited_days) == (date(2026, 7, 15), 0)
    assert [each.mark for each in found.months] == [Mark.PART]
    assert found.score(Dimension.COVERAGE).level is None


def test_days_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(WrongCover, match="before the first"):
        report(delivered(*ROWS), covers=Span(HALF_YEAR.last, HALF_YEAR.first))


def test_the_json_holds_what_the_report_holds() -> None:
    told = json.loads(report(delivered(*ROWS)).as_json())
    assert told["delivered_on"] == "2026-07-15"
    assert told["files"] == [
        {"file": "incidenten.csv", "record": "incident", "read": 8, "used": 6, "doubled": 1, "unused": 1}
    ]
    assert told["scores"][0] == {"dimension": "completeness", "level": 2}
    assert told["change"] is None
    assert (told["first_day"], told["last_day"]) == ("2026-01-01", "2026-06-30")
