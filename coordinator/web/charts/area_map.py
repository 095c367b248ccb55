"""Computes: the two maps: difference from the whole, and value in as many classes as the figures can bear.

An area that is not shown has a pattern of its own and no number. Colours stand in the style sheet.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from coordinator.estimates.verdicts import Verdict
from coordinator.web.monitor import Cell, Figure, MonitorArea, Rate, Why

FINE, COARSE = 0.25, 0.5  # half of an interval beside its figure: up to these a reader gets four, or two, classes
MARK = 9  # half the width of a triangle, in the map's units
FOUR = 4


class Look(StrEnum):
    """How an area is filled; the names are classes of the style sheet and patterns of the drawing."""

    HIGHER = "hi"
    LOWER = "lo"
    SAME = "no"
    NOT_TOLD = "un"
    SUPPRESSED = "sup"
    NOT_DELIVERED = "nd"
    UNCERTAIN = "q"


_OF_VERDICT = {
    Verdict.HIGHER: Look.HIGHER,
    Verdict.LOWER: Look.LOWER,
    Verdict.NO_DIFFERENCE: Look.SAME,
    Verdict.NOT_TOLD: Look.NOT_TOLD,
}


@dataclass(frozen=True, slots=True)
class MapArea:
    """One area. look: its class. mark: path of a triangle or cross in it, if any. label: all of it in words."""

    code: str
    path: str
    look: str
    mark: str
    x: float
    y: float
    label: str
    link: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class AreaMap:
    """A map. edges: of the four classes of a value map, lowest first; empty in a map of differences."""

    title: str
    width: int
    height: int
    areas: tuple[MapArea, ...]
    edges: tuple[float, ...]

    @property
    def looks(self) -> frozenset[str]:
        """The classes that occur, for a legend."""
        return frozenset(area.look for area in self.areas)


@dataclass(frozen=True, slots=True)
class Named:
    """An area with its cell, what a reader hears of it, and where a click leads."""

    area: MonitorArea
    cell: Cell
    label: str
    link: str


def difference_map(title: str, named: Sequence[Named], *, size: tuple[int, int], chosen: str | None) -> AreaMap:
    """Return the map of which areas are demonstrably higher or lower than the whole."""
    return _map(title, named, size=size, chosen=chosen, edges=(), look=lambda figure: _OF_VERDICT[figure.verdict])


def value_map(title: str, named: Sequence[Named], *, size: tuple[int, int], chosen: str | None) -> AreaMap:
    """Return the map of rates: four classes where a figure is precise, two where less, one where it is not."""
    rates = sorted(each.cell.figure.rate.value for each in named if each.cell.figure and each.cell.figure.rate)
    edges = quartiles(rates)
    middle = edges[1] if edges else 0.0

    def look(figure: Figure) -> str:
        found = figure.rate
        if found is None:
            return Look.NOT_TOLD
        match classes(found, reference=middle):
            case 4:
                return f"c4-{sum(found.value >= edge for edge in edges)}"
            case 2:
                return f"c2-{int(found.value >= middle)}"
            case _:
                return Look.UNCERTAIN

    return _map(title, named, size=size, chosen=chosen, edges=edges, look=look)


def classes(found: Rate, *, reference: float) -> int:
    """Return how many classes a rate can bear: 4, 2 or 1. reference: a low rate is judged as if it were this high.

    Source: Correll, Moritz, Heer 2018, CHI, "Value-suppressing uncertainty palettes", with three steps of certainty.
    """
    half = (found.high - found.low) / 2
    share = half / max(found.value, reference, 1e-9)
    return FOUR if share <= FINE else 2 if share <= COARSE else 1


def quartiles(values: Sequence[float]) -> tuple[float, ...]:
    """Return the three edges between four classes of as many areas each; nothing for fewer than four values."""
    if len(values) < FOUR:
        return ()
    places = [len(values) * part // FOUR for part in (1, 2, 3)]
    return tuple(round(values[place], 1) for place in places)


def _map(
    title: str,
    named: Sequence[Named],
    *,
    size: tuple[int, int],
    chosen: str | None,
    edges: tuple[float, ...],
    look: Callable[[Figure], str],
) -> AreaMap:
    areas = []
    for each in named:
        figure, area = each.cell.figure, each.area
        filled = look(figure) if figure is not None else _look_of_absent(each.cell)
        areas.append(
            MapArea(
                code=area.code,
                path=area.path,
                look=str(filled),
                mark=_mark(str(filled), area.x, area.y),
                x=area.x,
                y=area.y,
                label=each.label,
                link=each.link,
                is_chosen=area.code == chosen,
            )
        )
    return AreaMap(title, *size, tuple(areas), edges)


def _look_of_absent(cell: Cell) -> Look:
    too_uncertain = not isinstance(cell.answer, Figure) and cell.answer.why is Why.TOO_UNCERTAIN
    return Look.SUPPRESSED if too_uncertain else Look.NOT_DELIVERED


def _mark(look: str, x: float, y: float) -> str:
    """Return a triangle up or down, or a cross, around a point."""
    left, up, down = f"{x - MARK:g}", f"{y - MARK:g}", f"{y + MARK:g}"
    match look:
        case Look.HIGHER:
            return f"M{left} {down}h{2 * MARK}l-{MARK}-{2 * MARK}z"
        case Look.LOWER:
            return f"M{left} {up}h{2 * MARK}l-{MARK} {2 * MARK}z"
        case Look.SUPPRESSED:
            return f"M{x - 6:g} {y - 6:g}l12 12m0-12l-12 12"
        case _:
            return ""
