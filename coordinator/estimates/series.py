"""Computes: what several studies counted of one measure as one series, on the areas of the newest.

A study ends with its year or its covenant and the next one counts on. Where areas changed, what was counted before is
kept of those that stayed what they were and of what they are part of; the break is for `breaks.py` to mark.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np

from coordinator.estimates.breaks import Origin
from coordinator.estimates.estimate import Estimates, Floats, estimates
from coordinator.estimates.hierarchy import AreaTree
from coordinator.estimates.indicators import Indicator, without_gap
from protocol.wire import canonical
from protocol.words.geography import AreaCode
from protocol.words.period import first_day


@dataclass(frozen=True, eq=False, slots=True)
class Series:
    """An indicator with what each of its periods stands on. studies: places of those that counted it, oldest first."""

    indicator: Indicator
    origins: tuple[Origin | None, ...]
    studies: tuple[int, ...]


def joined(found: Sequence[Series], tree: AreaTree) -> tuple[Series, ...]:
    """Return the series, those that go on as one, in the order in which they began.

    tree: of the areas to show, the newest. A series goes on in one of the same measure, answer and length of period
    that begins after it ends, and of the same contributors or the only one there is of that measure then.
    """
    made: list[Series] = []
    for each in sorted(found, key=lambda each: first_day(each.indicator.periods[0])):
        part = Series(on_tree(each.indicator, tree), each.origins, each.studies)
        rivals = [other for other in found if other is not each and _alike(other, part) and not _apart(other, part)]
        before = [other for other in made if _alike(other, part) and _ends_before(other, part)]
        same = [other for other in before if other.indicator.name == part.indicator.name]
        chosen = same or (before if not rivals else [])
        if len(chosen) == 1:
            made[made.index(chosen[0])] = _one(chosen[0], part)
        else:
            made.append(part)
    return tuple(made)


def on_tree(indicator: Indicator, tree: AreaTree) -> Indicator:
    """Return an indicator on the nodes of another tree; what is not the same area there has no figures.

    An area stayed what it was when it and all its neighbours within one parent did: a code that came or went says that
    borders between these moved.
    """
    if indicator.tree is tree or indicator.tree.codes == tree.codes:
        return indicator
    families, theirs = _families(tree), _families(indicator.tree)
    place = {code: node for node, code in enumerate(indicator.tree.codes)}
    kept = [
        place[code] if code in place and families[parent] == theirs.get(parent) else -1
        for code, parent in zip(tree.codes, _parents(tree), strict=True)
    ]
    source = np.array(kept)
    value, variance = _rows(indicator.value, source, 0.0), _rows(indicator.variance, source, np.inf)
    added = indicator.added
    if added is not None:
        added = estimates(_rows(added.value, source, 0.0), _rows(added.variance, source, np.inf))
    return replace(indicator, tree=tree, value=value, variance=variance, added=added)


def _one(former: Series, part: Series) -> Series:
    """Return both as one; the later name counts. With another lateness nothing is said of what may still come."""
    first, second = former.indicator, part.indicator
    periods = without_gap({*first.periods, *second.periods})
    gap = len(periods) - len(first.periods) - len(second.periods)
    nodes = second.value.shape[0]
    value = np.concatenate([first.value, np.zeros((nodes, gap)), second.value], axis=1)
    variance = np.concatenate([first.variance, np.full((nodes, gap), np.inf), second.variance], axis=1)
    digest = sha256(b"samenzicht estimates series\n" + canonical([first.digest, second.digest])).hexdigest()
    made = replace(
        second, periods=periods, value=value, variance=variance, digest=digest, added=_added(first, second, gap)
    )
    return Series(made, (*former.origins, *(None for _ in range(gap)), *part.origins), (*former.studies, *part.studies))


def _added(first: Indicator, second: Indicator, gap: int) -> Estimates | None:
    one, other = first.added, second.added
    if one is None or other is None or one.value.shape[2] != other.value.shape[2]:
        return None
    empty = (one.value.shape[0], gap, one.value.shape[2])
    return estimates(
        np.concatenate([one.value, np.zeros(empty), other.value], axis=1),
        np.concatenate([one.variance, np.full(empty, np.inf), other.variance], axis=1),
    )


def _alike(one: Series, other: Series) -> bool:
    first, second = one.indicator, other.indicator
    return (first.measure, first.category, first.length) == (second.measure, second.category, second.length)


def _ends_before(one: Series, other: Series) -> bool:
    return first_day(one.indicator.periods[-1]) < first_day(other.indicator.periods[0])


def _apart(one: Series, other: Series) -> bool:
    return _ends_before(one, other) or _ends_before(other, one)


def _parents(tree: AreaTree) -> list[AreaCode | int | None]:
    """Return the code of each node's parent; -1 for a root."""
    return [tree.codes[above] if above >= 0 else -1 for above in tree.tree.parent.tolist()]


def _families(tree: AreaTree) -> dict[AreaCode | int | None, frozenset[AreaCode | None]]:
    """Return the codes of each parent's parts."""
    found: dict[AreaCode | int | None, set[AreaCode | None]] = {}
    for code, parent in zip(tree.codes, _parents(tree), strict=True):
        found.setdefault(parent, set()).add(code)
    return {parent: frozenset(codes) for parent, codes in found.items()}


def _rows(table: Floats, source: np.ndarray, absent: float) -> Floats:
    """Return the rows of the places in `source`, and `absent` where that is -1."""
    found = table[np.maximum(source, 0)]
    found[source < 0] = absent
    return np.asarray(found)
