"""Computes: what the quality report says in words, Dutch (B1) or English."""

from collections.abc import Mapping

from partner_node.delivery.faults import Reason
from partner_node.quality.levels import BEST, Dimension
from privacy.language import Language

_Texts = Mapping[Language, str]


def _texts(nl: str, en: str) -> _Texts:
    return {Language.DUTCH: nl, Language.ENGLISH: en}


NAMES: Mapping[Dimension, _Texts] = {
    Dimension.COMPLETENESS: _texts("Volledigheid", "Completeness"),
    Dimension.TIMELINESS: _texts("Op tijd", "On time"),
    Dimension.AREA: _texts("Plaats", "Place"),
    Dimension.UNIT: _texts("Huishouden", "Household"),
    Dimension.CODES: _texts("Codes", "Codes"),
    Dimension.COVERAGE: _texts("Maanden", "Months"),
    Dimension.CHANGE: _texts("Verschil met vorige levering", "Change since the last delivery"),
}
# What to do next: at the best level, at level 3 or 4, at level 1 or 2.
_GOOD, _SOME, _MUCH = 0, 1, 2
_ADVICE: Mapping[Dimension, tuple[_Texts, _Texts, _Texts]] = {
    Dimension.COMPLETENESS: (
        _texts("Bijna alles is ingevuld. U hoeft niets te doen.", "Almost everything is filled. Nothing to do."),
        _texts(
            "Kijk bij 'Kolommen' welke kolom vaak leeg is. Vul aan wat u nog weet.",
            "See under 'Columns' which column is often empty. Fill in what you still know.",
        ),
        _texts(
            "Veel is leeg of onbruikbaar. Laat de export nakijken en lever daarna opnieuw.",
            "Much is empty or cannot be used. Have the export checked, then deliver again.",
        ),
    ),
    Dimension.TIMELINESS: (
        _texts("De levering is op tijd. U hoeft niets te doen.", "The delivery is on time. Nothing to do."),
        _texts(
            "Lever de volgende keer binnen drie weken na de laatste dag. Registreer sneller wat laat binnenkomt.",
            "Next time, deliver within three weeks of the last day. Record sooner what comes in late.",
        ),
        _texts(
            "Te veel komt te laat binnen. Spreek een vaste leverdag af en registreer sneller.",
            "Too much comes in too late. Agree on a fixed day of delivery, and record sooner.",
        ),
    ),
    Dimension.AREA: (
        _texts(
            "Bijna elke rij heeft een buurt. U hoeft niets te doen.", "Almost every row has a buurt. Nothing to do."
        ),
        _texts(
            "Een deel van de rijen heeft geen buurt. Lever ook postcode en huisnummer: de node zoekt de buurt erbij.",
            "Some rows have no buurt. Deliver postcode and house number too: the node looks up the buurt.",
        ),
        _texts(
            "Veel rijen hebben geen buurt. Lever postcode en huisnummer. Adressen blijven bij uw organisatie.",
            "Many rows have no buurt. Deliver postcode and house number. Addresses stay with your organisation.",
        ),
    ),
    Dimension.UNIT: (
        _texts("Bijna elke rij hoort bij een huishouden. U hoeft niets te doen.", "Almost every row has a household."),
        _texts(
            "Bij een deel van de rijen is het huishouden niet bekend. Vul het nummer of het adres aan.",
            "Of some rows the household is not known. Fill in the number or the address.",
        ),
        _texts(
            "Van veel rijen is het huishouden niet bekend. Die zijn minder goed beschermd. Laat dit eerst nakijken.",
            "Of many rows the household is not known. They are less well protected. Have this looked at first.",
        ),
    ),
    Dimension.CODES: (
        _texts("Bijna alle codes kloppen. U hoeft niets te doen.", "Almost all codes are right. Nothing to do."),
        _texts(
            "Een deel van de codes staat niet in de lijst. Pas de koppeling aan of verbeter de codes.",
            "Some codes are not in the list. Mend the mapping or the codes.",
        ),
        _texts(
            "Veel codes staan niet in de lijst. Gebruikt u een andere versie van de lijst? Vraag de coördinator erom.",
            "Many codes are not in the list. Do you use another version of it? Ask the coordinator for it.",
        ),
    ),
    Dimension.COVERAGE: (
        _texts("In elke maand zijn er genoeg rijen. U hoeft niets te doen.", "Every month has enough rows."),
        _texts(
            "Sommige maanden hebben weinig of geen rijen. Klopt dat? Leg het dan uit bij uw verklaring.",
            "Some months have few rows or none. Is that right? Then explain it in your declaration.",
        ),
        _texts(
            "In veel maanden zijn er weinig of geen rijen. Laat de export nakijken en lever daarna opnieuw.",
            "Many months have few rows or none. Have the export checked, then deliver again.",
        ),
    ),
    Dimension.CHANGE: (
        _texts("Er is bijna niets veranderd. U hoeft niets te doen.", "Almost nothing changed. Nothing to do."),
        _texts(
            "Een deel van de rijen is veranderd of weg. Kijk of dat zo bedoeld is.",
            "Some rows changed or are gone. See whether that was meant.",
        ),
        _texts(
            "Veel rijen zijn veranderd of weg. Zijn er nieuwe nummers uitgedeeld? Laat dit nakijken.",
            "Many rows changed or are gone. Were record numbers given out anew? Have this looked at.",
        ),
    ),
}
_NOTHING: Mapping[Dimension, _Texts] = {
    Dimension.CHANGE: _texts(
        "Er is niets om mee te vergelijken. Bij een volgende levering van deze maanden wel.",
        "There is nothing to compare with. At the next delivery of these months there is.",
    ),
    Dimension.COVERAGE: _texts(
        "Er is nog geen hele maand om te beoordelen.",
        "There is no whole month to judge yet.",
    ),
}
_NOT_MAPPED = _texts(
    "Er is niets te beoordelen: deze kolommen levert u niet.",
    "There is nothing to judge: you do not deliver these columns.",
)
REASONS: Mapping[Reason, _Texts] = {
    Reason.EMPTY: _texts("leeg", "empty"),
    Reason.DUMMY_UNIT: _texts("nummer dat voor 'onbekend' staat", "number that stands for 'unknown'"),
    Reason.INSTITUTION: _texts("adres van een instelling", "address of an institution"),
    Reason.UNREADABLE_DATE: _texts("geen leesbare datum", "no readable date"),
    Reason.IMPOSSIBLE_DATE: _texts("datum die niet bestaat", "date that does not exist"),
    Reason.UNKNOWN_DAY: _texts(
        "dag onbekend; de eerste van de maand telt", "day unknown; the first of the month counts"
    ),
    Reason.UNKNOWN_MONTH: _texts("maand onbekend", "month unknown"),
    Reason.FUTURE_DATE: _texts("datum in de toekomst", "date in the future"),
    Reason.OUTSIDE_SPAN: _texts("datum buiten de levering", "date outside the delivery"),
    Reason.UNREADABLE_AREA: _texts("geen leesbaar gebied", "no readable area"),
    Reason.UNKNOWN_AREA: _texts("gebied dat niet bestaat", "area that does not exist"),
    Reason.OLD_AREA: _texts("gebied van een eerder jaar", "area of an earlier year"),
    Reason.FOREIGN_AREA: _texts("gebied buiten de gemeenten", "area outside the municipalities"),
    Reason.UNKNOWN_POSTCODE: _texts("postcode zonder bekende buurt", "postcode without a known buurt"),
    Reason.UNKNOWN_CODE: _texts("code die niet in de lijst staat", "code that is not in the list"),
    Reason.CODE_NOT_VALID: _texts("code die op die dag niet gold", "code not valid on that day"),
    Reason.UNREADABLE_FLAG: _texts("geen ja of nee", "no yes or no"),
    Reason.UNREADABLE_AMOUNT: _texts("geen heel getal", "no whole number"),
    Reason.AMOUNT_OUT_OF_RANGE: _texts("getal dat niet kan", "number that cannot be"),
    Reason.DOUBLED: _texts("dezelfde rij nog eens", "the same row again"),
    Reason.DOUBLED_OTHERWISE: _texts("dezelfde registratie met andere inhoud", "the same record with other contents"),
}
AREAS: Mapping[str, _Texts] = {
    "buurt": _texts("buurt", "buurt"),
    "wijk": _texts("alleen wijk", "wijk only"),
    "pc4": _texts("alleen de cijfers van de postcode", "digits of the postcode only"),
    "gemeente": _texts("alleen gemeente", "municipality only"),
}
_MONTHS: Mapping[Language, tuple[str, ...]] = {
    Language.DUTCH: (
        *("januari", "februari", "maart", "april", "mei", "juni"),
        *("juli", "augustus", "september", "oktober", "november", "december"),
    ),
    Language.ENGLISH: (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}


def advice(dimension: Dimension, level: int | None, language: Language) -> str:
    """Return what to do next at this level."""
    if level is None:
        return _NOTHING.get(dimension, _NOT_MAPPED)[language]
    return _ADVICE[dimension][_GOOD if level == BEST else _SOME if level > BEST // 2 else _MUCH][language]


def number(value: int, language: Language) -> str:
    """Return a number with its thousands apart: 12.345 in Dutch, 12,345 in English."""
    return f"{value:,}".replace(",", "." if language is Language.DUTCH else ",")


def month_name(month: str, language: Language) -> str:
    """Return 2026-07 as `juli 2026`."""
    year, _, place = month.partition("-")
    return f"{_MONTHS[language][int(place) - 1]} {year}"
