"""From files to Records: what is used, what is counted as a fault, and what is refused as a whole."""

from datetime import date

import numpy as np

from partner_node.delivery.delivery import Delivery, read_delivery
from partner_node.delivery.faults import Reason
from partner_node.delivery.mapping import parse_mapping
from partner_node.profiles.veilig_thuis import VEILIG_THUIS
from partner_node.vault.unit_key import event_keys, unit_keys
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
