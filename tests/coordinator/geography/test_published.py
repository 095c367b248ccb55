"""The real files of CBS import: areas and sums of inhabitants are those that MANIFEST.md states."""

from pathlib import Path

import pyogrio
import pytest
import shapely

from coordinator.geography.edition import Edition, make_edition
from coordinator.geography.features import read_maps
from coordinator.geography.key_figures import KeyFigures, read_key_figures
from coordinator.geography.rijksdriehoek import to_metres
from coordinator.geography.topology import Drawing
from protocol.words.geography import AreaCode, Level
from protocol.words.ids import GeographyId

COLUMNS = {"gwb_code_10": "code", "a_inw": "inwoners", "a_hh": "huishoudens", "regio": "naam"}


def imported(maps: list[Path], figures: list[Path], drawing: Drawing) -> Edition:
    told: dict[str, KeyFigures] = {}
    for path in figures:
        told |= read_key_figures(path.read_text(), columns=COLUMNS, source=path.name)
    return make_edition(GeographyId("cbs-2024"), 2024, read_maps(maps), told, drawing=drawing)


def inhabitants(found: Edition, level: Level) -> int:
    return sum(found.figures[code].inhabitants or 0 for code in found.geography.codes_at(level))


@pytest.fixture
def zaanstad(shared_data: Path) -> tuple[list[Path], list[Path]]:
    maps = [shared_data / "geo" / f"zaanstad_{level}_2024.geojson" for level in ("buurten", "wijken")]
    figures = [shared_data / "kwb" / f"zaanstad_kwb2024_{level}.csv" for level in ("gemeenten", "wijken", "buurten")]
    return maps, figures


def check_zaanstad(found: Edition) -> None:
    assert found.counts == {Level.GEMEENTE: 1, Level.WIJK: 19, Level.BUURT: 79}
    gemeente = AreaCode("GM0479")
    assert (found.figures[gemeente].inhabitants, found.figures[gemeente].households) == (161_389, 73_077)
    assert found.shapes[gemeente].area == pytest.approx(83.2e6, rel=0.002)
    assert {area.name for area in found.geography.areas if area.code == "GM0479"} == {"Zaanstad"}


def test_zaanstad_imports_with_19_wijken_and_79_buurten(zaanstad: tuple[list[Path], list[Path]]) -> None:
    check_zaanstad(imported(*zaanstad, Drawing()))


def in_metres(maps: list[Path], place: Path) -> Path:
    """Write the maps as layers of one GeoPackage in EPSG:28992."""
    for path in maps:
        source = f"/vsigzip/{path}" if path.suffix == ".gz" else str(path)
        meta, _, shapes, columns = pyogrio.raw.read(source)
        metres = shapely.to_wkb(shapely.transform(shapely.from_wkb(shapes), to_metres))
        pyogrio.raw.write(
            place,
            metres,
            columns,
            meta["fields"],
            layer=path.name.split(".")[0],
            driver="GPKG",
            geometry_type="Unknown",
            crs="EPSG:28992",
        )
    return place


def test_the_same_map_as_geopackage_in_metres_is_the_same(
    zaanstad: tuple[list[Path], list[Path]], tmp_path: Path
) -> None:
    maps, figures = zaanstad
    place = in_metres(maps, tmp_path / "zaanstad.gpkg")
    again = imported([place], figures, Drawing())
    check_zaanstad(again)
    first = imported(maps, figures, Drawing())
    assert again.geography == first.geography
    assert all(again.shapes[code].equals_exact(first.shapes[code], 1e-6) for code in first.shapes)


@pytest.fixture
def netherlands(shared_data: Path) -> tuple[list[Path], list[Path]]:
    maps = [shared_data / "geo/nl_wijken_2024.geojson.gz", shared_data / "geo/nl_gemeenten_2023.geojson"]
    return maps, [shared_data / "kwb/kwb2024_gemeenten.csv", shared_data / "kwb/kwb2024_wijken.csv"]


# The national map is derived from drawings of each gemeente, so that neighbours differ by up to 150 m.
COARSE = Drawing(tolerance_m=150, simplified_m=50, accept_gaps=True)


@pytest.mark.parametrize("form", ["geojson", "gpkg"])
def test_the_netherlands_imports_with_its_wijken_and_gemeenten(
    netherlands: tuple[list[Path], list[Path]], form: str, tmp_path: Path
) -> None:
    """In degrees as it was published, and as a GeoPackage in metres that is written from that."""
    maps, figures = netherlands
    found = imported(maps if form == "geojson" else [in_metres(maps, tmp_path / "nl.gpkg")], figures, COARSE)
    assert found.counts == {Level.GEMEENTE: 342, Level.WIJK: 3_393}
    assert (inhabitants(found, Level.GEMEENTE), inhabitants(found, Level.WIJK)) == (17_942_942, 17_942_715)
    assert AreaCode("WK0363AA") in found.geography.codes_at(Level.WIJK)  # Amsterdam's codes have letters


def test_a_coarse_map_is_refused_where_a_fine_one_is_wanted(netherlands: tuple[list[Path], list[Path]]) -> None:
    """Negative control: as finely drawn as a map of CBS itself this one is not."""
    with pytest.raises(Exception, match="overlap by more than 10 m"):
        imported(netherlands[0][:1], [], Drawing())
