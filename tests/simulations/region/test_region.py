"""A fictional region: its size, its exact borders, its codes and names, and that a seed gives it again."""

import itertools
import json
from collections import Counter
from collections.abc import Iterable

import numpy as np
import pytest

from protocol.words.geography import AreaCode, Level
from simulations.region import Region, make_region
from simulations.region.region import TooManyGemeenten
from simulations.region.shapes import Feature, Point, Shape, geojson, shape_of


@pytest.fixture(scope="module")
def region() -> Region:
    return make_region(7)


def edges(shapes: Iterable[Shape]) -> Counter[tuple[Point, Point]]:
    return Counter(pair for shape in shapes for ring in shape.rings for pair in itertools.pairwise(ring))


def open_borders(parts: Iterable[Shape]) -> set[tuple[Point, Point]]:
    """Return the edges of the parts that no other part runs along the other way: the border of them all."""
    found = edges(parts)
    return {(a, b) for a, b in found if (b, a) not in found}


def test_a_region_has_the_size_of_the_gemeente_it_stands_for(region: Region) -> None:
    """Zaanstad in 2024: 161,389 inhabitants, 73,077 households, 19 wijken, 79 buurten, 83 square kilometres."""
    geography = region.geography
    assert [len(geography.codes_at(level)) for level in Level] == [1, 19, 79, 19]
    assert region.buurten.inhabitants.sum() == 161_000
    assert 71_000 < region.buurten.households.sum() < 76_000
    assert region.shapes[AreaCode("GM9901")].area_m2 / 1e6 == pytest.approx(83.2, abs=1)


def test_some_buurten_are_empty_and_some_nearly(region: Region) -> None:
    """DOMAIN 0.2: 5 of 79 have no inhabitants and 9 of the others fewer than 200."""
    inhabitants = region.buurten.inhabitants
    assert np.count_nonzero(inhabitants == 0) == 5
    assert np.count_nonzero((inhabitants > 0) & (inhabitants < 200)) == 9
    assert np.all(region.buurten.households[inhabitants > 0] > 0)
    assert np.all(region.buurten.households <= inhabitants)


def test_incomes_spread_over_wijken_as_published(region: Region) -> None:
    """DOMAIN 2.7: the 19 wijken of Zaanstad have a mean of 39.1 % and a standard deviation of 4.8."""
    wijk = region.buurten.wijk
    means = np.bincount(wijk, weights=region.buurten.income_low) / np.bincount(wijk)
    assert means.mean() == pytest.approx(39.1, abs=1.5)
    assert means.std() == pytest.approx(4.8, abs=1.2)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_area_is_one_piece_that_shares_its_borders_exactly(seed: int) -> None:
    made = make_region(seed, gemeenten=2)
    parts = {level: [made.shapes[code] for code in made.geography.codes_at(level)] for level in list(Level)[:3]}
    # Each part's one outer ring comes first and every other ring is a hole: each area is one connected piece.
    assert all(sum(ring_is_outer(shape)) == 1 for shapes in parts.values() for shape in shapes)
    gemeente = open_borders(parts[Level.GEMEENTE])
    for level in (Level.WIJK, Level.BUURT):
        together = [*parts[level], *made.water]
        assert max(edges(together).values()) == 1
        assert open_borders(together) == gemeente
    areas = [sum(shape.area_m2 for shape in parts[level]) for level in (Level.GEMEENTE, Level.WIJK, Level.BUURT)]
    water = sum(shape.area_m2 for shape in made.water)
    assert areas[1] + water == pytest.approx(areas[0])
    assert areas[2] + water == pytest.approx(areas[0])


def ring_is_outer(shape: Shape) -> list[bool]:
    return [Shape((ring,)).area_m2 > 0 for ring in shape.rings]


def test_the_search_for_exact_borders_catches_a_vertex_that_moved(region: Region) -> None:
    """Negative control: one vertex of one buurt moved by 0.1 m."""
    codes = region.geography.codes_at(Level.BUURT)
    shapes = [region.shapes[code] for code in codes]
    whole = open_borders([*shapes, *region.water])
    outer = list(shapes[40].rings[0])
    middle = (round(outer[2][0] + 0.1, 1), outer[2][1])
    moved = Shape(((*outer[:2], middle, *outer[3:]), *shapes[40].rings[1:]))
    assert open_borders([*shapes[:40], moved, *shapes[41:], *region.water]) != whole


def test_rings_that_meet_in_a_corner_stay_apart() -> None:
    """Cells around a hole that touches the outside in one corner: an outer ring of 12 sides and a hole of 4."""
    cells = np.array([[1, 1, 0], [1, 0, 1], [1, 1, 1]], dtype=bool)
    vertices = np.stack(np.meshgrid(np.arange(4.0), np.arange(4.0)), axis=-1)
    shape = shape_of(cells, vertices)
    assert [len(ring) - 1 for ring in shape.rings] == [12, 4]
    assert shape.area_m2 == 7.0
    assert shape.rings[1] == ((1.0, 1.0), (1.0, 2.0), (2.0, 2.0), (2.0, 1.0), (1.0, 1.0))


def test_an_area_of_two_pieces_is_written_as_both_each_with_its_own_holes() -> None:
    def square(x: float, side: float, *, hole: bool = False) -> tuple[Point, ...]:
        ring = ((x, 0.0), (x + side, 0.0), (x + side, side), (x, side), (x, 0.0))
        return tuple(reversed(ring)) if hole else ring

    first, second = (square(0, 9), square(2, 3, hole=True)), (square(20, 4),)
    shape = Shape((*first, *second))
    assert shape.polygons == (first, second)
    assert shape.area_m2 == 81 - 9 + 16
    (feature,) = json.loads(geojson("one", [Feature(shape, ())]))["features"]
    assert feature["geometry"]["type"] == "MultiPolygon"
    assert [len(rings) for rings in feature["geometry"]["coordinates"]] == [2, 1]


def test_the_shapes_lie_where_the_netherlands_do_not(region: Region) -> None:
    points = [point for shape in region.shapes.values() for ring in shape.rings for point in ring]
    assert max(x for x, _ in points) < -7_000  # the national grid begins at -7 km, land at 13 km


def test_the_land_has_a_centre_where_people_live_closer_together(region: Region) -> None:
    centre = np.mean(region.shapes[AreaCode("GM9901")].rings[0], axis=0)
    shapes = [region.shapes[code] for code in region.buurten.codes]
    away = np.array([np.hypot(*(np.mean(shape.rings[0], axis=0) - centre)) for shape in shapes])
    density = region.buurten.inhabitants / np.array([shape.area_m2 / 1e6 for shape in shapes])
    order = np.argsort(away)
    assert density[order[:26]].mean() > 1.3 * density[order[-26:]].mean()
    assert region.water


@pytest.mark.parametrize("gemeenten", [0, 7])
def test_more_gemeenten_than_there_are_plans_for_are_refused(gemeenten: int) -> None:
    with pytest.raises(TooManyGemeenten, match="1 to 6"):
        make_region(7, gemeenten=gemeenten)


def test_six_gemeenten_lie_in_one_region() -> None:
    made = make_region(7, gemeenten=6)
    assert made.geography.codes_at(Level.GEMEENTE) == ("GM9901", "GM9902", "GM9903", "GM9904", "GM9905", "GM9906")
    assert made.buurten.inhabitants.sum() == 399_000
    # Each has a border with another: together they have fewer open edges than apart.
    shapes = [made.shapes[code] for code in made.geography.codes_at(Level.GEMEENTE)]
    for place, shape in enumerate(shapes):
        others = edges([*shapes[:place], *shapes[place + 1 :]])
        assert any((b, a) in others for a, b in edges([shape]))


def test_every_household_has_an_address_in_one_postcode_of_its_buurt() -> None:
    made = make_region(5, gemeenten=6)
    addresses = made.addresses
    homes = np.bincount(addresses.buurt, minlength=len(made.buurten.codes))
    assert np.all(homes >= made.buurten.households)
    assert np.all(homes[made.buurten.households == 0] == 0)
    assert np.array_equal(addresses.buurt, addresses.buurt_of_postcode[addresses.postcode])
    pairs = set(zip(addresses.postcode.tolist(), addresses.house_number.tolist(), strict=True))
    assert len(pairs) == addresses.buurt.size
    assert len(set(addresses.postcodes)) == len(addresses.postcodes)
    assert not [code for code in addresses.postcodes if code[4:] in {"SA", "SD", "SS"}]
