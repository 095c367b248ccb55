"""The area table from CBS's file of postcodes and house numbers."""

import pytest

from partner_node.delivery.area_file import WrongAreaTable, read_area_table
from tests.partner_node.delivery.files import from_csv, geography

FILE = """PC6;Huisnummer;Buurt2026;Wijk2026;Gemeente2026
1901AA;1;99010001;990100;9901
1901AA;2;BU99010001;990100;9901
1901AB;1;99010001;990100;9901
1901AB;2;99010002;990100;9901
3511AA;1;3440001;34400;344"""


def test_addresses_lead_to_buurten_and_a_postcode_in_two_buurten_to_neither() -> None:
    table = read_area_table(from_csv("pc6hnr.csv", FILE), geography(), year=2026, institutions=("1901 ab\x1f2 a\x1f",))
    assert dict(table.buurt_of) == {
        "1901AA": "BU99010001",
        "1901AA\x1f1": "BU99010001",
        "1901AA\x1f2": "BU99010001",
        "1901AB\x1f1": "BU99010001",
        "1901AB\x1f2": "BU99010002",
    }
    assert table.institutions == {"1901AB\x1f2"}


@pytest.mark.parametrize(
    "text",
    [FILE.replace("Buurt2026", "Buurt2025"), FILE.split("\n1901AA;1", maxsplit=1)[0] + "\n3511AA;1;3440001;34400;344"],
)
def test_a_file_of_another_year_or_region_is_refused(text: str) -> None:
    with pytest.raises(WrongAreaTable):
        read_area_table(from_csv("pc6hnr.csv", text), geography(), year=2026)
