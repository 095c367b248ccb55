"""Computes: what the monitor's pages say, Dutch (B1) or English: numbers, verdicts, reasons, and who counts what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from coordinator.estimates.trend import BreakKind
from coordinator.estimates.verdicts import Reliability, Verdict
from coordinator.web.address import View
from coordinator.web.monitor import Coverage, Figure, MonitorIndicator, Rate, Why
from privacy.language import Language
from protocol.covenant.party import PartnerType
from protocol.words.geography import Level

Texts = Mapping[Language, str]


@dataclass(frozen=True, slots=True)
class Told:
    """A text with its language: a page of another one must mark it, so that it is read aloud as it is meant."""

    text: str
    language: Language


def texts(nl: str, en: str) -> Texts:
    """Return a text in both languages."""
    return {Language.DUTCH: nl, Language.ENGLISH: en}


_INVENTED = texts(" (verzonnen)", " (invented)")  # how a name ends of who is there to practise with
VERDICTS: Mapping[Verdict, Texts] = {
    Verdict.HIGHER: texts("hoger", "higher"),
    Verdict.LOWER: texts("lager", "lower"),
    Verdict.NO_DIFFERENCE: texts("geen aantoonbaar verschil", "no demonstrable difference"),
    Verdict.NOT_TOLD: texts("niet te vergelijken", "cannot be compared"),
}
_WEIGHED: Mapping[Verdict, Texts] = {
    Verdict.HIGHER: texts("Dat is aantoonbaar hoger.", "That is demonstrably higher."),
    Verdict.LOWER: texts("Dat is aantoonbaar lager.", "That is demonstrably lower."),
    Verdict.NO_DIFFERENCE: texts("Dat verschil kan toeval of ruis zijn.", "That difference may be chance or noise."),
    Verdict.NOT_TOLD: texts("Dat is niet te vergelijken.", "They cannot be compared."),
}
WHY: Mapping[Why, Texts] = {
    Why.TOO_UNCERTAIN: texts("Niet getoond: te weinig gevallen", "Not shown: too few cases"),
    Why.NOT_DELIVERED: texts("Geen levering", "Not delivered"),
    Why.WITHDRAWN: texts("Ingetrokken", "Withdrawn"),
    Why.NOT_COUNTED: texts("Wordt hier niet geteld", "Not counted here"),
}
RELIABILITY: Mapping[Reliability, Texts] = {
    Reliability.A: texts("vrij precies", "fairly precise"),
    Reliability.B: texts("redelijk precies", "reasonably precise"),
    Reliability.C: texts("onzeker", "uncertain"),
    Reliability.TOO_UNCERTAIN: texts("erg onzeker", "very uncertain"),
}
BREAKS: Mapping[BreakKind, Texts] = {
    BreakKind.CODE_LIST: texts("nieuwe codelijst", "new code list"),
    BreakKind.BOUNDARY: texts("nieuwe indeling van gebieden", "new boundaries"),
    BreakKind.PARTNER: texts("andere organisaties leveren", "other organisations deliver"),
    BreakKind.LAW: texts("nieuwe regels of definities", "new rules or definitions"),
    BreakKind.SOURCE: texts("een organisatie telt uit een andere bron", "an organisation counts from another source"),
}
BREAK_MARKS: Mapping[BreakKind, Texts] = {  # in a chart there is little room
    BreakKind.CODE_LIST: texts("nieuwe codelijst", "new code list"),
    BreakKind.BOUNDARY: texts("nieuwe indeling", "new boundaries"),
    BreakKind.PARTNER: texts("andere bronnen", "other sources"),
    BreakKind.LAW: texts("nieuwe regels", "new rules"),
    BreakKind.SOURCE: texts("nieuwe bron", "new source"),
}
LEVELS: Mapping[Level, tuple[Texts, Texts]] = {
    Level.GEMEENTE: (texts("gemeente", "municipality"), texts("gemeenten", "municipalities")),
    Level.WIJK: (texts("wijk", "district"), texts("wijken", "districts")),
    Level.BUURT: (texts("buurt", "neighbourhood"), texts("buurten", "neighbourhoods")),
    Level.PC4: (texts("postcodegebied", "postcode area"), texts("postcodegebieden", "postcode areas")),
}
TYPES: Mapping[PartnerType, Texts] = {
    PartnerType.VEILIG_THUIS: texts("Veilig Thuis", "Veilig Thuis (reporting centre)"),
    PartnerType.POLITIE: texts("politie", "police"),
    PartnerType.GGD: texts("GGD", "public health service"),
    PartnerType.SCHOOL: texts("scholen", "schools"),
    PartnerType.GGZ: texts("geestelijke gezondheidszorg", "mental health care"),
    PartnerType.VERSLAVINGSZORG: texts("verslavingszorg", "addiction care"),
    PartnerType.DIERENPOLITIE: texts("dierenpolitie", "animal police"),
    PartnerType.JEUGDHULP: texts("jeugdhulp", "youth care"),
    PartnerType.GEMEENTE: texts("gemeente", "municipality"),
    PartnerType.CORPORATIE: texts("woningcorporatie", "housing association"),
    PartnerType.OTHER: texts("andere organisatie", "other organisation"),
}
# What CBS publishes of areas, by its names of several years, that a reader of these pages asks for.
CONTEXT: Mapping[str, Texts] = {
    "inkomen_laag": texts("Mensen met een laag inkomen (%)", "People with a low income (%)"),
    "p_ink_li": texts("Mensen met een laag inkomen (%)", "People with a low income (%)"),
    "p_hh_osm": texts("Huishoudens rond het sociaal minimum (%)", "Households around the social minimum (%)"),
    "p_1p_hh": texts("Huishoudens van één persoon (%)", "Households of one person (%)"),
    "p_hh_m_k": texts("Huishoudens met kinderen (%)", "Households with children (%)"),
    "g_hhgro": texts("Mensen per huishouden", "People in a household"),
    "a_00_14": texts("Kinderen tot 15 jaar", "Children under 15"),
    "a_65_oo": texts("Mensen van 65 jaar en ouder", "People of 65 and older"),
    "bev_dich": texts("Inwoners op een vierkante kilometer", "Inhabitants of a square kilometre"),
}
COMPARABLE = frozenset(
    {"inkomen_laag", "p_ink_li", "p_hh_osm", "p_1p_hh", "p_hh_m_k", "g_hhgro", "bev_dich"}
)  # no counts


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
