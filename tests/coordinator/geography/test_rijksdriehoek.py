"""The transformation, beside points of which both positions are published."""

import numpy as np
import pytest
from numpy.typing import NDArray

from coordinator.geography.rijksdriehoek import to_degrees, to_metres

# Schreutelkamp, Strang van Hees 2001: Westertoren Amsterdam and Martinitoren Groningen; Amersfoort is the origin.
POINTS = (
    ((4.88352559, 52.37453253), (120_700.723, 487_525.502)),
    ((6.56820053, 53.21938317), (233_883.131, 582_065.167)),
    ((5.38720621, 52.15517440), (155_000.0, 463_000.0)),
)


@pytest.mark.parametrize(("degrees", "metres"), POINTS)
def test_published_points_are_met_to_a_metre(degrees: tuple[float, float], metres: tuple[float, float]) -> None:
    assert to_metres(np.array([degrees]))[0] == pytest.approx(metres, abs=1.0)
    assert to_degrees(np.array([metres]))[0] == pytest.approx(degrees, abs=1e-5)
    # Negative control: latitude and longitude swapped land elsewhere.
    assert abs(to_metres(np.array([degrees[::-1]]))[0] - metres).max() > 1_000


def test_there_and_back_is_where_it_was_within_a_metre() -> None:
    grid = np.mgrid[20_000:270_000:26j, 320_000:610_000:30j].reshape(2, -1).T  # the land of the Netherlands
    back: NDArray[np.float64] = to_metres(to_degrees(grid))
    assert np.abs(back - grid).max() < 1.0
