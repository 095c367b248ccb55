"""The files that a node reads beside its mapping: postcodes, former codes, institutions, and the delivery's folder."""

from pathlib import Path

import pytest

from partner_node.config import Config, ConfigMissing, load_config
from partner_node.delivered import delivered_files, load_area_table, open_sources
from partner_node.delivery.areas import Places
from partner_node.sources.stamp import FileEmpty
from protocol.errors import Refusals
from protocol.words.geography import Level
from tests.partner_node.delivery.files import geography
from tests.partner_node.test_config import TEXT, written

POSTCODES = """PC6;Huisnummer;Buurt2026
1901AA;1;99010001
1901AA;2;99010001
1902AA;7;99010101
"""


def config_with(folder: Path, extra: str) -> Config:
    return load_config(written(folder, TEXT + extra))


def test_without_postcodes_no_address_leads_anywhere_and_former_codes_are_known(tmp_path: Path) -> None:
    (tmp_path / "former.txt").write_text("BU99010099\n\n  WK990199  \n")
    table = load_area_table(config_with(tmp_path, 'former_areas = "former.txt"\n'), geography())
    assert (table.year, dict(table.buurt_of), set(table.former)) == (2026, {}, {"BU99010099", "WK990199"})


def test_postcodes_and_institutions_are_read_as_the_configuration_says(tmp_path: Path) -> None:
    (tmp_path / "postcodes.csv").write_text(POSTCODES)
    (tmp_path / "institutions.txt").write_text("1902aa 7\n")
    extra = 'area_table = "postcodes.csv"\narea_year = 2026\ninstitutions = "institutions.txt"\n'
    table = load_area_table(config_with(tmp_path, extra), geography())
    assert set(table.institutions) == {"1902AA\x1f7"}
    places = Places(geography(), table)
    found = places.address_judge("1901 aa\x1f2\x1f")
    wijk = places.indexes()[found.value][list(Level).index(Level.WIJK)]
    assert geography().codes_at(Level.WIJK)[wijk] == "WK990100"


def test_files_of_a_delivery_are_found_in_order_and_all_broken_ones_named(tmp_path: Path) -> None:
    config = config_with(tmp_path, "")
    with pytest.raises(ConfigMissing, match="no folder deliveries"):
        delivered_files(config)
    place = tmp_path / "deliveries"
    place.mkdir()
    for name in ("b.csv", "a.csv", "notes.docx"):
        (place / name).write_text("")
    assert [path.name for path in delivered_files(config)] == ["a.csv", "b.csv"]
    with pytest.raises(Refusals) as caught:
        open_sources(delivered_files(config))
    assert [type(problem) for problem in caught.value.problems] == [FileEmpty, FileEmpty]
    for name in ("b.csv", "a.csv"):
        (place / name).write_text("x;y\n1;2\n")
    assert [source.name for source in open_sources(delivered_files(config))] == ["a.csv", "b.csv"]
