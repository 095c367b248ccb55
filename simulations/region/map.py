"""Computes: a picture of a region's map as SVG: buurten by how close together people live, borders, water, names."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

import numpy as np

from protocol.words.geography import AreaCode, Level
from simulations.region.region import Region
from simulations.region.shapes import Point, Ring, Shape, ring_area_m2
from simulations.words import ORIGIN

WIDTH, MARGIN, TOP, BOTTOM = 900, 20, 64, 60
# Inhabitants on a square kilometre from which a buurt gets each colour: fields, villages, suburbs, town, centre.
CLASSES = ((0, "#f1eee4"), (500, "#dfe3bd"), (1_500, "#b9cf95"), (3_000, "#83b07c"), (6_000, "#4d8a6a"))
_STYLE = (
    "text{font-family:system-ui,sans-serif;font-size:13px;fill:#1b1b1b}.t{font-size:17px;font-weight:600}"
    ".a{fill:#555;font-size:12px}.n{font-size:11px;text-anchor:middle;paint-order:stroke;stroke:#fff;stroke-width:3px}"
    "path{fill-rule:evenodd}.b{stroke:#fff;stroke-width:.7}.r{fill:#a9cbe4;stroke:#7fadd0;stroke-width:.7}"
    ".w{fill:none;stroke:#5d5d4e;stroke-width:1.2}.g{fill:none;stroke:#1b1b1b;stroke-width:2.4}"
)


def draw_map(region: Region) -> str:
    """Return the map as an SVG document. Each buurt names itself and its inhabitants where a pointer rests on it."""
    frame = _Frame([region.shapes[code] for code in region.geography.codes_at(Level.GEMEENTE)])
    names = "echte namen en grenzen" if region.has_real_names else "geen van deze plaatsen bestaat"
    size = f'viewBox="0 0 {WIDTH} {frame.height}" width="{WIDTH}" height="{frame.height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="Kaart van het gebied, {ORIGIN}">',
        f'<style>{_STYLE}</style><rect width="100%" height="100%" fill="#fff"/>',
        f'<text class="t" x="{MARGIN}" y="28">Inwoners per vierkante kilometer, per buurt</text>',
        f'<text class="a" x="{MARGIN}" y="48">{ORIGIN} · {names}</text>',
    ]
    for code, people in zip(region.buurten.codes, region.buurten.inhabitants.tolist(), strict=True):
        shape = region.shapes[code]
        told = f"{escape(region.names[code])} ({code}): {people} inwoners, {ORIGIN}"
        fill = _colour(people / (shape.area_m2 / 1e6))
        parts.append(f'<path class="b" fill="{fill}" d="{frame.path(shape)}"><title>{told}</title></path>')
    parts += [f'<path class="r" d="{frame.path(shape)}"/>' for shape in region.water]
    wijken = region.geography.codes_at(Level.WIJK)
    for kind, codes in (("w", wijken), ("g", region.geography.codes_at(Level.GEMEENTE))):
        parts += [f'<path class="{kind}" d="{frame.path(region.shapes[code])}"/>' for code in codes]
    parts += [_name(region, frame, code) for code in wijken]
    return "\n".join([*parts, *_legend(frame.height - 24), "</svg>"]) + "\n"


class _Frame:
    """How metres become pixels: north is up, and everything fits in the width."""

    def __init__(self, shapes: Sequence[Shape]) -> None:
        points = np.array([point for shape in shapes for ring in shape.rings for point in ring])
        self.left, self.top = float(points[:, 0].min()), float(points[:, 1].max())
        wide, high = np.ptp(points, axis=0).tolist()
        self.scale = (WIDTH - 2 * MARGIN) / wide
        self.height = round(TOP + BOTTOM + high * self.scale)

    def at(self, point: Point) -> str:
        return f"{MARGIN + (point[0] - self.left) * self.scale:.1f} {TOP + (self.top - point[1]) * self.scale:.1f}"

    def path(self, shape: Shape) -> str:
        return "".join("M" + "L".join(self.at(point) for point in ring[:-1]) + "Z" for ring in shape.rings)


def _name(region: Region, frame: _Frame, code: AreaCode) -> str:
    x, y = frame.at(_centre(max(region.shapes[code].rings, key=ring_area_m2))).split()
    return f'<text class="n" x="{x}" y="{y}">{escape(region.names[code])}</text>'


def _centre(ring: Ring) -> Point:
    """Return the centre of the area within a ring. Source: the shoelace formula."""
    points = np.array(ring) - ring[0]  # near the origin, for precision
    cross = points[:-1, 0] * points[1:, 1] - points[1:, 0] * points[:-1, 1]
    x, y = ((points[:-1] + points[1:]) * cross[:, None]).sum(axis=0) / (3 * cross.sum())
    return float(x) + ring[0][0], float(y) + ring[0][1]


def _colour(per_km2: float) -> str:
    return next(colour for least, colour in reversed(CLASSES) if per_km2 >= least)


def _legend(y: int) -> list[str]:
    parts = []
    for place, (least, colour) in enumerate(CLASSES):
        x = MARGIN + 120 * place
        parts.append(f'<rect x="{x}" y="{y - 11}" width="22" height="14" fill="{colour}" stroke="#999"/>')
        parts.append(f'<text class="a" x="{x + 28}" y="{y}">vanaf {f"{least:,}".replace(",", ".")}</text>')
    return parts
