"""Periods and areas: written out, and compared with the calendar."""

from datetime import date, timedelta

import pytest

from protocol.words.geography import AreaCode, Level, level_of
from protocol.words.order import is_strictly_ascending
from protocol.words.period import Period, PeriodLength, earlier, first_day, is_period, last_day, length_of, period_of


@pytest.mark.parametrize(
    ("period", "length", "first", "last", "one_earlier", "thirteen_earlier"),
    [
        ("2024", "year", date(2024, 1, 1), date(2024, 12, 31), "2023", "2011"),
        ("2024-H1", "half-year", date(2024, 1, 1), date(2024, 6, 30), "2023-H2", "2017-H2"),
        ("2024-H2", "half-year", date(2024, 7, 1), date(2024, 12, 31), "2024-H1", "2018-H1"),
        ("2024-Q1", "quarter", date(2024, 1, 1), date(2024, 3, 31), "2023-Q4", "2020-Q4"),
        ("2024-Q4", "quarter", date(2024, 10, 1), date(2024, 12, 31), "2024-Q3", "2021-Q3"),
        ("2024-02", "month", date(2024, 2, 1), date(2024, 2, 29), "2024-01", "2023-01"),
        ("2023-02", "month", date(2023, 2, 1), date(2023, 2, 28), "2023-01", "2022-01"),
        ("2024-12", "month", date(2024, 12, 1), date(2024, 12, 31), "2024-11", "2023-11"),
    ],
)
def test_a_period_is_its_days(
    period: str, length: str, first: date, last: date, one_earlier: str, thirteen_earlier: str
) -> None:
    assert is_period(period)
    named = Period(period)
    assert (length_of(named), first_day(named), last_day(named)) == (length, first, last)
    assert (earlier(named, 1), earlier(named, 13), earlier(named, 0)) == (one_earlier, thirteen_earlier, period)


@pytest.mark.parametrize("length", list(PeriodLength))
def test_every_day_is_in_exactly_the_period_that_is_said(length: PeriodLength) -> None:
    day = date(2023, 1, 1)
    for _ in range(800):
        period = period_of(day, length)
        assert first_day(period) <= day <= last_day(period)
        assert period_of(last_day(period) + timedelta(days=1), length) != period
        assert earlier(period_of(last_day(period) + timedelta(days=1), length), 1) == period
        day += timedelta(days=1)


@pytest.mark.parametrize(
    "text", ["", "24", "2024-H3", "2024-Q0", "2024-Q5", "2024-00", "2024-13", "2024-1", "2024 ", "1799"]
)
def test_other_texts_are_no_period(text: str) -> None:
    assert not is_period(text)


@pytest.mark.parametrize(
    ("code", "level"),
    [
        ("GM0479", Level.GEMEENTE),
        ("WK047901", Level.WIJK),
        ("BU04790101", Level.BUURT),
        ("1501", Level.PC4),
        ("WK0363AA", Level.WIJK),
        ("BU0363AA01", Level.BUURT),
    ],
)
def test_a_code_tells_its_level(code: str, level: Level) -> None:
    assert level_of(AreaCode(code)) is level


def test_strictly_ascending_means_sorted_and_none_twice() -> None:
    assert is_strictly_ascending([])
    assert is_strictly_ascending(["a", "b"])
    assert not is_strictly_ascending(["b", "a"])
    assert not is_strictly_ascending(["a", "a"])
