"""Computes: the figure behind each level of the quality report, as one sentence."""

from collections.abc import Callable

from partner_node.quality.findings import QualityReport
from partner_node.quality.levels import Dimension
from partner_node.quality.words import number
from privacy.language import Language


def figure(report: QualityReport, dimension: Dimension, language: Language) -> str:
    """Return what was found for a dimension."""
    dutch, english = _SENTENCES[dimension](report, lambda value: number(value, language))
    return dutch if language is Language.DUTCH else english


_Sentences = tuple[str, str]
_Number = Callable[[int], str]


def _completeness(report: QualityReport, n: _Number) -> _Sentences:
    read, unused = (sum(values) for values in zip(*((file.read, file.unused) for file in report.files), strict=True))
    cells, empty = (sum(values) for values in zip(*((each.rows, each.empty) for each in report.columns), strict=True))
    return (
        f"{n(read - unused)} van {n(read)} rijen zijn bruikbaar. Van {n(cells)} cellen zijn er {n(empty)} leeg.",
        f"{n(read - unused)} of {n(read)} rows can be used. Of {n(cells)} cells, {n(empty)} are empty.",
    )


def _timeliness(report: QualityReport, n: _Number) -> _Sentences:
    dutch = f"Geleverd {n(report.waited_days)} dagen na de laatste dag van de levering."
    english = f"Delivered {n(report.waited_days)} days after the last day that it covers."
    if report.change is not None:
        late = n(report.change.late)
        dutch += f" {late} nieuwe rijen hadden al in de vorige levering moeten staan."
        english += f" {late} new rows should have been in the last delivery."
    return dutch, english


def _area(report: QualityReport, n: _Number) -> _Sentences:
    rows = sum(area.rows for area in report.areas)
    return (
        f"{n(report.areas[0].rows)} van {n(rows)} rijen hebben een buurt.",
        f"{n(report.areas[0].rows)} of {n(rows)} rows have a buurt.",
    )


def _unit(report: QualityReport, n: _Number) -> _Sentences:
    units = report.units
    return (
        f"{n(units.shared)} van {n(units.rows)} rijen horen bij een huishouden. De andere tellen elk als een eigen.",
        f"{n(units.shared)} of {n(units.rows)} rows belong to a household. Each of the others counts as its own.",
    )


def _codes(report: QualityReport, n: _Number) -> _Sentences:
    coded = [column for column in report.columns if column.is_code]
    filled, wrong = sum(each.rows - each.empty for each in coded), sum(each.wrong for each in coded)
    return (
        f"{n(filled - wrong)} van {n(filled)} ingevulde codes kloppen.",
        f"{n(filled - wrong)} of {n(filled)} filled codes are right.",
    )


def _coverage(report: QualityReport, n: _Number) -> _Sentences:
    judged = [month for month in report.months if month.is_judged]
    striking = n(sum(month.is_striking for month in judged))
    return (
        f"Van {n(len(judged))} hele maanden hebben er {striking} weinig of geen rijen.",
        f"Of {n(len(judged))} whole months, {striking} have few rows or none.",
    )


def _change(report: QualityReport, n: _Number) -> _Sentences:
    change = report.change
    if change is None:
        return "Dit is de eerste levering die de node kent.", "This is the first delivery that the node knows."
    return (
        f"{n(change.new)} rijen nieuw, {n(change.changed)} veranderd, {n(change.gone)} weg.",
        f"{n(change.new)} rows new, {n(change.changed)} changed, {n(change.gone)} gone.",
    )


_SENTENCES: dict[Dimension, Callable[[QualityReport, _Number], _Sentences]] = {
    Dimension.COMPLETENESS: _completeness,
    Dimension.TIMELINESS: _timeliness,
    Dimension.AREA: _area,
    Dimension.UNIT: _unit,
    Dimension.CODES: _codes,
    Dimension.COVERAGE: _coverage,
    Dimension.CHANGE: _change,
}
