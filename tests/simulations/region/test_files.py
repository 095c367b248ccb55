"""The files of a region: the same bytes again, marked as invented, written whole or not at all."""

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.words.geography import Level
from simulations.folder import README, FolderNotEmpty, FolderNotWritten, UnmarkedFile, write_folder
from simulations.region import make_region
from simulations.region.files import ABOUT, region_files
from simulations.region.names import POSTCODE_AREAS


def published_names(shared_data: Path) -> Iterator[tuple[str, str, str]]:
    for name in ("gemeenten.csv", "wijken.csv", "buurten.csv.gz"):
        path = shared_data / "kwb" / f"kwb2024_{name}"
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
        for row in csv.DictReader(text.splitlines()):
            yield row["code"], row["naam"].casefold().replace(" ", ""), row.get("postcode") or ""


def test_a_seed_gives_the_same_bytes_again_and_another_seed_others() -> None:
    first, again, other = (region_files(make_region(seed)) for seed in (7, 7, 8))
    assert first == again
    assert {name for name in first if first[name] == other[name]} == set()


def test_every_file_says_that_its_figures_are_invented(tmp_path: Path) -> None:
    files = region_files(make_region(7))
    assert sorted(files) == [
        "adressen_oefengegevens.csv",
        "buurten_oefengegevens.geojson",
        "gemeenten_oefengegevens.geojson",
        "instellingen_oefengegevens.txt",
        "kerncijfers_oefengegevens.csv",
        "postcodes_oefengegevens.geojson",
        "water_oefengegevens.geojson",
        "wijken_oefengegevens.geojson",
    ]
    write_folder(tmp_path / "regio", files, ABOUT)
    assert (tmp_path / "regio" / README).read_text().startswith("oefengegevens, verzonnen cijfers\n")
    buurten = json.loads((tmp_path / "regio" / "buurten_oefengegevens.geojson").read_text())
    assert buurten["herkomst"] == "oefengegevens, verzonnen cijfers"
    assert {feature["properties"]["herkomst"] for feature in buurten["features"]} == {buurten["herkomst"]}
    assert len(buurten["features"]) == 79
    first = buurten["features"][0]["properties"]
    assert (first["buurtcode"], first["wijkcode"], first["gemeentecode"]) == ("BU99010101", "WK990101", "GM9901")
    ring = buurten["features"][0]["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]


def test_a_folder_that_is_not_empty_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FolderNotEmpty, match="choose another folder"):
        write_folder(tmp_path, {"a_oefengegevens.csv": b""}, ABOUT)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_whose_name_hides_what_it_is_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnmarkedFile, match=r"buurten\.csv"):
        write_folder(tmp_path / "regio", {"buurten.csv": b""}, ABOUT)


def test_a_place_where_nothing_can_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FolderNotWritten, match=r"regio: .*choose another folder"):
        write_folder(tmp_path / "file" / "regio", {"a_oefengegevens.csv": b""}, ABOUT)
    assert FolderNotWritten.exit_code == 3


def test_a_disk_that_is_full_leaves_no_half_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device", str(path), len(content))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(FolderNotWritten, match="No space left"):
        write_folder(tmp_path / "regio", {"a_oefengegevens.csv": b"a"}, ABOUT)
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_leaves_no_half_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(path: Path, content: bytes) -> int:
        if path.name.startswith("b_"):
            raise KeyboardInterrupt
        return write(path, content)

    write = Path.write_bytes
    monkeypatch.setattr(Path, "write_bytes", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_folder(tmp_path / "regio", {"a_oefengegevens.csv": b"a", "b_oefengegevens.csv": b"b"}, ABOUT)
    assert list(tmp_path.iterdir()) == []


def test_no_name_or_code_is_one_of_a_real_place(shared_data: Path) -> None:
    real = tuple(published_names(shared_data))
    names = {name for _, name, _ in real}
    codes = {code for code, _, _ in real}
    assert len(codes) == 342 + 3_393 + 14_574
    made = make_region(7, gemeenten=6).geography
    ours = {area.name.casefold() for area in made.areas}
    assert not ours & names
    assert not set(made.codes_at(Level.BUURT)) & codes
    assert not {code[:4] for code in codes} & {"GM99", "WK99", "BU99"}
    assert not {postcode[:4] for _, _, postcode in real} & {str(area) for area in POSTCODE_AREAS}
    assert "Assendelft-Noord".casefold() in names  # control: the search does find a real name
