"""Computes: the trend chart of an area and topic: rates where inhabitants are told, else counts, beside the whole."""

from collections.abc import Sequence

from coordinator.web import period_words, words
from coordinator.web.address import View
from coordinator.web.charts.trend import Moment, TrendChart, trend_chart
from coordinator.web.monitor import Monitor, MonitorArea, MonitorIndicator, SpanId
from privacy.language import Language
from protocol.words.period import MONTHS_IN, Period, earlier, first_day, length_of

PER = 1_000
_SEASONS = 24  # months below which no season was seen twice
_TOO_SHORT = {
    Language.DUTCH: "Met minder dan twee jaar cijfers zijn seizoen en verandering niet uit elkaar te houden.",
    Language.ENGLISH: "With less than two years of figures, season and change cannot be told apart.",
}


def area_trend(indicator: MonitorIndicator, area: MonitorArea, view: View, *, highest: float = 0.0) -> TrendChart:
    """Return the chart. highest: so high at least, to share a scale with other areas."""
    language = view.language
    moments = tuple(_moments(indicator, area, view))
    told = "; ".join(f"{moment.name}: {_told(moment, language)}" for moment in moments)
    title = ", ".join(each for each in (words.label(indicator, view), area.name) if each)
    months = MONTHS_IN[length_of(indicator.periods[-1])] * len(moments)
    return trend_chart(title, told, moments, highest=highest, note=_TOO_SHORT[language] if months < _SEASONS else "")


def highest_of(indicator: MonitorIndicator, areas: tuple[MonitorArea, ...], view: View) -> float:
    """Return how high a scale must be for the charts of these areas."""
    tops = [0.0]
    for area in areas:
        for moment in _moments(indicator, area, view):
            tops += [moment.level[2] if moment.level else 0.0, moment.dot or 0.0, moment.whole or 0.0]
    return max(tops)


def _moments(indicator: MonitorIndicator, area: MonitorArea, view: View) -> list[Moment]:
    monitor, language = view.monitor, view.language
    scale = _scale(area)
    places = {period: number for number, period in enumerate(indicator.periods)}
    moments = []
    for period in _every(indicator.periods):
        label, name = period_words.short_period(period, language), period_words.period(period, language)
        number = places.get(period)
        if number is None:  # withdrawn, or never released: a gap, and nothing is drawn across it
            moments.append(Moment(label, None, None, None, name=name))
            continue
        span, point = indicator.spans[SpanId(period)], indicator.trends[area.code][number]
        figure = span.cells[area.code].figure
        breaks = [each.kind for each in indicator.breaks if each.first == period]
        moments.append(
            Moment(
                label,
                None if point is None else (point.value * scale, point.low * scale, point.high * scale),
                None if figure is None or point is None else figure.value * scale,
                _whole(indicator, number, area, monitor),
                span.provisional,
                "; ".join(words.BREAKS[kind][language] for kind in breaks),
                name,
                "; ".join(words.BREAK_MARKS[kind][language] for kind in breaks),
            )
        )
    return moments


def _every(periods: Sequence[Period]) -> tuple[Period, ...]:
    """Return all periods from the first to the last, also those without a figure."""
    found = [periods[-1]]
    while first_day(found[-1]) > first_day(periods[0]):
        found.append(earlier(found[-1], 1))
    return tuple(reversed(found))


def _whole(indicator: MonitorIndicator, number: int, area: MonitorArea, monitor: Monitor) -> float | None:
    """Return the whole's level as a rate, where rates are drawn."""
    whole = monitor.areas[monitor.whole]
    point = indicator.trends[monitor.whole][number]
    if area.code == whole.code or point is None or not whole.inhabitants or not area.inhabitants:
        return None
    return point.value * PER / whole.inhabitants


def _scale(area: MonitorArea) -> float:
    return PER / area.inhabitants if area.inhabitants else 1.0


def _told(moment: Moment, language: Language) -> str:
    nl = language is Language.DUTCH
    parts = [moment.before] if moment.before else []
    if moment.level is None:
        parts.append("geen cijfer" if nl else "no figure")
    else:
        value, low, high = (words.rate(number, language) for number in moment.level)
        parts.append(f"{value} ({low} tot {high})" if nl else f"{value} ({low} to {high})")
    if moment.provisional:
        parts.append("voorlopig" if nl else "provisional")
    return ", ".join(parts)
