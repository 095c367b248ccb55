"""Computes: between degrees (EPSG:4326) and the metres of the Dutch national grid (EPSG:28992), on land to 0.5 m.

Source: Schreutelkamp, Strang van Hees 2001, Benaderingsformules voor de transformatie tussen RD- en
WGS84-kaartcoordinaten, Geodesia 43. The maps of areas are generalised to metres, so the exact grid is not needed.
"""

import numpy as np
from numpy.typing import NDArray

_X0, _Y0 = 155_000.0, 463_000.0  # Amersfoort
_LATITUDE0, _LONGITUDE0 = 52.15517440, 5.38720621

# Power of the first difference, of the second, and the coefficient, as the source prints them.
_TO_X = (
    (0, 1, 190094.945),
    (1, 1, -11832.228),
    (2, 1, -114.221),
    (0, 3, -32.391),
    (1, 0, -0.705),
    (3, 1, -2.340),
    (1, 3, -0.608),
    (0, 2, -0.008),
    (2, 3, 0.148),
)
_TO_Y = (
    (1, 0, 309056.544),
    (0, 2, 3638.893),
    (2, 0, 73.077),
    (1, 2, -157.984),
    (3, 0, 59.788),
    (0, 1, 0.433),
    (2, 2, -6.439),
    (1, 1, -0.032),
    (0, 4, 0.092),
    (1, 4, -0.054),
)
_TO_LATITUDE = (
    (0, 1, 3235.65389),
    (2, 0, -32.58297),
    (0, 2, -0.24750),
    (2, 1, -0.84978),
    (0, 3, -0.06550),
    (2, 2, -0.01709),
    (1, 0, -0.00738),
    (4, 0, 0.00530),
    (2, 3, -0.00039),
    (4, 1, 0.00033),
    (1, 1, -0.00012),
)
_TO_LONGITUDE = (
    (1, 0, 5260.52916),
    (1, 1, 105.94684),
    (1, 2, 2.45656),
    (3, 0, -0.81885),
    (1, 3, 0.05594),
    (3, 1, -0.05607),
    (0, 1, 0.01199),
    (3, 2, -0.00256),
    (1, 4, 0.00128),
    (0, 2, 0.00022),
    (2, 0, -0.00022),
    (5, 0, 0.00026),
)

Series = tuple[tuple[int, int, float], ...]


def to_metres(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return x and y in metres. degrees: float64, shape (points, 2), longitude first."""
    north = 0.36 * (degrees[:, 1] - _LATITUDE0)
    east = 0.36 * (degrees[:, 0] - _LONGITUDE0)
    return np.column_stack([_X0 + _sum(_TO_X, north, east), _Y0 + _sum(_TO_Y, north, east)])


def to_degrees(metres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return longitude and latitude. metres: float64, shape (points, 2), x first."""
    x, y = (metres[:, 0] - _X0) * 1e-5, (metres[:, 1] - _Y0) * 1e-5
    longitude = _LONGITUDE0 + _sum(_TO_LONGITUDE, x, y) / 3600
    return np.column_stack([longitude, _LATITUDE0 + _sum(_TO_LATITUDE, x, y) / 3600])


def _sum(series: Series, first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    terms = [coefficient * first**power * second**other for power, other, coefficient in series]
    return np.asarray(np.sum(terms, axis=0), dtype=np.float64)
