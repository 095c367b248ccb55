"""Editions by year in a folder, and the way from one to the next."""

from pathlib import Path

import pytest

from coordinator.geography.areas import NoEdition, years
from coordinator.geography.crosswalk import Part, crosswalk
from coordinator.geography.folder import OtherEdition, read_edition, write_edition
from protocol.words.geography import AreaCode
from tests.coordinator.geography.maps import edition, square, write_map

OLD = (("BU00010100", square(0, 0, 2, 1)), ("BU00010103", square(2, 0)))
NEW = (("BU00010101", square(0, 0)), ("BU00010102", square(1, 0)), ("BU00010103", square(2, 0)))


def parts_of(*parts: tuple[str, str, int, int]) -> set[Part]:
    return {Part(AreaCode(old), AreaCode(new), share, new_share) for old, new, share, new_share in parts}


def test_a_split_buurt_is_followed_by_its_surface(tmp_path: Path) -> None:
    old = edition(write_map(tmp_path / "old.geojson", OLD), year=2023)
    new = edition(write_map(tmp_path / "new.geojson", NEW))
    found = crosswalk(old, new)
    buurten = {part for part in found if part.old.startswith("BU")}
    assert buurten == parts_of(
        ("BU00010100", "BU00010101", 5_000, 10_000),
        ("BU00010100", "BU00010102", 5_000, 10_000),
        ("BU00010103", "BU00010103", 10_000, 10_000),
    )
    assert [part.old for part in found if part.unchanged] == ["GM0001", "WK000101", "BU00010103"]


def test_an_edition_is_written_read_back_and_never_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "geography"
    old = edition(write_map(tmp_path / "old.geojson", OLD), year=2023)
    new = edition(write_map(tmp_path / "new.geojson", NEW))
    assert write_edition(folder, old) == ()
    assert len(write_edition(folder, new)) == 5
    assert write_edition(folder, new)  # the same again is the same
    back = read_edition(folder, 2024)
    assert back.geography == new.geography
    assert back.figures == new.figures
    assert all(back.shapes[code].equals(new.shapes[code]) for code in new.shapes)
    assert years(folder) == (2023, 2024)
    other = edition(write_map(tmp_path / "other.geojson", NEW[:2]))
    with pytest.raises(OtherEdition, match="2024"):
        write_edition(folder, other)
    assert read_edition(folder, 2024).geography == new.geography
    with pytest.raises(NoEdition, match="2019"):
        read_edition(folder, 2019)
