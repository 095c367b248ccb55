"""Computes: a year's counts of areas by answers, made to add up both ways, for a measure with both kinds of table.

Each is counted with noise of its own: so the answers of an area do not add up to its total, nor areas to their wijk.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from coordinator.estimates.crossed import MAX_CELLS, crossing, flat, make_crossed
from coordinator.estimates.estimate import Estimates
from coordinator.estimates.hierarchy import hierarchy
from coordinator.estimates.indicators import Indicator
from coordinator.estimates.sheet import Sheet
from coordinator.estimates.sheet_parts import estimate_tree
from protocol.words.period import Period

METHOD = "gls-crossed/1"


@dataclass(frozen=True, eq=False, slots=True)
class CrossedYear:
    """Areas by answers over a year. figures: shape (nodes, 1 + answers), the total first. answers: their codes."""

    total: Indicator
    answers: tuple[str, ...]
    periods: tuple[Period, ...]
    figures: Estimates


def crossed_years(sheets: Sequence[Sheet]) -> tuple[CrossedYear, ...]:
    """Return every measure that was counted both in all and by answer over the same year, in order.

    Only where an event has one answer: households that may have several do not add up, and have `once`. Not for more
    than MAX_CELLS smallest cells.
    """
    made = []
    for _, group in groupby(sorted(sheets, key=_of), key=_of):
        found = list(group)
        whole = [sheet for sheet in found if sheet.indicator.category is None]
        parts = [sheet for sheet in found if sheet.indicator.category is not None]
        fits = all(sheet.year.periods == whole[0].year.periods for sheet in parts) if whole else False
        cells = len(parts) * found[0].indicator.tree.tree.size
        if whole and len(parts) > 1 and fits and not whole[0].indicator.once and cells <= MAX_CELLS:
            made.append(_crossed(whole[0], parts))
    return tuple(made)


def crossed_tree(found: CrossedYear) -> Mapping[str, object]:
    """Return it as JSON."""
    return {
        "indicator": found.total.name,
        "method": METHOD,
        "periods": list(found.periods),
        "answers": list(found.answers),
        "areas": [
            {
                "area": code or "",
                "total": estimate_tree(found.figures, node, 0),
                "answers": [estimate_tree(found.figures, node, 1 + place) for place in range(len(found.answers))],
            }
            for node, code in enumerate(found.total.tree.codes)
        ],
    }


def _of(sheet: Sheet) -> tuple[str, ...]:
    """Return what the tables of one measure have in common: measure, contributors and length of period."""
    indicator = sheet.indicator
    contributors = indicator.name.removeprefix(f"{indicator.measure}/").removesuffix(f"/{indicator.category}")
    return indicator.measure, contributors, indicator.length.value


def _crossed(whole: Sheet, parts: Sequence[Sheet]) -> CrossedYear:
    tree, periods = whole.indicator.tree.tree, whole.year.periods
    used = [whole.indicator.periods.index(period) for period in periods]
    others = [[sheet.indicator.periods.index(period) for period in periods] for sheet in parts]
    every = [(whole, used), *zip(parts, others, strict=True)]
    value = np.stack([sheet.indicator.value[:, at].sum(axis=1) for sheet, at in every], axis=1)
    variance = np.stack([sheet.indicator.variance[:, at].sum(axis=1) for sheet, at in every], axis=1)
    design = crossing(tree, hierarchy(flat(len(parts))))
    figures = make_crossed(design, np.where(np.isfinite(variance), value, 0.0).ravel(), variance.ravel()).figures
    shape = value.shape
    return CrossedYear(
        whole.indicator,
        tuple(str(sheet.indicator.category) for sheet in parts),
        periods,
        Estimates(figures.value.reshape(shape), figures.variance.reshape(shape), figures.reason.reshape(shape)),
    )
