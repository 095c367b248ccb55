"""Computes: from the noisy tables of a study to indicators: one measure over all areas, levels and periods.

The opened sums are taken, not the published cells: what is hidden for being uncertain is hidden for being low, and to
leave it out would bias every sum. Nothing here was not released to the parties already.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256

import numpy as np

from coordinator.combine import NoisyTable
from coordinator.estimates.estimate import Bools, Estimates, Floats, estimates
from coordinator.estimates.hierarchy import AreaTree, area_tree
from protocol.study.measure import MAX_LATENESS, MeasureKind, Table
from protocol.study.study import Study
from protocol.wire import canonical
from protocol.words.geography import AreaCode, Geography, Level
from protocol.words.ids import Code, MeasureId
from protocol.words.period import Period, PeriodLength, earlier, first_day, length_of


@dataclass(frozen=True, eq=False, slots=True)
class Indicator:
    """One measure, or one category of it, by one set of contributors and one length of period.

    value, variance: float64, shape (nodes of the tree, periods), unbiased counts with their noise; infinite variance:
    not counted at that level, not delivered or withdrawn. digest: SHA-256 of all of it, for whoever computes it again.
    added: what each round added, shape (nodes, periods, lags), by how many rounds after its own it came; None where
    nothing can come late. once: whether a household counts at most once a period. periods: without a gap; one that was
    not released or was withdrawn is there, and nothing is told of it.
    """

    name: str
    measure: MeasureId
    category: Code | None
    length: PeriodLength
    periods: tuple[Period, ...]
    tree: AreaTree
    value: Floats
    variance: Floats
    digest: str
    added: Estimates | None = None
    once: bool = False

    @property
    def counted(self) -> Bools:
        """In which periods anything was counted; shape (periods,)."""
        return np.asarray(np.isfinite(self.variance).any(axis=0))


def indicators(
    tables: Sequence[NoisyTable], study: Study, geography: Geography, *, withdrawn: frozenset[Period] = frozenset()
) -> tuple[Indicator, ...]:
    """Return every indicator of a study, in order of measure, contributors, period length and category.

    tables: of all opened rounds; what came late is added to the period it belongs to. Tables of PC4 areas are left out.
    Tables of one measure by the same contributors at several levels are one indicator; by others they are another.
    """
    tree = area_tree(geography, region=len(geography.codes_at(Level.GEMEENTE)) > 1)
    groups: dict[tuple[str, str, str, str], list[NoisyTable]] = {}
    for table in tables:
        if study.table(table.table).level is Level.PC4 or table.period in withdrawn:
            continue
        planned = study.table(table.table)
        for category in table.categories:
            key = (planned.measure, "+".join(planned.contributors), planned.period_length.value, category or "")
            groups.setdefault(key, []).append(table)
    return tuple(_indicator(key, parts, tree, study) for key, parts in sorted(groups.items()))


def _indicator(key: tuple[str, str, str, str], parts: Sequence[NoisyTable], tree: AreaTree, study: Study) -> Indicator:
    measure, contributors, _, category = key
    tables = [study.table(part.table) for part in parts]
    lags = 1 + max(table.lateness for table in tables)
    periods = without_gap({part.period for part in parts})
    place = {code: node for node, code in enumerate(tree.codes)}
    column = {period: number for number, period in enumerate(periods)}
    shape = (len(tree.codes), len(periods))
    value, variance = np.zeros(shape), np.zeros(shape)
    counted, lost = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    for part in parts:
        answer = part.categories.index(Code(category) if category else None)
        nodes, at = np.array([place[area] for area in part.areas]), column[part.period]
        if part.variance is None:
            lost[nodes, at] |= part.counted_in == part.period
            continue
        value[nodes, at] += part.values.values.reshape(len(part.areas), -1)[:, answer]
        variance[nodes, at] += float(part.variance)
        counted[nodes, at] |= part.counted_in == part.period
    variance = np.where(counted & ~lost, variance, np.inf)
    value = np.where(counted & ~lost, value, 0.0)
    name = "/".join(each for each in (measure, contributors, category) if each)
    made = None if not category else Code(category)
    return Indicator(
        name,
        MeasureId(measure),
        made,
        length_of(periods[0]),
        periods,
        tree,
        value,
        variance,
        _digest(key, parts),
        _added(parts, category, place, column, lags) if lags > 1 else None,
        once=study.measure_of(tables[0]).kind in {MeasureKind.UNITS, MeasureKind.MULTI},
    )


def tables_of(indicator: Indicator, study: Study) -> tuple[Table, ...]:
    """Return the tables of a study that an indicator was made of, in order, which its name says."""
    return tuple(table for table in study.tables if _is_of(table, indicator))


def _is_of(table: Table, indicator: Indicator) -> bool:
    parts = (table.measure, "+".join(table.contributors), indicator.category or "")
    name = "/".join(each for each in parts if each)
    has_categories = table.categories is not None
    return (
        name == indicator.name
        and table.period_length is indicator.length
        and table.level is not Level.PC4
        and has_categories == (indicator.category is not None)
    )


def without_gap(periods: Collection[Period]) -> tuple[Period, ...]:
    """Return all periods from the first of these to the last, in order; what is between two is a longer step."""
    first, found = min(periods, key=first_day), [max(periods, key=first_day)]
    while found[-1] != first:
        found.append(earlier(found[-1], 1))
    return tuple(reversed(found))


def _added(
    parts: Sequence[NoisyTable],
    category: str,
    place: Mapping[AreaCode | None, int],
    column: Mapping[Period, int],
    lags: int,
) -> Estimates:
    """Return what each round added to each period; absent where it was not counted or not delivered."""
    value = np.zeros((len(place), len(column), lags))
    variance = np.full(value.shape, np.inf)
    for part in parts:
        lag = _lag(part)
        if part.variance is None or lag >= lags:
            continue
        answer = part.categories.index(Code(category) if category else None)
        nodes = np.array([place[area] for area in part.areas])
        value[nodes, column[part.period], lag] = part.values.values.reshape(len(part.areas), -1)[:, answer]
        variance[nodes, column[part.period], lag] = float(part.variance)
    return estimates(value, variance)


def _lag(part: NoisyTable) -> int:
    """Return how many rounds after a period's own this part was counted."""
    return next(steps for steps in range(MAX_LATENESS + 1) if earlier(part.counted_in, steps) == part.period)


def _digest(key: tuple[str, str, str, str], parts: Sequence[NoisyTable]) -> str:
    """Return the digest of the exact integers and variances, in one order."""
    rows: list[Mapping[str, object]] = [
        {
            "table": part.table,
            "period": part.period,
            "counted_in": part.counted_in,
            "areas": list(part.areas),
            "values": part.values.values.tolist(),
            "variance": None if part.variance is None else _ratio(part.variance),
        }
        for part in sorted(parts, key=lambda part: (part.table, part.period, part.counted_in))
    ]
    return sha256(b"samenzicht estimates input\n" + canonical({"key": list(key), "parts": rows})).hexdigest()


def _ratio(variance: Fraction) -> str:
    return f"{variance.numerator}/{variance.denominator}"
