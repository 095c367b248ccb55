"""The picture of a region's map: every buurt is drawn in its place and colour, north up, and marked as invented."""

import re
from dataclasses import replace

import numpy as np
import pytest

from protocol.words.geography import AreaCode, Geography, Level
from simulations.region import Region, make_region
from simulations.region.addresses import make_addresses
from simulations.region.buurten import Buurten
from simulations.region.map import CLASSES, draw_map
from simulations.region.shapes import Shape


@pytest.fixture(scope="module")
def region() -> Region:
    return make_region(7)


def square(x: float, y: float, side: float) -> Shape:
    return Shape((((x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)),))


def two_squares(region: Region) -> Region:
    """Return 1 km squares one above the other: the lower with 2,000 inhabitants, the upper with none."""
    codes = tuple(AreaCode(code) for code in ("BU99010101", "BU99010102"))
    above = {"GM9901", "WK990101", *codes}
    areas = tuple(area for area in region.geography.areas if area.code in above)
    households = np.array([900, 0])
    buurten = Buurten(
        codes, np.zeros(2, np.int64), np.zeros(2, np.int64), np.array([2_000, 0]), households, np.zeros(2), np.zeros(2)
    )
    shapes = {
        codes[0]: square(0, 0, 1_000),
        codes[1]: square(0, 1_000, 1_000),
        **{AreaCode(code): square(0, 0, 2_000) for code in ("WK990101", "GM9901")},
    }
    return replace(
        region,
        geography=Geography(id=region.geography.id, year=2024, areas=areas),
        buurten=buurten,
        addresses=make_addresses(households, np.zeros(2, np.int64)),
        shapes=shapes,
        water=(),
    )


def test_north_is_up_and_colours_are_of_inhabitants_on_a_square_kilometre(region: Region) -> None:
    """2,000 m wide on 860 pixels: 430 a kilometre, from 20 at the left and 64 at the top."""
    drawn = re.findall(r'<path class="b" fill="(.*?)" d="(.*?)"><title>(.*?) ', draw_map(two_squares(region)))
    assert [(fill, path) for fill, path, _ in drawn] == [
        (CLASSES[2][1], "M20.0 924.0L450.0 924.0L450.0 494.0L20.0 494.0Z"),
        (CLASSES[0][1], "M20.0 494.0L450.0 494.0L450.0 64.0L20.0 64.0Z"),
    ]


def test_every_area_and_all_water_is_drawn_and_marked(region: Region) -> None:
    text = draw_map(region)
    kinds = re.findall(r'<path class="(.)"', text)
    assert {kind: kinds.count(kind) for kind in "brwg"} == {"b": 79, "r": len(region.water), "w": 19, "g": 1}
    assert text.count("oefengegevens, verzonnen cijfers") == 79 + 2
    assert all(f">{region.names[code]}</text>" in text for code in region.geography.codes_at(Level.WIJK))
    points = np.array(re.findall(r"[ML](-?[0-9.]+) (-?[0-9.]+)", text), dtype=np.float64)
    width, height = (int(size) for size in re.findall(r'width="([0-9]+)" height="([0-9]+)"', text)[0])
    assert points.min() >= 0
    assert np.all(points.max(axis=0) <= (width, height))


def test_a_name_cannot_break_out_of_the_picture(region: Region) -> None:
    made = two_squares(region)
    areas = tuple(area.model_copy(update={"name": "<b>&"}) for area in made.geography.areas)
    text = draw_map(replace(made, geography=made.geography.model_copy(update={"areas": areas})))
    assert "<b>" not in text
    assert "&lt;b&gt;&amp;" in text
