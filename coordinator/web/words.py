"""Computes: what the monitor's pages say, Dutch (B1) or English: periods, numbers, verdicts, reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from coordinator.estimates.trend import BreakKind
from coordinator.estimates.verdicts import Reliability, Verdict
from coordinator.web.address import View
from coordinator.web.monitor import YEAR, Coverage, Figure, MonitorIndicator, Rate, Span, Why
from privacy.language import Language
from protocol.covenant.party import PartnerType
from protocol.study.measure import MeasureKind
from protocol.words.geography import Level
from protocol.words.period import MONTHS_IN, Period, PeriodLength, first_day, last_day, length_of

_Texts = Mapping[Language, str]


@dataclass(frozen=True, slots=True)
class Told:
    """A text with its language: a page of another one must mark it, so that it is read aloud as it is meant."""

    text: str
    language: Language


def _texts(nl: str, en: str) -> _Texts:
    return {Language.DUTCH: nl, Language.ENGLISH: en}


_INVENTED = _texts(" (verzonnen)", " (invented)")  # how a name ends of who is there to practise with
VERDICTS: Mapping[Verdict, _Texts] = {
    Verdict.HIGHER: _texts("hoger", "higher"),
    Verdict.LOWER: _texts("lager", "lower"),
    Verdict.NO_DIFFERENCE: _texts("geen aantoonbaar verschil", "no demonstrable difference"),
    Verdict.NOT_TOLD: _texts("niet te vergelijken", "cannot be compared"),
}
_WEIGHED: Mapping[Verdict, _Texts] = {
    Verdict.HIGHER: _texts("Dat is aantoonbaar hoger.", "That is demonstrably higher."),
    Verdict.LOWER: _texts("Dat is aantoonbaar lager.", "That is demonstrably lower."),
    Verdict.NO_DIFFERENCE: _texts("Dat verschil kan toeval of ruis zijn.", "That difference may be chance or noise."),
    Verdict.NOT_TOLD: _texts("Dat is niet te vergelijken.", "They cannot be compared."),
}
WHY: Mapping[Why, _Texts] = {
    Why.TOO_UNCERTAIN: _texts("Niet getoond: te weinig gevallen", "Not shown: too few cases"),
    Why.NOT_DELIVERED: _texts("Geen levering", "Not delivered"),
    Why.WITHDRAWN: _texts("Ingetrokken", "Withdrawn"),
    Why.NOT_COUNTED: _texts("Wordt hier niet geteld", "Not counted here"),
}
RELIABILITY: Mapping[Reliability, _Texts] = {
    Reliability.A: _texts("vrij precies", "fairly precise"),
    Reliability.B: _texts("redelijk precies", "reasonably precise"),
    Reliability.C: _texts("onzeker", "uncertain"),
    Reliability.TOO_UNCERTAIN: _texts("erg onzeker", "very uncertain"),
}
BREAKS: Mapping[BreakKind, _Texts] = {
    BreakKind.CODE_LIST: _texts("nieuwe codelijst", "new code list"),
    BreakKind.BOUNDARY: _texts("nieuwe indeling van gebieden", "new boundaries"),
    BreakKind.PARTNER: _texts("andere organisaties leveren", "other organisations deliver"),
    BreakKind.LAW: _texts("nieuwe regels of definities", "new rules or definitions"),
    BreakKind.SOURCE: _texts("een organisatie telt uit een andere bron", "an organisation counts from another source"),
}
BREAK_MARKS: Mapping[BreakKind, _Texts] = {  # in a chart there is little room
    BreakKind.CODE_LIST: _texts("nieuwe codelijst", "new code list"),
    BreakKind.BOUNDARY: _texts("nieuwe indeling", "new boundaries"),
    BreakKind.PARTNER: _texts("andere bronnen", "other sources"),
    BreakKind.LAW: _texts("nieuwe regels", "new rules"),
    BreakKind.SOURCE: _texts("nieuwe bron", "new source"),
}
LEVELS: Mapping[Level, tuple[_Texts, _Texts]] = {
    Level.GEMEENTE: (_texts("gemeente", "municipality"), _texts("gemeenten", "municipalities")),
    Level.WIJK: (_texts("wijk", "district"), _texts("wijken", "districts")),
    Level.BUURT: (_texts("buurt", "neighbourhood"), _texts("buurten", "neighbourhoods")),
    Level.PC4: (_texts("postcodegebied", "postcode area"), _texts("postcodegebieden", "postcode areas")),
}
TYPES: Mapping[PartnerType, _Texts] = {
    PartnerType.VEILIG_THUIS: _texts("Veilig Thuis", "Veilig Thuis (reporting centre)"),
    PartnerType.POLITIE: _texts("politie", "police"),
    PartnerType.GGD: _texts("GGD", "public health service"),
    PartnerType.SCHOOL: _texts("scholen", "schools"),
    PartnerType.GGZ: _texts("geestelijke gezondheidszorg", "mental health care"),
    PartnerType.VERSLAVINGSZORG: _texts("verslavingszorg", "addiction care"),
    PartnerType.DIERENPOLITIE: _texts("dierenpolitie", "animal police"),
    PartnerType.JEUGDHULP: _texts("jeugdhulp", "youth care"),
    PartnerType.GEMEENTE: _texts("gemeente", "municipality"),
    PartnerType.CORPORATIE: _texts("woningcorporatie", "housing association"),
    PartnerType.OTHER: _texts("andere organisatie", "other organisation"),
}
# What CBS publishes of areas, by its names of several years, that a reader of these pages asks for.
CONTEXT: Mapping[str, _Texts] = {
    "inkomen_laag": _texts("Mensen met een laag inkomen (%)", "People with a low income (%)"),
    "p_ink_li": _texts("Mensen met een laag inkomen (%)", "People with a low income (%)"),
    "p_hh_osm": _texts("Huishoudens rond het sociaal minimum (%)", "Households around the social minimum (%)"),
    "p_1p_hh": _texts("Huishoudens van één persoon (%)", "Households of one person (%)"),
    "p_hh_m_k": _texts("Huishoudens met kinderen (%)", "Households with children (%)"),
    "g_hhgro": _texts("Mensen per huishouden", "People in a household"),
    "a_00_14": _texts("Kinderen tot 15 jaar", "Children under 15"),
    "a_65_oo": _texts("Mensen van 65 jaar en ouder", "People of 65 and older"),
    "bev_dich": _texts("Inwoners op een vierkante kilometer", "Inhabitants of a square kilometre"),
}
COMPARABLE = frozenset(
    {"inkomen_laag", "p_ink_li", "p_hh_osm", "p_1p_hh", "p_hh_m_k", "g_hhgro", "bev_dich"}
)  # no counts
_MONTHS: Mapping[Language, tuple[str, ...]] = {
    Language.DUTCH: ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"),
    Language.ENGLISH: ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}
_FULL_MONTHS: Mapping[Language, str] = {
    Language.DUTCH: "januari februari maart april mei juni juli augustus september oktober november december",
    Language.ENGLISH: "January February March April May June July August September October November December",
}
_LENGTHS: Mapping[PeriodLength, tuple[_Texts, _Texts]] = {
    PeriodLength.YEAR: (_texts("jaar", "year"), _texts("jaren", "years")),
    PeriodLength.HALF_YEAR: (_texts("halfjaar", "half-year"), _texts("halfjaren", "half-years")),
    PeriodLength.QUARTER: (_texts("kwartaal", "quarter"), _texts("kwartalen", "quarters")),
    PeriodLength.MONTH: (_texts("maand", "month"), _texts("maanden", "months")),
}
_NUMBERS = _texts(
    "twee drie vier vijf zes zeven acht negen tien elf twaalf",
    "two three four five six seven eight nine ten eleven twelve",
)


def whole(value: int, language: Language) -> str:
    """Return a number with its thousands apart: 12.345 in Dutch, 12,345 in English."""
    return f"{value:,}".replace(",", "." if language is Language.DUTCH else ",")


def rate(value: float, language: Language) -> str:
    """Return a rate with one decimal: 7,4 in Dutch, 7.4 in English."""
    return f"{value:.1f}".replace(".", "," if language is Language.DUTCH else ".")


def context(name: str, value: float, language: Language) -> str:
    """Return a key figure: people and densities whole, shares and averages with one decimal."""
    is_whole = name not in COMPARABLE or name == "bev_dich"
    return whole(round(value), language) if is_whole else rate(value, language)


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


def told(signed: str, view: View) -> Told:
    """Return a text that was signed in Dutch: on an English page the English, where somebody told it."""
    if view.language is Language.DUTCH or signed not in view.monitor.english:
        return Told(signed, Language.DUTCH)
    return Told(view.monitor.english[signed], Language.ENGLISH)


def question(indicator: MonitorIndicator, view: View) -> Told:
    """Return what is counted: `Huishoudens met een melding`, whole in one language."""
    signed = [indicator.question, *([indicator.category] if indicator.category else [])]
    found = [told(each, view) for each in signed]
    is_whole = all(each.language is view.language for each in found)
    texts = [each.text for each in found] if is_whole else signed
    return Told(": ".join(texts), view.language if is_whole else Language.DUTCH)


def topic(indicator: MonitorIndicator, view: View) -> Told:
    """Return what is counted and by whom: `Huishoudens met een melding (Veilig Thuis)`, whole in one language."""
    asked = question(indicator, view)
    by = source(indicator, replace(view, language=asked.language))
    return Told(f"{asked.text} ({by})", asked.language)


def label(indicator: MonitorIndicator, view: View) -> str:
    """Return the topic for a label, in which no language can be marked: empty where that would be another one."""
    found = topic(indicator, view)
    return found.text if found.language is view.language else ""


def counted(indicator: MonitorIndicator, view: View) -> Told:
    """Return what is counted, to stand after a number: `huishoudens met een melding`."""
    asked = question(indicator, view)
    return Told(asked.text[:1].lower() + asked.text[1:], asked.language)


def names(found: Sequence[str], view: View) -> str:
    """Return names of organisations as the page says them: a name is of every language, if nobody told another."""
    return ", ".join(_name(each, view) for each in found)


def source(indicator: MonitorIndicator, view: View) -> str:
    """Return who counted: the one partner, or how many of what kind."""
    if len(indicator.sources) == 1:
        return _name(indicator.sources[0], view).removesuffix(_INVENTED[view.language])
    kinds = ", ".join(TYPES[kind][view.language] for kind in indicator.types)
    return f"{len(indicator.sources)} {kinds}"


def _name(signed: str, view: View) -> str:
    known, dutch = told(signed, view), _INVENTED[Language.DUTCH]
    if known.language is view.language or not signed.endswith(dutch):
        return known.text
    return signed.removesuffix(dutch) + _INVENTED[view.language]


def coverage(found: Coverage, indicator: MonitorIndicator, language: Language) -> str | None:
    """Return the tag of a delivery that is not whole: `4 van 5 scholen`, `deels geleverd`; None for a whole one."""
    if found.is_whole:
        return None
    nl = language is Language.DUTCH
    if found.delivered < found.of:
        kinds = ", ".join(TYPES[kind][language] for kind in indicator.types)
        named = kinds if found.of > 1 else ("organisatie" if nl else "organisation")
        return f"{found.delivered} van {found.of} {named}" if nl else f"{found.delivered} of {found.of} {named}"
    return "deels geleverd" if nl else "delivered in part"


def weighed(verdict: Verdict, language: Language) -> str:
    """Return what may be concluded of a rate that stands beside the gemeente's, as a sentence of its own."""
    return _WEIGHED[verdict][language]


def interval(figure: Figure, language: Language) -> str:
    """Return a figure's interval: `54 tot 70`."""
    to = "tot" if language is Language.DUTCH else "to"
    return f"{whole(figure.low, language)} {to} {whole(figure.high, language)}"


def rate_between(found: Rate, language: Language) -> str:
    """Return a rate with its margin for noise and chance: `7,4 (5,9 tot 9,1)`."""
    to = "tot" if language is Language.DUTCH else "to"
    return f"{rate(found.value, language)} ({rate(found.low, language)} {to} {rate(found.high, language)})"


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
