"""Numbers and days at their edges: the exact value, or a fault by name; never a number near it."""

from datetime import date

import numpy as np
import pytest

from partner_node.delivery.faults import Reason
from partner_node.delivery.values import amount_judge, day_judge
from partner_node.profiles.profile import DateForm

LARGEST = 10**18 - 1  # every whole number of 18 digits; int64 ends at 19


@pytest.mark.parametrize(
    ("text", "value", "fault"),
    [
        ("2147483647", 2**31 - 1, None),
        ("2147483648", 2**31, None),
        ("9007199254740993", 2**53 + 1, None),  # the first whole number that a float does not have
        ("999999999999999999", 10**18 - 1, None),
        ("9223372036854775807", -1, Reason.AMOUNT_OUT_OF_RANGE),
        ("9223372036854775808", -1, Reason.AMOUNT_OUT_OF_RANGE),
        ("18446744073709551616", -1, Reason.AMOUNT_OUT_OF_RANGE),
        ("-9223372036854775808", -1, Reason.AMOUNT_OUT_OF_RANGE),
        ("-1", -1, Reason.AMOUNT_OUT_OF_RANGE),
        ("12.0", 12, None),
        ("1.5", -1, Reason.UNREADABLE_AMOUNT),
        ("1,5", -1, Reason.UNREADABLE_AMOUNT),
        ("1.000", -1, Reason.UNREADABLE_AMOUNT),  # a thousand, or one
        ("1.000.000", -1, Reason.UNREADABLE_AMOUNT),
        ("1e308", -1, Reason.UNREADABLE_AMOUNT),
        ("NaN", -1, Reason.UNREADABLE_AMOUNT),
        ("inf", -1, Reason.UNREADABLE_AMOUNT),
        ("-0.0", 0, None),
        ("\N{ARABIC-INDIC DIGIT THREE}", -1, Reason.UNREADABLE_AMOUNT),
        ("", -1, Reason.EMPTY),
    ],
)
def test_an_amount_is_exact_or_a_fault(text: str, value: int, fault: Reason | None) -> None:
    """D07, D08: the Python number itself, to the last digit; -1 stands for none."""
    judged = amount_judge(LARGEST)(text)
    assert (judged.value, judged.fault) == (value, fault)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("29-02-2024", None),
        ("29-02-2025", Reason.IMPOSSIBLE_DATE),
        ("31-04-2025", Reason.IMPOSSIBLE_DATE),
        ("01-01-0001", Reason.IMPOSSIBLE_DATE),
        ("31-12-9999", Reason.IMPOSSIBLE_DATE),
        ("01-01-2031", Reason.FUTURE_DATE),
        ("01-02-25", Reason.UNREADABLE_DATE),
        ("2025", Reason.UNREADABLE_DATE),
    ],
)
def test_a_day_is_one_of_the_calendar_or_a_fault(text: str, fault: Reason | None) -> None:
    """D07: leap days, days that no month has, the ends of the calendar, years of two digits."""
    assert day_judge(DateForm.DD_MM_JJJJ, today=date(2026, 1, 12), span=None)(text).fault is fault


def test_a_clamp_in_floats_lets_nan_through_and_loses_the_last_digit() -> None:
    """Negative control of D07 and D08: what the judge above replaces."""
    assert np.isnan(np.clip(float("nan"), 0, LARGEST))
    assert int(float("9007199254740993")) != 2**53 + 1
