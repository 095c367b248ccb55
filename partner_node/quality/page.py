"""Computes: the quality report as one plain page of HTML, without script, that prints well."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from partner_node.delivery.faults import Reason
from partner_node.profiles.profile import Profile
from partner_node.quality import words
from partner_node.quality.charts import BarChart, Value, bar_chart
from partner_node.quality.coverage import Mark, MonthRows
from partner_node.quality.figures import figure
from partner_node.quality.findings import DelayRows, QualityReport
from privacy.language import Language

_ENVIRONMENT = Environment(
    loader=PackageLoader("partner_node", "templates"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class _Line:
    """One dimension on the page."""

    name: str
    level: int | None
    figure: str
    advice: str


@dataclass(frozen=True, slots=True)
class _Months:
    """The months of one record type. striking: what to look at, in words."""

    chart: BarChart
    striking: tuple[str, ...]


def quality_page(report: QualityReport, profile: Profile, *, language: Language = Language.DUTCH) -> str:
    """Return the page; `language` decides its words, not what it counts."""
    is_dutch = language is Language.DUTCH
    template = _ENVIRONMENT.get_template("quality.html")
    return template.render(
        report=report,
        lang=language.value,
        partner=profile.label_nl if is_dutch else profile.label_en,
        records={each.id: each.label_nl if is_dutch else each.label_en for each in profile.records},
        lines=tuple(_lines(report, language)),
        months=tuple(_months(report, profile, language)),
        delays=_delays(report, language),
        t=lambda dutch, english: dutch if is_dutch else english,
        number=lambda value: words.number(value, language),
        reason=lambda text: words.REASONS[Reason(text)][language],
        area=lambda level: words.AREAS[level][language],
    )


def _lines(report: QualityReport, language: Language) -> Iterator[_Line]:
    for score in report.scores:
        advice = words.advice(score.dimension, score.level, language)
        yield _Line(
            words.NAMES[score.dimension][language], score.level, figure(report, score.dimension, language), advice
        )


def _months(report: QualityReport, profile: Profile, language: Language) -> Iterator[_Months]:
    for name in dict.fromkeys(month.record for month in report.months):
        record = profile.record(name)
        title = record.label_nl if language is Language.DUTCH else record.label_en
        months = [month for month in report.months if month.record == name]
        values = [Value(_short(month), _month_text(month, language), month.rows, month.is_striking) for month in months]
        numbers = [words.number(month.rows, language) for month in months]
        striking = tuple(_striking(months, language))
        yield _Months(bar_chart(title, values, numbers=numbers), striking)


def _striking(months: Sequence[MonthRows], language: Language) -> Iterator[str]:
    """Yield each low month with its rows, and each stretch of months without any as one."""
    for mark, group in groupby(months, key=lambda month: month.mark):
        same = list(group)
        if mark is Mark.FEW:
            yield from (_month_text(month, language) for month in same)
        elif mark is Mark.GAP:
            first, last = (words.month_name(each.month, language) for each in (same[0], same[-1]))
            if language is Language.DUTCH:
                yield f"{first}: geen rijen" if len(same) == 1 else f"{first} tot en met {last}: geen rijen"
            else:
                yield f"{first}: no rows" if len(same) == 1 else f"{first} to {last}: no rows"


def _short(month: MonthRows) -> str:
    """Return 2026-07 as 7-26."""
    year, _, place = month.month.partition("-")
    short = f"{int(place)}-{year[2:]}"
    return {Mark.EARLIER: f"< {short}", Mark.LATER: f"> {short}"}.get(month.mark, short)


def _month_text(month: MonthRows, language: Language) -> str:
    name, rows = words.month_name(month.month, language), words.number(month.rows, language)
    if language is Language.DUTCH:
        name = {Mark.EARLIER: f"voor {name}", Mark.LATER: f"na {name}"}.get(month.mark, name)
        return f"{name}: {rows} rijen"
    name = {Mark.EARLIER: f"before {name}", Mark.LATER: f"after {name}"}.get(month.mark, name)
    return f"{name}: {rows} rows"


def _delays(report: QualityReport, language: Language) -> BarChart:
    values = []
    before = 0
    for delay in report.delays:
        values.append(_delay(delay, before, language))
        before = delay.most_days or before
    numbers = [words.number(delay.rows, language) for delay in report.delays]
    title = "Dagen tussen gebeurtenis en levering" if language is Language.DUTCH else "Days from event to delivery"
    return bar_chart(title, values, numbers=numbers)


def _delay(delay: DelayRows, before: int, language: Language) -> Value:
    rows = words.number(delay.rows, language)
    is_dutch = language is Language.DUTCH
    if delay.most_days is None:
        short = f"meer dan {before}" if is_dutch else f"over {before}"
    else:
        first = before + 1 if before else 0
        short = f"{first} tot {delay.most_days}" if is_dutch else f"{first} to {delay.most_days}"
    return Value(short, f"{short} dagen: {rows} rijen" if is_dutch else f"{short} days: {rows} rows", delay.rows)
