"""Computes: the funnel: each area's rate beside its number of inhabitants, and how far chance and noise reach there."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from coordinator.estimates.area_funnels import FunnelLimits
from coordinator.web.charts.scale import Axis, round_ticks

WIDTH, HEIGHT = 640, 340
MOST_LINKED = 500  # areas beyond which a reader finds none by its dot: the table leads there
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 20, 36, 44


@dataclass(frozen=True, slots=True)
class Place:
    """An area to draw. look: class of the style sheet for its verdict. label: all of it in words."""

    inhabitants: int
    rate: float
    look: str
    label: str
    link: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class FunnelDot:
    """An area as it is drawn. label, link: empty where there are too many."""

    x: float
    y: float
    look: str
    label: str
    link: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class FunnelChart:
    """A chart. inner: path of the 95 % limits; outer: of the 99.8 % limits. whole: place of the whole's rate."""

    title: str
    inner: str
    outer: str
    whole: float
    dots: tuple[FunnelDot, ...]
    across: tuple[tuple[float, float], ...]
    up: tuple[tuple[float, float], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    base: int = HEIGHT - _BOTTOM
    right: int = WIDTH - _RIGHT


def funnel_chart(
    title: str, places: Sequence[Place], limits: Sequence[FunnelLimits], *, whole: float
) -> FunnelChart | None:
    """Return the funnel, None where there are no limits or no areas. whole: rate of the gemeente."""
    if not limits or not places:
        return None
    largest = max(limits[-1].inhabitants, *(float(place.inhabitants) for place in places))
    # The limits of the very smallest areas would flatten everything else.
    highest = max(*(place.rate for place in places), 2.5 * whole, limits[len(limits) // 3].high)
    wide, high = round_ticks(largest), round_ticks(highest)
    across = Axis(0.0, wide[-1], _LEFT, WIDTH - _LEFT - _RIGHT)
    up = Axis(0.0, high[-1], HEIGHT - _BOTTOM, -(HEIGHT - _BOTTOM - _TOP))
    is_linked = len(places) <= MOST_LINKED
    dots = tuple(
        FunnelDot(
            across.at(each.inhabitants),
            up.at(each.rate),
            each.look,
            each.label if is_linked else "",
            each.link if is_linked else "",
            each.is_chosen,
        )
        for each in places
    )
    sizes = [each.inhabitants for each in limits]
    inner = ([each.low for each in limits], [each.high for each in limits])
    outer = ([each.alarm_low for each in limits], [each.alarm_high for each in limits])
    return FunnelChart(
        title,
        "".join(_line(sizes, rates, across, up) for rates in inner),
        "".join(_line(sizes, rates, across, up) for rates in outer),
        up.at(whole),
        dots,
        tuple((tick, across.at(tick)) for tick in wide),
        tuple((tick, up.at(tick)) for tick in high),
    )


def _line(sizes: Sequence[float], rates: Sequence[float], across: Axis, up: Axis) -> str:
    """Return the path of a limit as far as it is below the top of the chart: drawn along it, it would be one there."""
    points = tuple(zip(sizes, rates, strict=True))
    shown: list[tuple[float, float]] = []
    for (size_before, before), (size, rate) in pairwise((points[0], *points)):
        if rate <= up.high:
            if before > up.high:  # here it comes into the chart
                share = (before - up.high) / (before - rate)
                shown.append((size_before + share * (size - size_before), up.high))
            shown.append((size, rate))
    path = "L".join(f"{across.at(size):g} {up.at(rate):g}" for size, rate in shown)
    return f"M{path}" if path else ""
