"""Late registrations are added to the figures they belong to; what may still change is provisional."""

import json
from fractions import Fraction

import numpy as np
import pytest

from coordinator.combine import NoisyTable, combine
from coordinator.figures_file import DICTIONARY, LICENCE, FigureRow, figure_rows, figures_json, rows_csv
from privacy.counts import NoisedCounts
from privacy.precision import Hidden, Shown
from protocol.release import NotShown
from protocol.study.declaration import Coverage
from protocol.study.study import Study
from protocol.words.geography import AreaCode
from protocol.words.ids import TableId
from protocol.words.period import Period
from tests import bundles, example

Q1, Q2 = Period("2026-Q1"), Period("2026-Q2")


def late_study(lateness: int = 1) -> Study:
    """Return the example study with only its first own table, of which late registrations are counted."""
    made = example.study()
    table = next(entry for entry in made.tables if not entry.is_joint and entry.categories is None)
    late = table.model_copy(update={"lateness": lateness})
    return Study.parse(made.model_copy(update={"tables": (late,)}).encode())


def part(study: Study, period: Period, counted_in: Period, values: list[int], variance: int | None = 100) -> NoisyTable:
    areas = tuple(AreaCode(f"WK{place:06d}") for place in range(len(values)))
    counts = NoisedCounts(np.array(values, dtype=np.int64))
    noise = None if variance is None else Fraction(variance)
    return NoisyTable(study.tables[0].id, period, counted_in, areas, (None,), counts, noise)


def test_late_registrations_are_added_and_the_first_figures_stay_readable() -> None:
    """VT-20: a figure is provisional until no round may add to it, and its revisions are kept.

    Variances add up: 100 and 100 are 200, of which the 95 % half-width is 28 (1.96 * 14.14 = 27.7).
    """
    study = late_study()
    first = combine([part(study, Q1, Q1, [500, 80])], study)[0]
    assert first.provisional
    assert [cell.value for cell in first.cells if isinstance(cell, Shown)] == [500, 80]
    tables = [part(study, Q2, Q2, [400, 90]), part(study, Q1, Q2, [25, -3]), part(study, Q1, Q1, [500, 80])]
    before, after = combine(tables, study)
    assert before.newest.period == Q1
    assert not before.provisional
    assert before.cells == (Shown(525, 28), Shown(77, 28))
    assert before.variance == 200
    assert [revision.counted_in for revision in before.revisions] == [Q1, Q2]
    assert before.revisions[0].cells == first.cells
    assert after.provisional
    # Negative control: a study without late registrations is final at once.
    assert not combine([part(late_study(0), Q1, Q1, [500, 80])], late_study(0))[0].provisional


def test_a_late_part_that_was_not_delivered_leaves_a_figure_provisional() -> None:
    study = late_study()
    (only,) = combine([part(study, Q1, Q1, [500]), part(study, Q1, Q2, [0], variance=None)], study)
    assert only.provisional
    assert only.cells == (Shown(500, 20),)


def test_what_was_not_delivered_is_not_made_up_from_late_parts() -> None:
    study = late_study()
    (only,) = combine([part(study, Q1, Q1, [0], variance=None), part(study, Q1, Q2, [900])], study)
    assert only.cells == (Hidden(NotShown.NOT_DELIVERED),)
    assert not combine([part(study, Q1, Q2, [900])], study)  # the period's own round is not there


def test_the_file_has_margins_reasons_a_licence_and_a_dictionary() -> None:
    """VT-19 (files): CSV and JSON with every column explained; a hidden cell is empty and never zero."""
    study = late_study()
    made = [part(study, Q1, Q1, [500, 3])]
    codes = example.geography().codes_at(study.tables[0].level)[:2]
    placed = NoisyTable(made[0].table, Q1, Q1, codes, (None,), made[0].values, made[0].variance)
    owner = study.tables[0].contributors[0]
    declared = [bundles.declaration(study, owner)]
    assert declared[0].declaration.tables[0].coverage is Coverage.COMPLETE
    rows = tuple(figure_rows(combine([placed], study), study, example.covenant(), example.geography(), declared))
    lines = b"".join(rows_csv(rows, FigureRow)).decode().splitlines()
    assert lines[0] == f"# {LICENCE}"
    assert lines[1].split(";") == list(DICTIONARY)
    shown, hidden = (dict(zip(DICTIONARY, line.split(";"), strict=True)) for line in lines[2:])
    assert (shown["value"], shown["margin"], shown["status"], shown["coverage"]) == ("500", "20", "*", "complete")
    assert (hidden["value"], hidden["margin"], hidden["reason"]) == ("", "", "too-uncertain")
    tree = json.loads(b"".join(figures_json(rows)))
    assert tree["figures"][1]["value"] is None
    assert set(tree["dictionary"]) == set(tree["figures"][0])
    gone = tuple(
        figure_rows(combine([placed], study), study, example.covenant(), example.geography(), declared, withdrawn={Q1})
    )
    assert {row.reason for row in gone} == {"withdrawn"}
    assert all(row.value is None for row in gone)


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_a_text_that_a_spreadsheet_would_run_is_disarmed(start: str) -> None:
    study = late_study()
    made = part(study, Q1, Q1, [500])
    geography = example.geography()
    area = geography.areas[0].model_copy(update={"name": f"{start}cmd"})
    named = geography.model_copy(update={"areas": (area, *geography.areas[1:])})
    placed = NoisyTable(TableId(made.table), Q1, Q1, (area.code,), (None,), made.values, made.variance)
    rows = tuple(figure_rows(combine([placed], study), study, example.covenant(), named, ()))
    assert f";'{start}cmd;" in b"".join(rows_csv(rows, FigureRow)).decode()
