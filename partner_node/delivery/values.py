"""Computes: what one text says as a day, a whole number, a yes or no; what is not plainly one is a fault."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from partner_node.delivery.faults import Reason
from partner_node.delivery.interned import Judgement
from partner_node.profiles.profile import DateForm

EPOCH = date(1970, 1, 1).toordinal()
FIRST_YEAR, LAST_YEAR = 1900, 2199  # what a period may name (`protocol/words/period.py`)
MAX_AMOUNT_DIGITS = 18  # below 2^63

_DAY = {
    DateForm.JJJJMMDD: re.compile(r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"),
    DateForm.DD_MM_JJJJ: re.compile(
        r"(?P<day>[0-9]{1,2})-(?P<month>[0-9]{1,2})-(?P<year>[0-9]{4})([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?)?"
    ),
}
# What Parquet and spreadsheets make of a date; it can be taken for no other form.
_ISO = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?)?"
)
# One decimal zero is what pandas makes of a whole number; "1.000" could be a thousand.
_WHOLE = re.compile(r"(?P<number>[+-]?[0-9]+)(\.0)?")
_UNBORN = "99999999"
_YES = frozenset({"j", "ja", "y", "yes", "1", "true", "waar"})
_NO = frozenset({"n", "nee", "no", "0", "false", "onwaar"})


@dataclass(frozen=True, slots=True)
class Span:
    """The days that a delivery says it covers, both included."""

    first: date
    last: date


def day_judge(form: DateForm, *, today: date, span: Span | None) -> Callable[[str], Judgement]:
    """Return the judge of a deciding date: days since 1970-01-01.

    An unknown day of a known month (JJJJMM00) is its first day: periods are months or longer, so nothing moves.
    """

    def judge(text: str) -> Judgement:
        answer = _day(text.strip(), form)
        if answer.fault not in {None, Reason.UNKNOWN_DAY}:
            return answer
        if answer.value > today.toordinal() - EPOCH:
            return Judgement(0, Reason.FUTURE_DATE)
        if span and not span.first.toordinal() <= answer.value + EPOCH <= span.last.toordinal():
            return Judgement(0, Reason.OUTSIDE_SPAN)
        return answer

    return judge


def other_day_judge(form: DateForm, *, today: date) -> Callable[[str], Judgement]:
    """Return the judge of any other date, which may be unknown in part, or of someone not yet born (protocol 1.0)."""

    def judge(text: str) -> Judgement:
        answer = _day(text.strip(), form)
        if text.strip() == _UNBORN or answer.fault in {Reason.UNKNOWN_DAY, Reason.UNKNOWN_MONTH}:
            return Judgement(answer.value)
        if answer.fault is None and answer.value > today.toordinal() - EPOCH:
            return Judgement(0, Reason.FUTURE_DATE)
        return answer

    return judge


def amount_judge(largest: int) -> Callable[[str], Judgement]:
    """Return the judge of whole numbers from 0 to `largest`; -1 stands for none."""

    def judge(text: str) -> Judgement:
        text = text.strip()
        if not text:
            return Judgement(-1, Reason.EMPTY)
        found = _WHOLE.fullmatch(text)
        if found is None:
            return Judgement(-1, Reason.UNREADABLE_AMOUNT)
        number = found["number"].lstrip("+")
        if len(number) > MAX_AMOUNT_DIGITS or not 0 <= int(number) <= largest:
            return Judgement(-1, Reason.AMOUNT_OUT_OF_RANGE)
        return Judgement(int(number))

    return judge


def flag_judge(values: Mapping[str, str]) -> Callable[[str], Judgement]:
    """Return the judge of a yes or no: 1 or 0; what is neither counts as no, and as a fault.

    values: the partner's own words, with the words that they stand for.
    """

    def judge(text: str) -> Judgement:
        word = text.strip()
        word = values.get(word, word).casefold()
        if not word:
            return Judgement(0, Reason.EMPTY)
        if word in _YES:
            return Judgement(1)
        return Judgement(0, None if word in _NO else Reason.UNREADABLE_FLAG)

    return judge


def looks_like_a_day(text: str) -> bool:
    """Tell whether a text is a day in any form that we read."""
    return any(_day(text.strip(), form).fault is None for form in DateForm)


def _day(text: str, form: DateForm) -> Judgement:
    if not text:
        return Judgement(0, Reason.EMPTY)
    found = _DAY[form].fullmatch(text) or _ISO.fullmatch(text)
    if found is None:
        return Judgement(0, Reason.UNREADABLE_DATE)
    year, month, day = (int(found[part]) for part in ("year", "month", "day"))
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return Judgement(0, Reason.IMPOSSIBLE_DATE)
    if month == 0 and day == 0:
        return Judgement(0, Reason.UNKNOWN_MONTH)
    try:
        days = date(year, month, day or 1).toordinal() - EPOCH
    except ValueError:
        return Judgement(0, Reason.IMPOSSIBLE_DATE)
    return Judgement(days, None if day else Reason.UNKNOWN_DAY)
