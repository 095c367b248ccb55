"""Computes: what may be said of a change after a date: how much, beside which areas, and never why."""

from collections.abc import Mapping

from coordinator.estimates.verdicts import Verdict
from coordinator.web.monitor import Effect, Monitor
from coordinator.web.period_words import period
from privacy.language import Language

_PERCENT = 100
CHECKLIST: Mapping[Language, tuple[str, ...]] = {
    Language.DUTCH: (
        "Is de registratie of de indeling veranderd?",
        "Was er een campagne of een nieuwe meldroute? Dan kan hoger juist de bedoeling zijn.",
        "Gaat het om enkele gezinnen met veel meldingen?",
        "Ontbreekt er een levering?",
        "Is een ander gebied tegelijk veranderd?",
    ),
    Language.ENGLISH: (
        "Did registration or the boundaries change?",
        "Was there a campaign or a new way to report? Then higher may be what was wanted.",
        "Is it a few families with many reports?",
        "Is a delivery missing?",
        "Did another area change at the same time?",
    ),
}


def effect_sentence(effect: Effect, monitor: Monitor, language: Language) -> str:
    """Return what may be said of one effect, after its label, without a cause."""
    nl = language is Language.DUTCH
    area, start = monitor.areas[effect.area].name, period(effect.first, language)
    opening = f", {area}, vanaf {start}: " if nl else f", {area}, from {start}: "
    if effect.change is None:
        nothing = "hier is niets over te zeggen, er zijn te weinig cijfers of te weinig vergelijkbare gebieden."
        nothing_en = "nothing can be said, there are too few figures or too few similar areas."
        return opening + (nothing if nl else nothing_en)
    change = effect.change
    margin = f"{_percent(change.low, language)} {'tot' if nl else 'to'} {_percent(change.high, language)}"
    beside = f"{change.areas} vergelijkbare gebieden" if nl else f"{change.areas} similar areas"
    if change.verdict is Verdict.NO_DIFFERENCE:
        same = f"geen aantoonbaar verschil met hoe het in {beside} ging (marge: {margin})."
        hidden = "Dat wil niet zeggen dat er niets veranderde: een klein verschil is hier niet te zien."
        same_en = f"no demonstrable difference from how {beside} went (margin: {margin})."
        hidden_en = "That does not mean that nothing changed: a small difference cannot be seen here."
        return opening + (f"{same} {hidden}" if nl else f"{same_en} {hidden_en}")
    size = _percent(change.ratio, language)
    why = "Waardoor dat komt, zeggen deze cijfers niet."
    told = f"aantoonbaar {size} dan je zou verwachten van {beside} (marge: {margin}). {why}"
    why_en = "These figures do not say why."
    told_en = f"demonstrably {size} than {beside} would make one expect (margin: {margin}). {why_en}"
    return opening + (told if nl else told_en)


def _percent(ratio: float, language: Language) -> str:
    """Return a ratio as `12 % hoger`; 1 is `0 % hoger`."""
    nl = language is Language.DUTCH
    way = ("lager" if nl else "lower") if ratio < 1 else ("hoger" if nl else "higher")
    return f"{abs(_PERCENT * (ratio - 1)):.0f} % {way}"


def alike(effect: Effect, monitor: Monitor) -> str:
    """Return the names of the areas that it was compared with, nearest in kind first."""
    return ", ".join(monitor.areas[code].name for code in effect.alike)
