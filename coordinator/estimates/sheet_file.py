"""Computes: sheets as JSON with methods and digests, and whether two such files say the same.

Numbers are written to nine digits and compared to one in a million: another machine's linear algebra differs in the
last bits, and in nothing else.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
from hashlib import sha256
from math import isclose, isfinite

import numpy as np

from coordinator.errors import EstimateRefusal
from coordinator.estimates.crossed_year import crossed_tree, crossed_years
from coordinator.estimates.estimate import Floats
from coordinator.estimates.hierarchy import AreaTree
from coordinator.estimates.sheet import METHODS, Context, Sheet
from coordinator.estimates.sheet_parts import (
    associations_tree,
    charts_tree,
    context_tree,
    estimate_tree,
    short,
    year_tree,
)
from coordinator.estimates.small_areas import SmallAreas
from coordinator.geography.edition import Edition

FORMAT = 3
TOLERANCE = 1e-6
MAX_NAMED = 20  # a comparison names the first differences, not a flood of them
COVARIATES = ("p_hh_osm", "p_ink_li", "inkomen_laag")  # low incomes, under CBS's names of several years


class Basis(StrEnum):
    """From which cells estimates were made: every opened one, or those that a public bundle shows."""

    OPENED = "opened"
    PUBLISHED = "published"


class EstimatesDiffer(EstimateRefusal):
    """A file of estimates that these tables, this context and these methods do not give."""


class NoEstimates(EstimateRefusal):
    """A file that holds no estimates in our form."""


def context_of(
    edition: Edition, tree: AreaTree, *, columns: Sequence[str] = COVARIATES, returns: float | None = None
) -> Context:
    """Return what an edition tells of the nodes: inhabitants, household size, and those of the columns that it has."""
    told = [edition.figures.get(code) if code is not None else None for code in tree.codes]
    people = np.array([np.nan if each is None or each.inhabitants is None else each.inhabitants for each in told])
    if tree.codes[0] is None:
        people[0] = np.nansum(people[tree.tree.parent == 0])
    sizes = [
        each.inhabitants / each.households if each is not None and each.inhabitants and each.households else np.nan
        for each in told
    ]
    known = [[np.nan if each is None else each.context.get(name, np.nan) for each in told] for name in columns]
    return Context(people.astype(np.float64), np.array([sizes, *known], dtype=np.float64).T, returns)


def estimates_json(sheets: Sequence[tuple[Sheet, Context]], basis: Basis = Basis.OPENED) -> bytes:
    """Return the file: for each indicator its input's digests and every cell. What is absent has its reason.

    basis: from which cells the sheets were made. A file of one basis is never compared with one of the other.
    """
    made = {
        "format": FORMAT,
        "basis": basis,
        "methods": dict(METHODS),
        "indicators": [_indicator(*pair) for pair in sheets],
        "associations": associations_tree(sheets),
        "crossed": [crossed_tree(each) for each in crossed_years([sheet for sheet, _ in sheets])],
    }
    return (json.dumps(made, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def check_estimates(theirs: bytes, ours: bytes, *, source: str) -> None:
    """Refuse a file that differs from what was computed again.

    Raises: NoEstimates, EstimatesDiffer.
    """
    try:
        tree = json.loads(theirs)
    except ValueError:
        raise NoEstimates(
            got=f"no JSON in {source}", wanted="a file of estimates", act="the reader must fetch it"
        ) from None
    found = []
    for line in _differences(tree, json.loads(ours), ""):
        found.append(line)
        if len(found) == MAX_NAMED:
            break
    if found:
        raise EstimatesDiffer(
            got=f"other estimates in {source} than these tables give, at {', '.join(found)}",
            wanted="the same methods, inputs and numbers",
            act="the operator must publish them again, or tell which input changed",
        )


def _indicator(sheet: Sheet, context: Context) -> Mapping[str, object]:
    indicator = sheet.indicator
    codes, periods = indicator.tree.codes, indicator.periods
    verdicts, last = sheet.verdicts.verdicts, len(periods) - 1
    leaf = {int(node): place for place, node in enumerate(sheet.leaves)}
    cells = []
    for node, code in enumerate(codes):
        for at, period in enumerate(periods):
            cell: dict[str, object] = {"area": code or "", "period": period}
            cell |= _counted(sheet, node, at)
            cell["trend"] = estimate_tree(sheet.trend.later, node, at)
            if at == last:
                cell["against_whole"] = verdicts[node]
                cell["against_before"] = verdicts[len(codes) + node] if last else None
                cell["geschat"] = _estimated(sheet.small_areas, leaf[node]) if node in leaf else None
            cells.append(cell)
    return {
        "name": indicator.name,
        "input": indicator.digest,
        "context": _digest(context),
        "dispersion": short(sheet.dispersion.factor),
        "false_alarms": short(sheet.verdicts.false_alarms),
        "breaks": [{"period": periods[each.first], "kind": each.kind} for each in sheet.trend.breaks],
        "cells": cells,
        **year_tree(sheet),
        **charts_tree(sheet),
        **context_tree(sheet),
    }


def _estimated(areas: SmallAreas, leaf: int) -> Mapping[str, object]:
    """Return an estimate with its limits, which an area without a figure of its own has not."""
    made, high = estimate_tree(areas.estimated, leaf), float(areas.limits.high[leaf])
    if not (areas.estimated.told[leaf] and isfinite(high)):
        return made
    return {**made, "low": short(float(areas.limits.low[leaf])), "high": short(high)}


def _counted(sheet: Sheet, node: int, at: int) -> Mapping[str, object]:
    figures = sheet.consistent.figures
    told = bool(figures.told[node, at])
    return {
        "consistent": estimate_tree(figures, node, at),
        "shown": sheet.shown.cell(node, at),
        "registered": _limits(sheet.registered.low, sheet.registered.high, node, at) if told else None,
        "underlying": _limits(sheet.underlying.low, sheet.underlying.high, node, at) if told else None,
        "rate": estimate_tree(sheet.rate, node, at),
    }


def _limits(low: Floats, high: Floats, node: int, at: int) -> list[float]:
    return [short(float(low[node, at])), short(float(high[node, at]))]


def _digest(context: Context) -> str:
    strata = context.strata
    told = [
        [context.inhabitants.tolist(), context.covariates.tolist(), context.returns],
        [[each.first, each.kind] for each in context.breaks],
        [[each.node, each.first, each.label] for each in context.interventions],
        None if context.borders is None else context.borders.tolist(),
        None if strata is None else [asdict(strata.model), strata.inhabitants.tolist(), strata.shares.tolist()],
    ]
    text = json.dumps(told)
    return sha256(b"samenzicht estimates context\n" + text.encode()).hexdigest()


def _differences(theirs: object, ours: object, where: str) -> Iterator[str]:
    """Yield the paths at which two trees differ."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in sorted(set(theirs) | set(ours)):
            if key in theirs and key in ours:
                yield from _differences(theirs[key], ours[key], f"{where}/{key}")
            else:
                yield f"{where}/{key}"
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for place, pair in enumerate(zip(theirs, ours, strict=True)):
            yield from _differences(*pair, f"{where}/{place}")
    elif isinstance(theirs, float) and isinstance(ours, float):
        if not isclose(theirs, ours, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
            yield where or "/"
    elif theirs != ours or isinstance(theirs, bool) != isinstance(ours, bool):
        yield where or "/"
