"""Touches the world: the profile of one area: who lives there, every topic, two trends, and what it does not say."""

from dataclasses import replace

from fastapi import APIRouter, Request
from fastapi.responses import Response

from coordinator.web.address import View, area_of
from coordinator.web.answer import page
from coordinator.web.brief import brief
from coordinator.web.charts.area_map import AreaMap, Look, MapArea
from coordinator.web.monitor import MonitorArea
from coordinator.web.render import render
from coordinator.web.rows import spine
from coordinator.web.trends import area_trend
from protocol.words.geography import Level

router = APIRouter()
TRENDS = 2


@router.get("/gebied/{code}")
def profile_page(request: Request, code: str) -> Response:
    """Return the profile of an area."""

    def draw(view: View) -> str:
        area = area_of(view.monitor, code)
        at = area.level if area.level in {Level.WIJK, Level.BUURT} else Level.WIJK
        view = replace(view, level=at)
        rows = spine(area, view, path="/wijken")
        told = [row.indicator for row in rows if row.figure is not None][:TRENDS]
        return render(
            "profile.html",
            view,
            area=area,
            locator=locator(view, area),
            spine=rows,
            brief=() if area.code == view.monitor.whole else brief(rows, view),
            trends=[(indicator, area_trend(indicator, area, view)) for indicator in told],
        )

    return page(request, draw)


def locator(view: View, area: MonitorArea) -> AreaMap:
    """Return a small map of the wijken on which the area stands out; nobody has to reach its parts by keyboard."""
    areas = [
        MapArea(each.code, each.path, Look.SAME.value, "", each.x, each.y, each.name, "", is_chosen=False)
        for each in view.monitor.at(Level.WIJK)
        if each.code != area.code
    ]
    areas.append(MapArea(area.code, area.path, Look.SAME.value, "", area.x, area.y, area.name, "", is_chosen=True))
    return AreaMap(area.name, view.monitor.width, view.monitor.height, tuple(areas), ())
