"""Maps and key figures become a geography, or are refused with a name and change nothing."""

import math
from pathlib import Path

import pytest
import shapely

from coordinator.geography.edition import DoubledArea, NothingToImport, UnknownArea, make_edition
from coordinator.geography.features import BrokenShape, OtherProjection, UnreadableMap, read_maps
from coordinator.geography.key_figures import KeyFigures, WrongKeyFigures, read_key_figures
from coordinator.geography.topology import Drawing, GapBetweenAreas, OverlappingAreas
from protocol.errors import Refusals
from protocol.words.geography import AreaCode, Level
from protocol.words.ids import GeographyId
from simulations.region import make_region
from simulations.region.files import region_files
from tests.coordinator.geography.maps import FINE, edition, square, write_map

WIJK = "WK000101"
TWO = (("BU00010101", square(0, 0)), ("BU00010102", square(1, 0)))


def test_a_map_of_buurten_becomes_three_levels_with_sums(tmp_path: Path) -> None:
    found = edition(write_map(tmp_path / "buurten.geojson", TWO))
    assert found.counts == {Level.GEMEENTE: 1, Level.WIJK: 1, Level.BUURT: 2}
    assert found.figures[AreaCode("GM0001")].inhabitants == 201
    assert found.shapes[AreaCode("GM0001")].area == pytest.approx(20_000)
    assert [area.name for area in found.geography.areas] == ["Plek BU00010101", "Plek BU00010102", "GM0001", WIJK]


def test_overlaps_are_refused_and_slivers_are_mended(tmp_path: Path) -> None:
    over = (TWO[0], ("BU00010102", square(0.8, 0)))
    with pytest.raises(OverlappingAreas, match="BU00010101 and BU00010102"):
        edition(write_map(tmp_path / "over.geojson", over))
    sliver = edition(write_map(tmp_path / "sliver.geojson", (TWO[0], ("BU00010102", square(0.97, 0)))))
    shapes = [sliver.shapes[code] for code in sliver.geography.codes_at(Level.BUURT)]
    assert shapely.intersection(*shapes).area == 0


def test_a_hole_is_refused_unless_it_is_water_or_accepted(tmp_path: Path) -> None:
    ring = square(0, 0, 3, 3).difference(square(1, 1))
    areas = (("BU00010101", ring), ("BU00010102", square(3, 0)))
    with pytest.raises(GapBetweenAreas, match="beside BU00010101"):
        edition(write_map(tmp_path / "hole.geojson", areas))
    wet = write_map(tmp_path / "wet.geojson", (*areas, ("BU00010199", square(1, 1))), water=True)
    assert edition(wet).counts[Level.BUURT] == 2
    accepted = Drawing(tolerance_m=5, simplified_m=1, accept_gaps=True)
    assert edition(tmp_path / "hole.geojson", drawing=accepted).counts[Level.BUURT] == 2


def test_doubled_and_unknown_codes_are_refused_all_together(tmp_path: Path) -> None:
    with pytest.raises(DoubledArea, match="BU00010101"):
        edition(write_map(tmp_path / "twice.geojson", (TWO[0], ("BU00010101", square(1, 0)))))
    with pytest.raises(Refusals, match="2 problems"):
        edition(write_map(tmp_path / "codes.geojson", (*TWO, ("BUURT", square(2, 0)), ("BU1", square(3, 0)))))
    strange = {"BU00010109": KeyFigures("Elders", 5, 2, {})}
    with pytest.raises(UnknownArea, match="BU00010109"):
        edition(write_map(tmp_path / "plain.geojson", TWO), figures=strange)
    elsewhere = {"GM0479": KeyFigures("Zaanstad", 5, 2, {}), "NL00": KeyFigures("Nederland", 9, 4, {})}
    assert edition(tmp_path / "plain.geojson", figures=elsewhere).counts[Level.BUURT] == 2


def test_only_the_asked_gemeenten_are_imported(tmp_path: Path) -> None:
    """ZN-26: a pilot in chosen areas takes their map, and no other area comes into a grid."""
    path = write_map(tmp_path / "two.geojson", (TWO[0], ("BU00020101", square(1, 0))))
    maps = read_maps([path])
    found = make_edition(GeographyId("proef"), 2024, maps, {}, drawing=FINE, only=frozenset({"GM0002"}))
    assert found.geography.codes_at(Level.BUURT) == ("BU00020101",)
    with pytest.raises(NothingToImport):
        make_edition(GeographyId("proef"), 2024, maps, {}, drawing=FINE, only=frozenset({"GM0003"}))


@pytest.mark.parametrize("crs", ["EPSG::3857", "EPSG::31370", "EPSG::7415"])
def test_another_projection_is_refused(tmp_path: Path, crs: str) -> None:
    with pytest.raises(OtherProjection, match="EPSG:28992 or EPSG:4326"):
        read_maps([write_map(tmp_path / "other.geojson", TWO, crs=crs)])


def test_a_file_that_is_no_map_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.geojson").write_text("no map")
    (tmp_path / "list.vrt").write_text("<OGRVRTDataSource/>")
    (tmp_path / "bare.geojson").write_text('{"type":"FeatureCollection","features":[]}')
    for name in ("text.geojson", "list.vrt", "absent.gpkg", "bare.geojson"):
        with pytest.raises(UnreadableMap, match=name):
            read_maps([tmp_path / name])
    with pytest.raises(BrokenShape, match="BU00010101"):
        read_maps([write_map(tmp_path / "line.geojson", [("BU00010101", shapely.LineString([(0, 0), (1, 1)]))])])


def test_a_simplified_border_stays_one_border(tmp_path: Path) -> None:
    """Two areas share a wave of 400 points; simplified they have few and still neither gap nor overlap."""
    wave = [(100 + 3 * math.sin(step / 4), step) for step in range(400)]
    left = shapely.Polygon([(0, 0), *wave, (0, 399)])
    right = shapely.Polygon([(300, 0), *wave, (300, 399)])
    move = shapely.affinity.translate
    areas = [("BU00010101", move(left, 115_000, 495_000)), ("BU00010102", move(right, 115_000, 495_000))]
    found = edition(write_map(tmp_path / "wave.geojson", areas), drawing=Drawing(5, 20))
    shapes = [found.shapes[code] for code in found.geography.codes_at(Level.BUURT)]
    assert shapely.coverage_is_valid(shapes)
    assert shapely.get_num_coordinates(shapes).sum() < 60
    assert shapely.union_all(shapes).area == pytest.approx(300 * 399, rel=1e-6)
    # Negative control: each on its own does not keep the border shared.
    alone = [shapely.simplify(shape, 2.5, preserve_topology=True) for _, shape in areas]
    moved = [alone[0], shapely.simplify(areas[1][1], 4)]
    assert not shapely.coverage_is_valid(moved)


def test_a_fictional_region_imports_as_it_was_made(tmp_path: Path) -> None:
    region = make_region(1)
    for name, body in region_files(region).items():
        (tmp_path / name).write_bytes(body)
    maps = [path for path in sorted(tmp_path.iterdir()) if path.suffix == ".geojson"]
    figures = read_key_figures(
        next(tmp_path.glob("kerncijfers*")).read_text(),
        columns={"gwb_code_10": "code", "a_inw": "inwoners", "a_hh": "huishoudens", "regio": "naam"},
        source="kerncijfers",
    )
    found = edition(*maps, figures=figures)
    for level in (Level.GEMEENTE, Level.WIJK, Level.BUURT):
        assert found.geography.codes_at(level) == region.geography.codes_at(level)
    (gemeente,) = found.geography.codes_at(Level.GEMEENTE)
    assert found.figures[gemeente].inhabitants == region.buurten.inhabitants.sum()


def test_key_figures_are_read_in_cbs_own_columns_and_what_is_not_told_is_not_zero() -> None:
    text = "gwb_code_10;regio;recs;a_inw;a_hh;p_ink_li\nGM0479    ;Zaanstad;Gemeente;161389;73077;41,2\n"
    text += "WK047911  ;Zaandam Zuid;Wijk;.;-99997;.\n"
    found = read_key_figures(text, columns={}, source="kwb")
    assert found["GM0479"] == KeyFigures("Zaanstad", 161_389, 73_077, {"p_ink_li": 41.2})
    assert found["WK047911"] == KeyFigures("Zaandam Zuid", None, None, {})


@pytest.mark.parametrize(
    "text",
    [
        "code,a_inw,a_hh\nGM0479,1,1\n",
        "gwb_code_10,a_inw,a_hh\nGM0479,1,1\nGM0479,1,1\n",
        "gwb_code_10,a_inw,a_hh\nGM0479,veel,1\n",
        "gwb_code_10,a_inw,a_hh\nGM0479,-5,1\n",
        "gwb_code_10,a_inw,a_hh\nGM0479,1.5,1\n",
        "",
    ],
)
def test_wrong_key_figures_are_refused(text: str) -> None:
    with pytest.raises(WrongKeyFigures, match="in kwb"):
        read_key_figures(text, columns={}, source="kwb")
