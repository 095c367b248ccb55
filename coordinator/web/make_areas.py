"""Computes: the areas of the monitor from an edition: lines to draw, what CBS tells, postcodes, and areas alike."""

from collections import defaultdict
from collections.abc import Mapping
from types import MappingProxyType

from coordinator.estimates.hierarchy import AreaTree
from coordinator.estimates.sheet import Context
from coordinator.estimates.spans import areas_alike
from coordinator.geography.areas import Figures
from coordinator.geography.drawing import Drawing, Outline
from coordinator.geography.edition import Edition
from coordinator.web.monitor import REGION, MonitorArea
from protocol.words.geography import AreaCode, Level, level_of

_NOTHING_TOLD = Figures(None, None, MappingProxyType({}))
_NO_LINES = Outline("", 0.0, 0.0)


def make_areas(edition: Edition, drawing: Drawing, tree: AreaTree, context: Context) -> Mapping[AreaCode, MonitorArea]:
    """Return every area but postcode areas: gemeenten, wijken, buurten. context: of the tree's nodes."""
    parents = {area.code: area.parent for area in edition.geography.areas}
    names = {area.code: str(area.name) for area in edition.geography.areas}
    alike = _alike(tree, context)
    found: dict[AreaCode, MonitorArea] = {}
    if tree.codes[0] is None:
        found[REGION] = _region(edition)
    codes = [code for code in tree.codes if code is not None]
    for code in sorted(codes, key=lambda code: (tuple(Level).index(level_of(code)), code)):
        told, line = edition.figures.get(code, _NOTHING_TOLD), drawing.outlines.get(code, _NO_LINES)
        parent = parents[code] or (REGION if REGION in found else None)
        found[code] = MonitorArea(
            code=code,
            name=names[code],
            level=level_of(code),
            parent=parent,
            inhabitants=told.inhabitants,
            households=told.households,
            context=told.context,
            postcodes=drawing.postcodes.get(code, ()),
            alike=alike.get(code, ()),
            path=line.path,
            x=line.x,
            y=line.y,
        )
    return MappingProxyType(found)


def _region(edition: Edition) -> MonitorArea:
    people, homes = 0, 0
    for code in edition.geography.codes_at(Level.GEMEENTE):
        told = edition.figures.get(code, _NOTHING_TOLD)
        people, homes = people + (told.inhabitants or 0), homes + (told.households or 0)
    nothing = _NOTHING_TOLD.context
    return MonitorArea(REGION, "Regio", Level.GEMEENTE, None, people, homes, nothing, (), (), "", 0.0, 0.0)


def _alike(tree: AreaTree, context: Context) -> dict[AreaCode, tuple[AreaCode, ...]]:
    nodes: defaultdict[Level, list[int]] = defaultdict(list)
    for node, code in enumerate(tree.codes):
        if code is not None:
            nodes[level_of(code)].append(node)
    found: dict[AreaCode, tuple[AreaCode, ...]] = {}
    for places in nodes.values():
        for node, others in areas_alike(context, places).items():
            code = tree.codes[node]
            if code is not None:
                found[code] = tuple(other for place in others if (other := tree.codes[place]) is not None)
    return found
