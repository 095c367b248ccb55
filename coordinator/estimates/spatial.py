"""Computes: small-area estimates that also borrow from neighbours: Fay and Herriot's model with a spatial term.

What areas have beyond their covariates is alike between neighbours as far as the figures show it. For one region at a
time: the work grows with the cube of the areas.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize

from coordinator.estimates.estimate import Bools, Estimates, Floats, Places, Reason, estimates, wrong_shape
from coordinator.estimates.small_areas import LABEL, LEAST_FREE, independent_columns

MAX_AREAS = 1_500  # a dense matrix of 18 MB; one fit of 64 areas takes about 0.2 s
MOST_ALIKE = 0.98  # at 1 the model has no level of its own


@dataclass(frozen=True, eq=False, slots=True)
class SpatialAreas:
    """Estimates of rates, shape (areas,), and the model: spread, and how alike neighbours are, 0 to MOST_ALIKE."""

    estimated: Estimates
    spread: float
    alike: float
    label: str = LABEL


@dataclass(frozen=True, eq=False, slots=True)
class _Data:
    """What was seen: y, x and noise of the told areas, their places among all, and the graph's Laplacian of all."""

    y: Floats
    x: Floats
    noise: Floats
    told: Places
    laplacian: Floats


def spatial_fay_herriot(
    direct: Estimates, columns: Floats, borders: Places, usable: Bools, *, alike: float | None = None
) -> SpatialAreas:
    """Return the predictor of each usable area's rate with its mean squared error.

    direct, columns, usable: as for `fay_herriot`. borders: int64, shape (pairs, 2), places of areas that share one.
    alike: when it is known; else it is estimated with the spread.
    Source: Leroux, Lei, Breslow 1999 (spatial term: precision (alike * L + (1 - alike) * I) / spread, L the Laplacian
    of the neighbour graph); Pratesi, Salvati 2008, Statistical Methods and Applications 17, section 3, for the
    predictor, restricted likelihood and mean squared error g1 + g2 + 2 g3 of a Fay-Herriot model with such a term.
    Raises: WrongShape, also for more than MAX_AREAS.
    """
    size = direct.value.size
    if columns.shape[:1] != (size,) or size > MAX_AREAS or borders.ndim != 2 or borders.max(initial=0) >= size:  # noqa: PLR2004 - pairs
        raise wrong_shape("covariates or borders of other areas, or too many areas")
    told = np.flatnonzero(direct.told & usable)
    kept = list(independent_columns(columns[told]))
    if told.size < len(kept) + LEAST_FREE or not kept:
        return SpatialAreas(estimates(np.zeros(size), np.full(size, np.inf), Reason.TOO_FEW), 0.0, 0.0)
    laplacian = np.zeros((size, size))
    for first, second in borders.tolist():
        laplacian[[first, second], [second, first]] = -1.0
    np.fill_diagonal(laplacian, -laplacian.sum(axis=1))
    data = _Data(direct.value[told], columns[told][:, kept], direct.variance[told], told, laplacian)
    spread, found = _fit(data, alike)
    value, error = _predicted(data, columns[:, kept], spread, found, known=alike is not None)
    made = estimates(np.where(usable, value, np.nan), np.where(usable, error, np.inf), Reason.NO_DENOMINATOR)
    return SpatialAreas(made, spread, found)


def _term(data: _Data, alike: float) -> Floats:
    """Return the covariance of the spatial term of all areas at spread 1."""
    size = len(data.laplacian)
    return np.asarray(linalg.inv(alike * data.laplacian + (1 - alike) * np.eye(size)))


def _fit(data: _Data, alike: float | None) -> tuple[float, float]:
    """Return spread and likeness at which the restricted likelihood is largest; the spread is kept off 0 as there."""
    scale = float(np.median(data.noise))

    def loss(point: Floats) -> float:
        share = alike if alike is not None else MOST_ALIKE / (1 + float(np.exp(-np.clip(point[1], -20, 20))))
        spread = float(np.exp(np.clip(point[0], -15, 15))) * scale
        covariance = spread * _term(data, share)[np.ix_(data.told, data.told)] + np.diag(data.noise)
        factor = linalg.cho_factor(covariance, lower=True)
        solved = linalg.cho_solve(factor, np.column_stack([data.x, data.y]))
        information = data.x.T @ solved[:, :-1]
        residual = data.y - data.x @ np.linalg.solve(information, data.x.T @ solved[:, -1])
        log_determinant = 2 * float(np.log(np.diag(factor[0])).sum()) + float(np.linalg.slogdet(information)[1])
        # A little of the logarithm of the spread keeps it off 0, where the likelihood alone may be largest.
        return 0.5 * (log_determinant + float(residual @ linalg.cho_solve(factor, residual))) - 0.05 * float(point[0])

    start = np.array([-1.0, 0.5] if alike is None else [-1.0])
    best = optimize.minimize(loss, start, method="Nelder-Mead", options={"xatol": 1e-3, "fatol": 1e-4})
    share = alike if alike is not None else MOST_ALIKE / (1 + float(np.exp(-np.clip(best.x[1], -20, 20))))
    return float(np.exp(np.clip(best.x[0], -15, 15))) * scale, share


def _predicted(data: _Data, columns: Floats, spread: float, alike: float, *, known: bool) -> tuple[Floats, Floats]:
    shape, told = _term(data, alike), data.told
    term = spread * shape
    inverse = linalg.inv(term[np.ix_(told, told)] + np.diag(data.noise))
    gain = term[:, told] @ inverse
    covariance = np.linalg.inv(data.x.T @ inverse @ data.x)
    coefficients = covariance @ (data.x.T @ inverse @ data.y)
    value = columns @ coefficients + gain @ (data.y - data.x @ coefficients)
    first = np.diag(term) - np.einsum("ij,ij->i", gain, term[:, told])
    left = columns - gain @ data.x
    second = np.einsum("ij,jk,ik->i", left, covariance, left)
    # Derivatives of the term by the spread and, when it is estimated, by the likeness.
    size = len(data.laplacian)
    slopes = [shape] if known else [shape, -spread * shape @ (data.laplacian - np.eye(size)) @ shape]
    projection = inverse - inverse @ data.x @ covariance @ data.x.T @ inverse
    inner = [slope[np.ix_(told, told)] for slope in slopes]
    half = [projection @ each for each in inner]
    information = np.array([[0.5 * np.trace(one @ other) for other in half] for one in half])
    moves = [slope[:, told] @ inverse - gain @ each @ inverse for slope, each in zip(slopes, inner, strict=True)]
    total = term[np.ix_(told, told)] + np.diag(data.noise)
    uncertain = np.linalg.pinv(information)
    third = sum(
        uncertain[one, other] * np.einsum("ij,jk,ik->i", moves[one], total, moves[other])
        for one in range(len(moves))
        for other in range(len(moves))
    )
    return value, np.asarray(first + second + 2 * np.maximum(third, 0.0))
