"""From files to Records: what is used, what is counted as a fault, and what is refused as a whole."""

from datetime import date

import numpy as np
import pytest

from partner_node.delivery.checks import EmptyFile, MissingColumn, NotAnId, NoUsableRow
from partner_node.delivery.delivery import Delivery, read_delivery
from partner_node.delivery.events import EventsNotKept
from partner_node.delivery.faults import Reason
from partner_node.delivery.mapping import MissingFile, UnmappedFile, parse_mapping
from partner_node.profiles.politie import POLITIE
from partner_node.profiles.veilig_thuis import VEILIG_THUIS
from partner_node.vault.unit_key import event_keys, unit_keys
from protocol.errors import Refusal, Refusals
from protocol.words.geography import Level
from protocol.words.ids import CodeListId, MeasureId
from tests.partner_node.delivery.files import Text, area_table, from_csv, geography

SECRET = bytes(range(32))
TODAY = date(2026, 7, 15)
MAPPING = """
format = 1
profile = "veilig-thuis"
route = "household"

[record.melding]
files = ["meldingen*.csv"]
[record.melding.columns]
meldingnummer = "Meldingsnr"
huishouden = "Huishoudnr"
buurt = "Buurtcode"
datum-melding = "Datum melding"
aard = "Aard geweld"
melder = "Organisatie melder"
kinderen = "Aantal kinderen"
[record.melding.values.melder]
"Politie" = "O08"
"""
HEADER = "Meldingsnr;Huishoudnr;Buurtcode;Datum melding;Aard geweld;Organisatie melder;Aantal kinderen"
ROWS = (
    "ML1;H1;BU99010001;20260401;A1|A3;Politie;2",
    "ML2; h1 ;BU99010002;20260402;A3;O05;0",
    "ML3;H2;WK990101;20260403;A1;O01;1",
)


def read(*rows: str, files: tuple[Text, ...] | None = None) -> Delivery:
    sources = files or (from_csv("meldingen.csv", "\n".join((HEADER, *rows))),)
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


def faults(delivery: Delivery) -> dict[tuple[str, Reason], int]:
    return {(key.column, key.reason): rows for key, rows in delivery.faults.rows.items()}


def test_three_rows_become_three_records_of_two_households() -> None:
    delivery = read(*ROWS)
    records = delivery.records
    assert records.unit.tolist() == [0, 0, 1]
    assert records.unit_key.tolist() == unit_keys(SECRET, ["household\x1fh1", "household\x1fh2"]).tolist()
    assert records.day.tolist() == [20544, 20545, 20546]  # 2026-04-01 is 20,544 days after 1970-01-01
    assert {level: at.tolist() for level, at in records.areas.items()} == {
        Level.GEMEENTE: [0, 0, 0],
        Level.WIJK: [0, 0, 1],
        Level.BUURT: [0, 1, -1],
        Level.PC4: [-1, -1, -1],
    }
    assert records.amounts[MeasureId("vt-kinderen")].tolist() == [2, 0, 1]
    aard = records.marks[CodeListId("vt2-aard")]
    assert list(zip(aard.row.tolist(), aard.code.tolist(), strict=True)) == [(0, 0), (0, 2), (1, 2), (2, 0)]
    assert records.marks[CodeListId("vt2-organisatie")].code.tolist() == [7, 4, 0]
    keys = event_keys(SECRET, ["melding\x1fml3", "melding\x1fml1"])
    assert records.events.keys(np.array([2, 0])).tolist() == keys.tolist()
    assert not delivery.faults.rows
    assert (delivery.read, delivery.used) == ({"meldingen.csv": 3}, {"meldingen.csv": 3})


def many(column: str, texts: list[str]) -> Text:
    """Return a file of 40 good rows in which one column says these texts in turn."""
    header = HEADER.split(";")
    rows = [f"ML{n};H{n};BU99010001;20260401;A1;O08;1".split(";") for n in range(40)]
    for number, row in enumerate(rows):
        row[header.index(column)] = texts[number % len(texts)]
    return from_csv("meldingen.csv", "\n".join((HEADER, *(";".join(row) for row in rows))))


@pytest.mark.parametrize(
    ("texts", "what"),
    [
        (["20260401", "20260402", "20260515"], "dates"),
        (["01-04-2026", "2-4-2026"], "dates"),
        (["H1", " h1"], "one value"),
        (["A1", "A3", "O08"], "codes"),
        (["01", "02", "11"], "codes"),
        (["BU99010001", "WK990101"], "areas"),
        (["1901AA", "1902 AB"], "areas"),
    ],
)
@pytest.mark.parametrize("column", ["Huishoudnr", "Meldingsnr"])
def test_a_column_that_is_no_id_stops_the_import(column: str, texts: list[str], what: str) -> None:
    """D05: dates, codes, areas or one value mapped as an id; the refusal names no value."""
    with pytest.raises(NotAnId, match=f"^got {what}") as refused:
        read(files=(many(column, texts),))
    assert not [text for text in texts if text in str(refused.value)]


def test_real_ids_are_taken() -> None:
    """Negative control of D05: ids with a few dates among them are ids."""
    texts = [f"H{number}" for number in range(38)] + ["20260401", "20260402"]
    assert read(files=(many("Huishoudnr", texts),)).used == {"meldingen.csv": 40}


def test_a_missing_column_is_named_and_the_files_own_header_is_not() -> None:
    """A file without its header line would show a record instead."""
    with pytest.raises(MissingColumn, match="Huishoudnr") as refused:
        read(files=(from_csv("meldingen.csv", "\n".join((HEADER.replace("Huishoudnr", "Jansen"), *ROWS))),))
    assert "Jansen" not in str(refused.value)


def test_whole_delivery_problems_are_listed_together() -> None:
    with pytest.raises(Refusals) as refused:
        read(files=(from_csv("meldingen.csv", "Meldingsnr;Huishoudnr"), from_csv("meldingen-2.csv", "a;b")))
    assert {type(problem) for problem in refused.value.problems} == {MissingColumn}
    assert len(refused.value.problems) == 5 + 7


@pytest.mark.parametrize(
    ("files", "refusal"),
    [
        ((from_csv("meldingen.csv", HEADER),), EmptyFile),
        ((from_csv("meldingen.csv", HEADER + "\nML1;H1;BU99010001;x;A1;O08;1"),), NoUsableRow),
        ((from_csv("anders.csv", HEADER),), Refusals),
        ((from_csv("meldingen.csv", HEADER), from_csv("anders.csv", HEADER)), UnmappedFile),
        ((from_csv("meldingen.csv", HEADER), from_csv("meldingen.csv", HEADER)), UnmappedFile),
    ],
)
def test_a_delivery_that_cannot_be_read_is_refused(files: tuple[Text, ...], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        read(files=files)


def test_a_record_type_without_a_file_is_refused() -> None:
    more = MAPPING + '[record.advies]\nfiles = ["adviezen.csv"]\n[record.advies.columns]\n'
    more += 'adviesnummer = "Nr"\nhuishouden = "H"\nbuurt = "B"\ndatum-start = "D"\n'
    with pytest.raises(MissingFile, match="advies"):
        read_delivery(
            [from_csv("meldingen.csv", HEADER)],
            VEILIG_THUIS,
            parse_mapping(more),
            geography(),
            VEILIG_THUIS.code_lists(),
            area_table=area_table(),
            secret=SECRET,
            today=TODAY,
        )


def test_dummy_ids_are_units_of_their_own_and_counted() -> None:
    """D03: four rows of nobody are four units, not one."""
    nobody = ["", "0", "000000000", "onbekend"]
    delivery = read(*(f"ML{n};{unit};BU99010001;20260401;A1;O08;1" for n, unit in enumerate(nobody)))
    assert delivery.records.unit.tolist() == [0, 1, 2, 3]
    assert faults(delivery) == {("huishouden", Reason.EMPTY): 1, ("huishouden", Reason.DUMMY_UNIT): 3}
    own = [f"own\x1fmelding\x1fml{n}" for n in range(4)]
    assert delivery.records.unit_key.tolist() == unit_keys(SECRET, own).tolist()


def test_rows_and_files_delivered_twice_count_once() -> None:
    """D04."""
    once = read(*ROWS).records
    text = "\n".join((HEADER, *ROWS))
    for twice in (read(*ROWS, *ROWS), read(files=(from_csv("meldingen.csv", text), from_csv("meldingen-2.csv", text)))):
        assert twice.records.unit_key.tolist() == once.unit_key.tolist()
        assert twice.records.day.tolist() == once.day.tolist()
        assert faults(twice) == {("meldingnummer", Reason.DOUBLED): 3}


def test_an_event_of_two_households_stays_with_both() -> None:
    delivery = read("ML1;H1;BU99010001;20260401;A1;O08;1", "ML1;H2;BU99010001;20260401;A1;O08;1")
    assert delivery.records.unit.tolist() == [0, 1]
    assert not delivery.faults.rows


def test_of_an_event_written_differently_the_latest_day_is_used() -> None:
    delivery = read("ML1;H1;BU99010001;20260405;A1;O08;1", "ML1;H1;BU99010002;20260401;A3;O08;2")
    assert delivery.records.day.tolist() == [20548]
    assert faults(delivery) == {("meldingnummer", Reason.DOUBLED_OTHERWISE): 1}


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "<script>x</script>", "\x1b[31mrood", "%s%n{0}", "a\\nb"])
def test_a_malicious_text_is_inert_in_faults_and_reprs(text: str) -> None:
    """D14: no cell's text comes out in a fault, a repr or a refusal."""
    delivery = read(*ROWS, f"{text}9;{text};{text};{text};{text};{text};{text}")
    told = repr((delivery, delivery.faults, delivery.records, *delivery.faults.rows))
    assert text not in told
    assert delivery.used == {"meldingen.csv": 3}


ADDRESSES = """
format = 1
profile = "politie"
route = "address"
[record.incident]
files = ["*.csv"]
columns = { incidentnummer = "I", postcode = "P", huisnummer = "N", toevoeging = "T", datum = "D", huiselijk = "H" }
"""


def test_an_address_leads_to_unit_and_areas_and_an_institution_is_no_household() -> None:
    rows = [
        "I1;1901ab;1;a;01-04-2026;J",
        "I2;1901 AB;1 A;;02-04-2026;N",
        "I3;1901AB;2;;03-04-2026;J",
        "I4;1902AA;99;;03-04-2026;J",
        "I5;1902AA;99;;03-04-2026;J",
        "I6;1901ZZ;1;;03-04-2026;J",
        "I7;1901AB;;;03-04-2026;J",
    ]
    delivery = read_delivery(
        [from_csv("i.csv", "\n".join(["I;P;N;T;D;H", *rows]))],
        POLITIE,
        parse_mapping(ADDRESSES),
        geography(),
        POLITIE.code_lists(),
        area_table=area_table(),
        secret=SECRET,
        today=TODAY,
    )
    records = delivery.records
    unit = records.unit.tolist()
    assert [unit.index(each) for each in unit] == [0, 0, 2, 3, 4, 5, 6]
    assert records.areas[Level.BUURT].tolist() == [0, 0, 1, 2, 2, -1, -1]
    assert records.areas[Level.WIJK].tolist() == [0, 0, 0, 1, 1, -1, -1]
    assert records.areas[Level.PC4].tolist() == [0, 0, 0, 1, 1, 0, 0]
    assert records.counted[MeasureId("politie-incidenten")].tolist() == [True, False, *[True] * 5]
    assert faults(delivery) == {
        ("huisnummer", Reason.INSTITUTION): 2,
        ("huisnummer", Reason.EMPTY): 1,
        ("postcode", Reason.UNKNOWN_POSTCODE): 2,
    }


def test_without_late_tables_the_records_are_the_same_and_event_keys_are_refused() -> None:
    """Rows that are units of their own are named by their event ids, which are kept for them alone."""
    rows = (*ROWS, "ML4;onbekend;BU99010001;20260401;A1;O08;1", ROWS[0], "ML5;;BU99010001;20260401;A1;O08;1")
    whole = read(*rows).records
    records = read_delivery(
        [from_csv("meldingen.csv", "\n".join((HEADER, *rows)))],
        VEILIG_THUIS,
        parse_mapping(MAPPING),
        geography(),
        VEILIG_THUIS.code_lists(),
        area_table=area_table(),
        secret=SECRET,
        today=TODAY,
        keeps_events=False,
    ).records
    own = ["own\x1fmelding\x1fml4", "own\x1fmelding\x1fml5"]
    assert records.unit_key[2:].tolist() == unit_keys(SECRET, own).tolist()
    assert records.unit.tolist() == whole.unit.tolist()
    assert records.unit_key.tolist() == whole.unit_key.tolist()
    with pytest.raises(EventsNotKept):
        records.events.keys(np.array([0]))
