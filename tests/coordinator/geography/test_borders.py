"""Which areas share a border: by hand on squares."""

from types import MappingProxyType

import pytest
from shapely import box

from coordinator.geography.borders import borders
from coordinator.geography.edition import Edition
from protocol.words.geography import AreaCode
from tests import example

SQUARES = {
    "GM9001": box(0, 0, 300, 200),
    "WK900100": box(0, 0, 100, 100),
    "WK900101": box(100, 0, 200, 100),
    "WK900102": box(200, 100, 300, 200),
}


@pytest.mark.parametrize("first", [0, 3])
def test_neighbours_share_a_side_of_one_level_and_a_corner_is_none(first: int) -> None:
    """WK900101 and WK900102 meet in (200, 100) only; the gemeente is another level; None has no shape."""
    shapes = MappingProxyType({AreaCode(code): shape for code, shape in SQUARES.items()})
    edition = Edition(example.geography(), shapes, MappingProxyType({}))
    codes = [None] * first + [AreaCode(code) for code in SQUARES]
    assert borders(edition, codes).tolist() == [[first + 1, first + 2]]
    assert borders(edition, [None]).shape == (0, 2)
