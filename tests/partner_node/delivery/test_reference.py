"""The reader against a slow one in plain Python, and what may not change a delivery: order, files, other units."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partner_node.delivery.delivery import Delivery, read_delivery
from partner_node.delivery.mapping import parse_mapping
from partner_node.profiles.veilig_thuis import VEILIG_THUIS
from partner_node.vault.unit_key import event_keys, unit_keys
from protocol.words.ids import MeasureId
from tests.partner_node.delivery.files import Text, area_table, geography
from tests.reference import delivery as slow

TODAY = date(2026, 7, 15)
SECRET = bytes(range(32))
FORMER = frozenset(map(str, area_table().former))
MAPPING = "\n".join(
    [
        'format = 1\nprofile = "veilig-thuis"\nroute = "household"',
        '[record.melding]\nfiles = ["*.csv"]\n[record.melding.columns]',
        *(f'{name} = "{name.upper()}"' for name in slow.COLUMNS),
    ]
)
LISTS = {
    column: tuple(each for each in VEILIG_THUIS.code_lists() if each.id in ids)
    for column, ids in {
        "aard": ("vt1-aard", "vt2-aard"),
        "melder": ("vt1-hoedanigheid", "vt2-organisatie"),
    }.items()
}
CELLS = {
    "meldingnummer": ["ML1", "ml 1", "ML2", "ML3", "ML4", "ML5", "007", "7", "", " ", None],
    "huishouden": [
        "H1",
        " h1",
        "H\u200b1",
        "H2",
        "12",
        "0012",
        "12.0",
        "\u00c91",
        "E\u03011",
        "1.2e+05",
        "x",
        "STRASSE",
        "stra\u00dfe",
        "0",
        "999999999",
        "onbekend",
        "-",
        "",
        None,
    ],
    "buurt": [
        "BU99010001",
        "bu99010002",
        "WK990101",
        "GM9901",
        "1901",
        "BU99010099",
        "WK990198",
        "GM0001",
        "Noord",
        "",
        None,
    ],
    "datum-melding": [
        "20260401",
        "20260331",
        "2026-04-01",
        "20180601",
        "20181231",
        "20190101",
        "20260400",
        "20260000",
        "20260431",
        "20250229",
        "260401",
        "00010101",
        "99990101",
        "20260716",
        "20260715",
        "x",
        "",
        None,
    ],
    "aard": ["A1", "A1|A3", "A3|A1|A1", "01", "1|2", "A1|99", "01|A1", "|", "99", "", None],
    "melder": ["O08", "O01", "01", "41", "Politie", "A1|A3", "", None],
    "kinderen": ["0", "1", "30", "31", "-1", "2.0", "1,5", "1.000", "1e308", "NaN", "inf", "-0", "", None],
}
# Other names for ids, one to one over all forms in which one id is written.
OTHER = {
    "H1": "K7",
    " h1": " k7",
    "H\u200b1": "K\u200b7",
    "H2": "AB-3",
    "12": "345",
    "0012": "00345",
    "12.0": "345.0",
    "\u00c91": "\u00d65",
    "E\u03011": "O\u03085",
    "STRASSE": "MASSE",
    "stra\u00dfe": "ma\u00dfe",
    "ML1": "QR9",
    "ml 1": "qr 9",
    "ML2": "A",
    "ML3": "B",
    "007": "0088",
    "7": "88",
}
Row = dict[str, str | None]
ROWS = st.lists(st.fixed_dictionaries({name: st.sampled_from(texts) for name, texts in CELLS.items()}), max_size=14)
# So that a delivery of any rows is read: one row of which everything can be used, of a household of its own.
GOOD: Row = dict(zip(slow.COLUMNS, ["good", "good", "GM9901", "20260401", "A1", "O08", "1"], strict=True))


def source(rows: Sequence[Row], *, name: str = "a.csv", columns: Sequence[str] = slow.COLUMNS) -> Text:
    return Text(
        name,
        tuple(column.upper() for column in columns),
        tuple(tuple(row[column] for column in columns) for row in rows),
        batch_rows=5,
    )


def fast(*sources: Text) -> Delivery:
    return read_delivery(
        sources,
        VEILIG_THUIS,
        parse_mapping(MAPPING),
        geography(),
        VEILIG_THUIS.code_lists(),
        area_table=area_table(),
        secret=SECRET,
        today=TODAY,
    )


def by_keys(delivery: Delivery) -> Counter[tuple[object, ...]]:
    """Return the records as rows of plain values, in no order."""
    records = delivery.records
    rows = np.arange(len(records.unit))
    marks: dict[int, list[tuple[str, str]]] = {}
    for each in VEILIG_THUIS.code_lists():
        if each.id in records.marks:
            of_list = records.marks[each.id]
            for row, code in zip(of_list.row.tolist(), of_list.code.tolist(), strict=True):
                marks.setdefault(row, []).append((str(each.id), str(each.codes[code])))
    counted, amounts = (each[MeasureId("vt-kinderen")] for each in (records.counted, records.amounts))
    keys = records.events.keys(rows)
    found: Counter[tuple[object, ...]] = Counter()
    for row in rows.tolist():
        places = [(level, int(at[row])) for level, at in records.areas.items()]
        areas = sorted(str(geography().codes_at(level)[at]) for level, at in places if at >= 0)
        found[
            records.unit_key[records.unit[row]].tobytes(),
            keys[row].tobytes(),
            date(1970, 1, 1) + timedelta(days=int(records.day[row])),
            tuple(areas),
            int(amounts[row]) if counted[row] else None,
            tuple(sorted(marks.get(row, []))),
        ] += 1
    return found


def slowly(rows: Sequence[Row]) -> tuple[Counter[tuple[object, ...]], Counter[tuple[str, str]]]:
    reading = slow.read(rows, geography(), FORMER, LISTS, today=TODAY)
    found: Counter[tuple[object, ...]] = Counter()
    for each, many in reading.records.items():
        unit, event = unit_keys(SECRET, [each.unit]).tobytes(), event_keys(SECRET, [each.event]).tobytes()
        found[unit, event, each.day, each.areas, each.children, each.marks] += many
    return found, reading.faults


def faults(delivery: Delivery) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for key, rows in delivery.faults.rows.items():
        found[key.column, str(key.reason)] += rows
    return found


@pytest.fixture(autouse=True, scope="module")
def _little_room() -> Iterator[None]:
    """Let columns grow while a delivery of a few rows is read, as they do after 16 million."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("partner_node.delivery.rows._ROOM", 4)
        yield


@given(ROWS)
def test_records_and_faults_equal_those_of_a_slow_reader(rows: list[Row]) -> None:
    """D02, D03, D04, D06, D07: ids, dummies, doubles, areas, dates and numbers in odd forms."""
    delivery = fast(source([*rows, GOOD]))
    records, counted = slowly([*rows, GOOD])
    assert by_keys(delivery) == records
    assert faults(delivery) == counted


@given(ROWS, st.randoms(use_true_random=False), st.integers(0, 14))
def test_order_of_rows_and_columns_and_the_split_into_files_change_nothing(
    rows: list[Row], chance: object, at: int
) -> None:
    """D16: permuted rows, permuted columns, one file as two."""
    assert hasattr(chance, "shuffle")
    mixed, columns = [*rows, GOOD], list(slow.COLUMNS)
    whole = fast(source(mixed))
    chance.shuffle(mixed)
    chance.shuffle(columns)
    for other in (fast(source(mixed, columns=columns)), _in_two(rows, at)):
        assert by_keys(other) == by_keys(whole)
        assert _without_doubles(faults(other)) == _without_doubles(faults(whole))


@given(ROWS)
def test_other_names_for_households_and_events_change_no_count(rows: list[Row]) -> None:
    """D16: ids renamed one to one, in each form that they are written in; control: two households made one."""
    renamed = [row | {"huishouden": OTHER.get(row["huishouden"] or "", row["huishouden"])} for row in rows]
    renamed = [row | {"meldingnummer": OTHER.get(row["meldingnummer"] or "", row["meldingnummer"])} for row in renamed]
    whole, other = fast(source([*rows, GOOD])), fast(source([*renamed, GOOD]))
    assert by_unit(other) == by_unit(whole)
    assert faults(other) == faults(whole)
    two = [GOOD | {"meldingnummer": f"M{unit}", "huishouden": unit} for unit in ("H1", "H2")]
    one = [row | {"huishouden": "K7"} for row in two]
    assert by_unit(fast(source(two))) != by_unit(fast(source(one)))


def by_unit(delivery: Delivery) -> Counter[tuple[object, ...]]:
    """Return what each unit has, as a set of sets: without the keys of units and events."""
    units: dict[object, list[tuple[object, ...]]] = {}
    for (unit, _, *rest), many in by_keys(delivery).items():
        units.setdefault(unit, []).extend([tuple(rest)] * many)
    return Counter(tuple(sorted(each, key=repr)) for each in units.values())


@given(ROWS, ROWS)
def test_rows_of_one_unit_change_nothing_of_the_others(rows: list[Row], more: list[Row]) -> None:
    """The neighbours of DESIGN 4, events that two units share included."""
    theirs = [row | {"huishouden": "THEIRS"} for row in more]
    key = unit_keys(SECRET, ["household\x1ftheirs"]).tobytes()
    mixed = [row for pair in zip(theirs, rows, strict=False) for row in pair]
    mixed += [*theirs[len(rows) :], *rows[len(theirs) :], GOOD]
    found = by_keys(fast(source(mixed)))
    assert Counter({row: many for row, many in found.items() if row[0] != key}) == by_keys(fast(source([*rows, GOOD])))


def test_a_slow_reader_with_another_rule_would_be_seen() -> None:
    """Negative control: were "H1" and " h1" two units, or the event counted once over all units, the counts differ."""
    rows = [GOOD | {"meldingnummer": "ML1", "huishouden": unit} for unit in ("H1", " h1", "H2")]
    records, counted = slowly(rows)
    assert by_keys(fast(source(rows))) == records
    assert sum(records.values()) == 2
    assert counted == Counter({("meldingnummer", "doubled"): 1})
    assert by_keys(fast(source(rows[:2]))) != records


def _in_two(rows: list[Row], at: int) -> Delivery:
    """Read the rows as two files, each with a row that can be used."""
    return fast(source([*rows[:at], GOOD], name="a.csv"), source([*rows[at:], GOOD], name="b.csv"))


def _without_doubles(counted: Counter[tuple[str, str]]) -> Counter[tuple[str, str]]:
    return Counter({key: rows for key, rows in counted.items() if not key[1].startswith("doubled")})
