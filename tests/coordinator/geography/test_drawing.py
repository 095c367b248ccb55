"""The drawing of an edition: every area has a line, neighbours share theirs, and postcodes lie where they are."""

import re
from dataclasses import replace
from types import MappingProxyType

import shapely

from coordinator.geography.drawing import WIDTH, draw
from protocol.words.geography import Area, AreaCode, Geography, Level
from protocol.words.ids import GeographyId, Line
from tests.coordinator.web.town import edition

LINE = re.compile(r"M(-?\d+) (-?\d+)l([-\d ]+)z")


def polygons(path: str) -> shapely.Geometry:
    """Return what a path draws; parts within others are holes."""
    found = shapely.Polygon()
    for x, y, steps in LINE.findall(path):
        numbers = [int(number) for number in re.findall(r"-?\d+", steps)]
        points = [(int(x), int(y))]
        for right, down in zip(numbers[::2], numbers[1::2], strict=True):
            points.append((points[-1][0] + right, points[-1][1] + down))
        found = found.symmetric_difference(shapely.make_valid(shapely.Polygon(points)))
    return found


def test_every_area_is_drawn_within_the_sheet_with_its_mark_in_it() -> None:
    made = draw(edition())
    assert made.width == WIDTH
    assert set(made.outlines) == {code for code in edition().shapes if len(code) > 4}
    for outline in made.outlines.values():
        area = polygons(outline.path)
        assert area.area > 0
        assert area.buffer(3).contains(shapely.Point(outline.x, outline.y))


def test_neighbours_share_their_border_after_it_is_simplified() -> None:
    """The drawn wijken do not overlap and leave no gaps between them: together they are as large as their union."""
    made = draw(edition())
    parts = [polygons(made.outlines[code].path) for code in edition().geography.codes_at(Level.WIJK)]
    together, apart = shapely.union_all(parts).area, sum(part.area for part in parts)
    assert abs(together - apart) / apart < 0.002
    moved = [
        shapely.transform(part, lambda points: points + 4) if place % 2 else part for place, part in enumerate(parts)
    ]
    assert abs(shapely.union_all(moved).area - apart) / apart > 0.002  # control: areas that do not fit are seen


def test_an_area_smaller_than_a_line_is_still_there() -> None:
    tiny = AreaCode("WK990199")
    areas = edition()
    home = areas.shapes[AreaCode("GM9901")].centroid
    shapes = {**areas.shapes, tiny: shapely.box(home.x, home.y, home.x + 1, home.y + 1)}
    made = draw(replace(areas, shapes=MappingProxyType(shapes)))
    assert re.fullmatch(r"M\d+ \d+h2v2h-2z", made.outlines[tiny].path)


def test_postcodes_lie_in_the_areas_that_they_cover() -> None:
    areas = edition()
    wijken = areas.geography.codes_at(Level.WIJK)
    first, second = AreaCode("1001"), AreaCode("1002")
    both = shapely.union_all([areas.shapes[wijken[0]], areas.shapes[wijken[1]]])
    shapes = {**areas.shapes, first: both, second: areas.shapes[wijken[2]]}
    own = [Area(code=code, name=Line(f"Postcode {code}"), parent=AreaCode("GM9901")) for code in (first, second)]
    listed = tuple(sorted((*(a for a in areas.geography.areas if not a.code.isdigit()), *own), key=lambda a: a.code))
    geography = Geography(id=GeographyId("met-postcodes"), year=2024, areas=listed)
    made = draw(replace(areas, geography=geography, shapes=MappingProxyType(shapes)))
    assert [made.postcodes[code] for code in wijken[:4]] == [("1001",), ("1001",), ("1002",), ()]
