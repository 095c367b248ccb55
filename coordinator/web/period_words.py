"""Computes: periods, days and stretches of periods in words, and what a sum over several of them counts."""

from collections.abc import Mapping
from datetime import date, datetime

from coordinator.web.address import View
from coordinator.web.monitor import YEAR, MonitorIndicator, Span
from coordinator.web.words import Texts, texts
from privacy.language import Language
from protocol.study.measure import MeasureKind
from protocol.words.period import MONTHS_IN, Period, PeriodLength, first_day, last_day, length_of

_MONTHS: Mapping[Language, tuple[str, ...]] = {
    Language.DUTCH: ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"),
    Language.ENGLISH: ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}
_FULL_MONTHS: Mapping[Language, str] = {
    Language.DUTCH: "januari februari maart april mei juni juli augustus september oktober november december",
    Language.ENGLISH: "January February March April May June July August September October November December",
}
_LENGTHS: Mapping[PeriodLength, tuple[Texts, Texts]] = {
    PeriodLength.YEAR: (texts("jaar", "year"), texts("jaren", "years")),
    PeriodLength.HALF_YEAR: (texts("halfjaar", "half-year"), texts("halfjaren", "half-years")),
    PeriodLength.QUARTER: (texts("kwartaal", "quarter"), texts("kwartalen", "quarters")),
    PeriodLength.MONTH: (texts("maand", "month"), texts("maanden", "months")),
}
_NUMBERS = texts(
    "twee drie vier vijf zes zeven acht negen tien elf twaalf",
    "two three four five six seven eight nine ten eleven twelve",
)


def per_period(indicator: MonitorIndicator, language: Language) -> str:
    """Return how long one point of a trend is: `per kwartaal`."""
    length = _LENGTHS[length_of(indicator.periods[-1])][0][language]
    return f"per {length}" if language is Language.DUTCH else f"by {length}"


def period(name: Period, language: Language) -> str:
    """Return a period as people write it: `3e kwartaal 2026`, `sep 2026`."""
    year, _, part = name.partition("-")
    nl = language is Language.DUTCH
    match length_of(name):
        case PeriodLength.YEAR:
            return year
        case PeriodLength.HALF_YEAR:
            return f"{part[1]}e halfjaar {year}" if nl else f"half-year {part[1]} of {year}"
        case PeriodLength.QUARTER:
            return f"{part[1]}e kwartaal {year}" if nl else f"quarter {part[1]} of {year}"
        case PeriodLength.MONTH:
            return f"{_MONTHS[language][int(part) - 1]} {year}"


def day(when: date, language: Language) -> str:
    """Return a day: `1 december 2026`."""
    return f"{when.day} {_FULL_MONTHS[language].split()[when.month - 1]} {when.year}"


def moment(when: datetime, language: Language) -> str:
    """Return a moment as a clock in its zone has it: `1 december 2026 om 14:05 uur`."""
    told = day(when.date(), language)
    return f"{told} om {when:%H:%M} uur" if language is Language.DUTCH else f"{told} at {when:%H:%M}"


def short_period(name: Period, language: Language) -> str:
    """Return a period for the axis of a chart: `K3 '26` or `Q3 '26`, and a month as `sep '26`."""
    year, _, part = name.partition("-")
    if not part:
        return year
    if part[0] in "HQ":
        letter = {"Q": "K"}.get(part[0], part[0]) if language is Language.DUTCH else part[0]
        return f"{letter}{part[1]} '{year[2:]}"
    return f"{_MONTHS[language][int(part) - 1]} '{year[2:]}"


def span(found: Span, language: Language) -> str:
    """Return a stretch of periods: `de laatste vier kwartalen (oktober 2025 tot en met september 2026)`."""
    first, last = first_day(found.periods[0]), last_day(found.periods[-1])
    to = "tot en met" if language is Language.DUTCH else "to"
    months = _FULL_MONTHS[language].split()
    opening, closing = months[first.month - 1], months[last.month - 1]
    if found.id != YEAR or len(found.periods) == 1:
        name = period(found.periods[0], language)
        return name if MONTHS_IN[length_of(found.periods[0])] in {1, 12} else f"{name} ({opening} {to} {closing})"
    number = _NUMBERS[language].split()[len(found.periods) - 2]
    length = _LENGTHS[length_of(found.periods[0])][1][language]
    opening += f" {first.year}" if first.year != last.year else ""
    stretch = f"{number} {length} ({opening} {to} {closing} {last.year})"
    return f"de laatste {stretch}" if language is Language.DUTCH else f"the last {stretch}"


def span_button(found: Span, language: Language) -> str:
    """Return a stretch for a button."""
    if found.id != YEAR:
        return short_period(found.periods[0], language)
    number = len(found.periods)
    length = _LENGTHS[length_of(found.periods[0])][0 if number == 1 else 1][language]
    if number == 1:
        return f"laatste {length}" if language is Language.DUTCH else f"last {length}"
    return f"{number} {length} samen" if language is Language.DUTCH else f"{number} {length} together"


def unit_note(indicator: MonitorIndicator, found: Span, language: Language) -> str | None:
    """Return what a sum over several periods counts, where that is not plain."""
    if indicator.kind not in {MeasureKind.UNITS, MeasureKind.MULTI} or len(found.periods) == 1:
        return None
    length, lengths = (text[language] for text in _LENGTHS[length_of(found.periods[0])])
    if language is Language.DUTCH:
        return f"Elk {length} is apart geteld. Een huishouden dat in meer {lengths} voorkomt, telt vaker mee."
    return f"Each {length} was counted apart. A household that is there in more than one counts more than once."


def units_note(view: View) -> str | None:
    """Return `unit_note` where any topic of the view's level needs it: its figures are no number of households."""
    found = (
        unit_note(each, each.spans[view.span.id], view.language)
        for each in view.monitor.counted(view.level)
        if view.span is not None and view.span.id in each.spans
    )
    return next((note for note in found if note is not None), None)
