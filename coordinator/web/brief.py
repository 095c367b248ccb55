"""Computes: an area in at most four sentences: what is higher, lower or cannot be told apart, and what is hidden."""

from collections.abc import Sequence

from coordinator.estimates.verdicts import Verdict
from coordinator.web import words
from coordinator.web.rows import Row
from privacy.language import Language


def brief(rows: Sequence[Row], language: Language) -> tuple[str, ...]:
    """Return the sentences of an area's topics; none where nothing was compared or hidden."""
    nl = language is Language.DUTCH
    verdicts = [row.figure.verdict for row in rows if row.figure]
    same, hidden = verdicts.count(Verdict.NO_DIFFERENCE), len(rows) - len(verdicts)
    told = [
        ("Aantoonbaar hoger dan de gemeente" if nl else "Demonstrably higher than the municipality", Verdict.HIGHER),
        ("Aantoonbaar lager dan de gemeente" if nl else "Demonstrably lower than the municipality", Verdict.LOWER),
    ]
    lines = [f"{text}: {names}." for text, verdict in told if (names := _named(rows, verdict, language))]
    if same:
        number = f"Geen aantoonbaar verschil: {same} van de {len(rows)} onderwerpen."
        why = "Verschillen die u ziet kunnen daar toeval of ruis zijn."
        number_en = f"No demonstrable difference: {same} of the {len(rows)} topics."
        lines.append(f"{number} {why}" if nl else f"{number_en} Differences that you see there may be chance or noise.")
    if hidden:
        shown = f"Geen cijfer: {hidden} van de {len(rows)} onderwerpen. Dat is geen nul."
        lines.append(shown if nl else f"No figure: {hidden} of the {len(rows)} topics. That is not zero.")
    return tuple(lines)


def _named(rows: Sequence[Row], verdict: Verdict, language: Language) -> str:
    return ", ".join(
        words.topic(row.indicator, language) for row in rows if row.figure and row.figure.verdict is verdict
    )
