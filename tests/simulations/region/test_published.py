"""Importing real areas: shapes and people are taken over; names, codes and place only when they are asked for."""

import csv
import itertools
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from coordinator.geography.edition import Edition, make_edition
from coordinator.geography.features import read_maps
from coordinator.geography.key_figures import read_key_figures
from coordinator.geography.topology import Drawing
from protocol.words.geography import AreaCode, Level
from protocol.words.ids import GeographyId
from simulations.population.households import make_population
from simulations.region import Region
from simulations.region.files import region_files
from simulations.region.map import draw_map
from simulations.region.published import UnfitAreas, import_region
from simulations.region.shapes import Point, Shape

# Two gemeenten of squares of 1 km side by side: in the first a wijk of two buurten and one of a third.
SQUARES = {"BU00010001": 0, "BU00010002": 1, "BU00010101": 2, "BU00020001": 3}
KEY_FIGURES = """code,naam,inwoners,huishoudens,inwoners65plus,inkomen_laag
GM0001,Eerste Gemeente,,,,
WK000100,Wijk nul,,,,45.5
BU00010002,Tweede,400,180,100,
BU00010001,Eerste,1000,450,200,48
BU00010101,Derde,,,,
BU00020001,Elders,50,,,
"""
COLUMNS = {"gwb_code_10": "code", "regio": "naam", "a_inw": "inwoners", "a_hh": "huishoudens"}


def squares(codes: dict[str, int]) -> str:
    features = []
    for code, place in codes.items():
        x, y = 100_000 + 1_000 * place, 400_000
        ring = [[x, y], [x + 1_000, y], [x + 1_000, y + 1_000], [x, y + 1_000], [x, y]]
        kind = {"BU": "buurt", "WK": "wijk"}[code[:2]]
        features.append(
            {
                "type": "Feature",
                "properties": {
                    f"{kind}code": code,
                    f"{kind}naam": f"Naam van {code}",
                    "gemeentecode": "GM" + code[2:6],
                },
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            }
        )
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::28992"}}
    return json.dumps({"type": "FeatureCollection", "crs": crs, "features": features})


def edition(folder: Path, *only: str, codes: dict[str, int] = SQUARES, text: str = KEY_FIGURES) -> Edition:
    paths = [folder / f"{level}.geojson" for level in sorted({code[:2] for code in codes})]
    for path in paths:  # one level in each, as CBS publishes them
        path.write_text(squares({code: place for code, place in codes.items() if code[:2] == path.stem}))
    figures = read_key_figures(text, columns=COLUMNS, source="a test")
    return make_edition(GeographyId("echt"), 2024, read_maps(paths), figures, drawing=Drawing(), only=frozenset(only))


def edges(shapes: list[Shape]) -> Counter[tuple[Point, Point]]:
    return Counter(pair for shape in shapes for ring in shape.rings for pair in itertools.pairwise(ring))


def shapes_at(region: Region, level: Level) -> list[Shape]:
    return [region.shapes[code] for code in region.geography.codes_at(level)]


def open_edges(shapes: list[Shape]) -> set[tuple[Point, Point]]:
    """Return the edges that no other shape runs along the other way."""
    found = edges(shapes)
    return {(a, b) for a, b in found if (b, a) not in found}


def test_people_are_taken_over_under_other_codes_and_names(tmp_path: Path) -> None:
    region = import_region(edition(tmp_path, "GM0001"), seed=7)
    assert dict(region.populations) == {"BU99010101": 1_000, "BU99010102": 400, "BU99010201": 0}
    assert region.buurten.households.tolist() == [450, 180, 0]
    assert region.buurten.from_65.tolist() == [0.2, 0.25, 0.187]
    assert region.buurten.income_low.tolist() == [48, 45.5, 39.0]  # the buurt's own, its wijk's, Zaanstad's mean
    assert region.geography.codes_at(Level.WIJK) == ("WK990101", "WK990102")
    assert not [name for name in region.names.values() if "Naam" in name or "Wijk" in name or "Eerste" in name]
    assert not region.has_real_names


def test_shapes_are_taken_over_and_moved_to_where_no_land_is(tmp_path: Path) -> None:
    """The lower left corner of the four squares, (100,000, 400,000), comes to (-120,000, 610,000)."""
    region = import_region(edition(tmp_path), seed=7)
    third = region.shapes[AreaCode("BU99010201")]
    assert set(third.rings[0]) == {
        *((-118_000.0, 610_000.0), (-117_000.0, 610_000.0), (-117_000.0, 611_000.0), (-118_000.0, 611_000.0))
    }
    assert third.area_m2 == 1e6
    assert region.shapes[AreaCode("WK990101")].area_m2 == 2e6
    assert region.shapes[AreaCode("GM9901")].area_m2 == 3e6


def test_names_codes_and_place_stay_where_they_are_asked_for(tmp_path: Path) -> None:
    region = import_region(edition(tmp_path, "GM0001"), seed=7, real_names=True)
    assert region.names[AreaCode("BU00010002")] == "Naam van BU00010002"
    assert region.names[AreaCode("WK000100")] == "Wijk nul"
    assert region.names[AreaCode("WK000101")] == "WK000101"  # no name was given
    assert (102_000.0, 400_000.0) in region.shapes[AreaCode("BU00010101")].rings[0]
    assert region.has_real_names
    assert "echte namen en grenzen" in draw_map(region)
    assert {postcode[:4] for postcode in region.addresses.postcodes} == {"4950"}
    for name, content in region_files(region).items():
        assert name.startswith(("adressen", "instellingen")) or b"oefengegevens, verzonnen cijfers" in content, name


def test_two_gemeenten_keep_apart(tmp_path: Path) -> None:
    region = import_region(edition(tmp_path), seed=7)
    assert region.geography.codes_at(Level.GEMEENTE) == ("GM9901", "GM9902")
    assert region.populations[AreaCode("BU99020101")] == 50
    assert region.buurten.households[-1] == 23  # none was told: 2.2 persons each, rounded up


def test_what_makes_no_region_is_refused(tmp_path: Path) -> None:
    nobody = "\n".join(f"{row[:10]},,,,," if row[:2] == "BU" else row for row in KEY_FIGURES.splitlines())
    with pytest.raises(UnfitAreas, match="nobody lives"):
        import_region(edition(tmp_path, text=nobody), seed=7)
    with pytest.raises(UnfitAreas, match="wijk WK000200 without buurten"):
        import_region(
            edition(tmp_path, codes={"BU00010001": 0, "WK000200": 1}, text="\n".join(KEY_FIGURES.splitlines()[:1])),
            seed=7,
        )
    many = {f"BU0001{place // 90:02}{place % 90:02}": place for place in range(600)}
    figures = "\n".join([KEY_FIGURES.splitlines()[0], *(f"{code},B,10,5,1," for code in many)])
    with pytest.raises(UnfitAreas, match="fewer gemeenten"):
        import_region(edition(tmp_path, codes=many, text=figures), seed=7)


@pytest.fixture(scope="module")
def zaanstad(shared_data: Path) -> Edition:
    """CBS's map and key figures of 2024, with the incomes of 2022 of each wijk."""
    kwb = shared_data / "kwb"
    text = (kwb / "zaanstad_kwb2024_buurten.csv").read_text(encoding="utf-8")
    figures = dict(read_key_figures(text, columns=COLUMNS, source="kwb"))
    incomes = ["gwb_code_10,a_inw,a_hh,income_low"]
    with (kwb / "kwb2022_wijken_tmap.csv").open(encoding="utf-8") as file:
        incomes += [f"{row['code']},,,{row['income_low']}" for row in csv.DictReader(file)]
    figures |= read_key_figures("\n".join(incomes), columns={}, source="incomes")
    maps = read_maps([shared_data / "geo" / "zaanstad_buurten_2024.geojson"])
    return make_edition(GeographyId("zaanstad"), 2024, maps, figures, drawing=Drawing())


def test_zaanstad_can_be_imported(zaanstad: Edition) -> None:
    """CBS 2024: 19 wijken, 79 buurten, 161,389 inhabitants and 73,077 households, buurten rounded to five."""
    region = import_region(zaanstad, seed=7)
    assert [len(region.geography.codes_at(level)) for level in Level] == [1, 19, 79, 19]
    assert region.buurten.inhabitants.sum() == pytest.approx(161_389, abs=5 * 79)
    assert region.buurten.households.sum() == pytest.approx(73_077, abs=5 * 79)
    assert region.buurten.income_low.max() == pytest.approx(50.3)  # Poelenburg, by DOMAIN 2.7
    written = b"".join(region_files(region).values()) + draw_map(region).encode()
    real = [str(area.name) for area in zaanstad.geography.areas]
    assert {"Vijfhoekpark", "Achtersluispolder", "Boerejonkerbuurt"} < set(real)
    assert not [name for name in real if name.encode() in written]
    assert not [level for level in (b"GM", b"WK", b"BU") if level + b"0479" in written]
    population = make_population(region, first_year=2024, years=1)
    here = population.birth_day < population.first_day
    buurt = region.addresses.buurt[population.home[population.household[here]]]
    assert np.array_equal(np.bincount(buurt, minlength=79), region.buurten.inhabitants)


def test_the_shapes_of_zaanstad_share_their_borders_and_lie_in_the_sea(zaanstad: Edition) -> None:
    region = import_region(zaanstad, seed=7)
    gemeente = region.shapes[AreaCode("GM9901")].area_m2
    assert gemeente / 1e6 == pytest.approx(83.2, abs=1)  # CBS
    buurten = shapes_at(region, Level.BUURT)
    assert max(edges(buurten).values()) == 1  # no edge twice the same way: no two buurten overlap along one
    outside = sum(np.hypot(b[0] - a[0], b[1] - a[1]) for a, b in open_edges(buurten))
    around = sum(np.hypot(b[0] - a[0], b[1] - a[1]) for a, b in edges(shapes_at(region, Level.GEMEENTE)))
    assert outside == pytest.approx(around, abs=1)  # metres of 79 buurten's edges without a neighbour, of about 55 km
    for level in (Level.WIJK, Level.BUURT):
        assert sum(shape.area_m2 for shape in shapes_at(region, level)) == pytest.approx(gemeente, abs=100)
    points = [point for shape in region.shapes.values() for ring in shape.rings for point in ring]
    assert max(x for x, _ in points) < -7_000  # the national grid begins at -7 km, land at 13 km
    kept = import_region(zaanstad, seed=7, real_names=True)
    points = [point for shape in kept.shapes.values() for ring in shape.rings for point in ring]
    assert 105_000 < min(x for x, _ in points) < max(x for x, _ in points) < 125_000


def test_a_corner_of_zaanstad_that_moved_would_be_seen(zaanstad: Edition) -> None:
    """Negative control: one corner of one buurt, moved by 50 m."""
    buurten = shapes_at(import_region(zaanstad, seed=7), Level.BUURT)
    ring = buurten[40].rings[0]
    moved = Shape(((ring[0], (ring[1][0] + 50, ring[1][1]), *ring[2:]), *buurten[40].rings[1:]))
    assert open_edges([*buurten[:40], moved, *buurten[41:]]) != open_edges(buurten)
