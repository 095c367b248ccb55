"""Computes: an area in at most four sentences: what is higher, lower or cannot be told apart, and what is hidden."""

from collections.abc import Sequence

from coordinator.estimates.verdicts import Verdict
from coordinator.web import words
from coordinator.web.address import View
from coordinator.web.rows import Row
from privacy.language import Language

Sentence = tuple[words.Told, ...]  # its parts, each in one language


def brief(rows: Sequence[Row], view: View) -> tuple[Sentence, ...]:
    """Return the sentences of an area's topics; none where nothing was compared or hidden."""
    language = view.language
    nl = language is Language.DUTCH
    verdicts = [row.figure.verdict for row in rows if row.figure]
    same, hidden = verdicts.count(Verdict.NO_DIFFERENCE), len(rows) - len(verdicts)
    told = [
        ("Aantoonbaar hoger dan de gemeente" if nl else "Demonstrably higher than the municipality", Verdict.HIGHER),
        ("Aantoonbaar lager dan de gemeente" if nl else "Demonstrably lower than the municipality", Verdict.LOWER),
    ]
    lines = [_naming(text, found, view) for text, verdict in told if (found := _with(rows, verdict))]
    counts = []
    if same:
        number = f"Geen aantoonbaar verschil: {same} van de {len(rows)} onderwerpen."
        why = "Verschillen die u ziet kunnen daar toeval of ruis zijn."
        number_en = f"No demonstrable difference: {same} of the {len(rows)} topics."
        counts.append(
            f"{number} {why}" if nl else f"{number_en} Differences that you see there may be chance or noise."
        )
    if hidden:
        shown = f"Geen cijfer: {hidden} van de {len(rows)} onderwerpen. Dat is geen nul."
        counts.append(shown if nl else f"No figure: {hidden} of the {len(rows)} topics. That is not zero.")
    return (*lines, *((words.Told(each, language),) for each in counts))


def _with(rows: Sequence[Row], verdict: Verdict) -> Sequence[Row]:
    return [row for row in rows if row.figure and row.figure.verdict is verdict]


def _naming(text: str, rows: Sequence[Row], view: View) -> Sentence:
    """Return a sentence that ends with the topics of these rows."""
    parts = [words.Told(f"{text}: ", view.language)]
    for row in rows:
        parts += [words.topic(row.indicator, view), words.Told(", ", view.language)]
    return (*parts[:-1], words.Told(".", view.language))
