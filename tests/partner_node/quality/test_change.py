"""Change against the last delivery, and the file in which the last one's facts are kept."""

import os
import stat
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from partner_node.delivery.values import Span
from partner_node.profiles.politie import POLITIE
from partner_node.quality.change import Change, Known
from partner_node.quality.facts import COLUMNS
from partner_node.quality.levels import Dimension
from partner_node.quality.page import quality_page
from partner_node.quality.previous import WrongFacts, keep_facts, load_facts
from partner_node.quality.save import FACTS, JSON, PAGE, save_quality_report
from partner_node.vault.unit_key import event_keys, unit_keys
from tests.partner_node.quality.deliveries import (
    HALF_YEAR,
    MAPPING,
    SECRET,
    TODAY,
    change,
    delivered,
    facts,
    report,
)

FIRST = (
    "I1;H1;BU99010001;;10-01-2026;J;P1",
    "I2;H1;BU99010001;;10-02-2026;J;P1|P2",
    "I3;H2;BU99010002;;10-03-2026;J;P1",
    "I4;H2;BU99010002;;10-04-2026;J;P1",
    "I5;H3;BU99010002;;10-04-2026;N;P1",
)


def test_the_same_rows_in_another_order_and_spelling_are_the_same() -> None:
    """Negative control of all below: nothing is new, changed or gone."""
    again = [row.replace("P1|P2", "P2|P1").replace(";H1;", "; h1;") for row in reversed(FIRST)]
    assert change(delivered(*again), delivered(*FIRST)) == Change(date(2026, 6, 1), 0, 0, 5, 0, 0, None, None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (FIRST[0], "I1;H1;BU99010001;;11-01-2026;J;P1"),
        (FIRST[0], "I1;H1;BU99010002;;10-01-2026;J;P1"),
        (FIRST[0], "I1;H1;BU99010001;;10-01-2026;N;P1"),
        (FIRST[0], "I1;H1;BU99010001;;10-01-2026;J;P2"),
        (FIRST[1], "I2;H1;BU99010001;;10-02-2026;J;P1"),
        (FIRST[1], "I2;H1;BU99010001;;10-02-2026;J;P1|P3"),
        (FIRST[1], "I2;H1;BU99010001;;10-02-2026;J;"),
    ],
)
def test_another_day_area_flag_or_code_is_a_change(old: str, new: str) -> None:
    now = delivered(*(new if row == old else row for row in FIRST))
    assert change(now, delivered(*FIRST)) == Change(date(2026, 6, 1), 0, 0, 4, 1, 0, None, None)


def test_another_household_is_one_row_gone_and_one_new() -> None:
    now = delivered(FIRST[0].replace("H1", "H9"), *FIRST[1:])
    assert change(now, delivered(*FIRST)) == Change(date(2026, 6, 1), 1, 1, 4, 0, 1, None, None)


def test_new_rows_are_late_if_the_last_delivery_covered_their_day() -> None:
    """The last one covered January to May."""
    new = ("I6;H1;BU99010001;;31-05-2026;J;P1", "I7;H1;BU99010001;;01-06-2026;J;P1")
    found = change(delivered(*FIRST, *new), delivered(*FIRST))
    assert (found.new, found.late, found.same) == (2, 1, 5)


def test_one_event_of_two_households_is_two_rows() -> None:
    both = (*FIRST, "I1;H7;BU99010001;;10-01-2026;J;P1")
    assert change(delivered(*both), delivered(*both)).same == 6
    found = change(delivered(*FIRST), delivered(*both))
    assert (found.same, found.gone) == (5, 1)


def test_rows_of_months_that_this_delivery_does_not_cover_are_not_gone() -> None:
    """A delivery of April to June says nothing of January to March."""
    quarter = Span(date(2026, 4, 1), date(2026, 6, 30))
    found = change(delivered(FIRST[3], "I8;H8;BU99010001;;02-06-2026;J;P1"), delivered(*FIRST), covers=quarter)
    assert (found.same, found.new, found.gone) == (1, 1, 1)  # I5 of April is gone; I1, I2 and I3 are not looked for


def known_events(*names: str) -> Known:
    """Return a round's memory of these events of households H1 to H3."""
    events = {key.tobytes() for key in event_keys(SECRET, [f"incident\x1f{name}" for name in names])}
    units = {key.tobytes() for key in unit_keys(SECRET, [f"household\x1fh{number}" for number in (1, 2, 3)])}

    def known(unit_key: NDArray[np.uint8], event_key: NDArray[np.uint8]) -> NDArray[np.bool_]:
        pairs = zip(unit_key, event_key, strict=True)
        return np.array([u.tobytes() in units and e.tobytes() in events for u, e in pairs], dtype=bool)

    return known


def test_rows_that_a_round_knew_and_that_are_gone_or_changed_are_counted_and_not_subtracted() -> None:
    """VT-24: a redelivery takes the place of the last one; what was counted is listed as a number."""
    now = delivered(FIRST[0].replace("P1", "P6"), FIRST[1].replace("P1|P2", "P6"), FIRST[2])
    found = change(now, delivered(*FIRST), known=known_events("i1", "i4", "i5", "i3"))
    assert found == Change(date(2026, 6, 1), 0, 0, 1, 2, 2, changed_known=1, gone_known=2)
    told = report(now, against=found)
    assert told.score(Dimension.CHANGE).level == 1
    page = quality_page(told, POLITIE)
    assert "Veranderd: 2. Daarvan waren er 1 al bekend in een ronde." in page
    assert "Weg: 2. Daarvan waren er 2 al bekend in een ronde." in page


def test_facts_are_keyed_and_equal_contents_of_two_rows_are_unequal() -> None:
    rows = facts(delivered(*FIRST)).rows
    other = facts(delivered(*FIRST, secret=bytes(32)), secret=bytes(32)).rows
    assert rows.columns == list(COLUMNS)
    assert rows["content"].n_unique() == 5
    assert rows["event"].to_list() == [
        key.tobytes() for key in event_keys(SECRET, [f"incident\x1fi{number}" for number in range(1, 6)])
    ]
    assert not set(rows["content"]) & set(other["content"])
    assert not set(rows["month"]) & set(other["month"])


def test_facts_come_back_as_they_were_kept(tmp_path: Path) -> None:
    path = tmp_path / "facts.parquet"
    assert load_facts(path) is None
    kept = facts(delivered(*FIRST))
    keep_facts(path, facts(delivered(FIRST[0])))
    keep_facts(path, kept)
    loaded = load_facts(path)
    assert loaded is not None
    assert (loaded.delivered_on, loaded.covers) == (TODAY, HALF_YEAR)
    assert loaded.rows.equals(kept.rows)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["facts.parquet"]


def test_facts_that_others_may_read_or_that_are_no_facts_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "facts.parquet"
    keep_facts(path, facts(delivered(*FIRST)))
    whole = path.read_bytes()
    path.chmod(0o640)
    with pytest.raises(WrongFacts, match="others may read"):
        load_facts(path)
    for body in (b"", whole[:-20], b"PAR1" + bytes(40)):
        path.write_bytes(body)
        path.chmod(0o600)
        with pytest.raises(WrongFacts, match="cannot be read"):
            load_facts(path)
    pl.DataFrame({"event": ["a"]}).write_parquet(
        path, metadata={"format": "1", **dict.fromkeys(("delivered_on", "first_day", "last_day"), "2026-01-01")}
    )
    with pytest.raises(WrongFacts, match="another form"):
        load_facts(path)


def test_a_report_is_saved_for_the_nodes_user_alone_and_the_next_one_compares(tmp_path: Path) -> None:
    def save(*rows: str) -> Change | None:
        return save_quality_report(
            delivered(*rows), POLITIE, MAPPING, folder=tmp_path, secret=SECRET, delivered_on=TODAY, covers=HALF_YEAR
        ).change

    old = os.umask(0)
    try:
        assert save(*FIRST) is None
    finally:
        os.umask(old)
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == dict.fromkeys(
        (PAGE, JSON, FACTS), 0o600
    )
    assert save(*FIRST[:4]) == Change(TODAY, 0, 0, 4, 0, 1, None, None)
    assert save(*FIRST[:4]) == Change(TODAY, 0, 0, 4, 0, 0, None, None)
