"""Computes: a group of comparisons as SVG: published figures as open diamonds, each simulated region as a tick."""

from xml.sax.saxutils import escape

from simulations.calibration.comparison import Comparison, Group
from simulations.words import ORIGIN

WIDTH, LEFT, RIGHT, ROW, TOP, BOTTOM = 760, 320, 24, 30, 64, 56
TICKS = 5
TEN = 10
_STYLE = (
    "text{font-family:system-ui,sans-serif;font-size:13px;fill:#1b1b1b}.t{font-size:16px;font-weight:600}"
    ".a{fill:#555;font-size:12px}.g{stroke:#ddd}.b{fill:#e8eef6}.s{stroke:#1f5fa8;stroke-width:1.5;opacity:.55}"
    ".m{fill:#1f5fa8}.p{fill:#fff;stroke:#a33b00;stroke-width:2}"
)


def picture(group: Group) -> str:
    """Return an SVG document of one group; its axis starts at 0."""
    rows = group.comparisons
    height = TOP + ROW * len(rows) + BOTTOM
    step = _step(max(max(*row.published, *row.simulated) for row in rows))
    most = step * TICKS
    bottom = TOP + ROW * len(rows)
    parts = [
        opening(WIDTH, height, f"{group.title}: gepubliceerd en gesimuleerd"),
        f'<style>{_STYLE}</style><rect width="100%" height="100%" fill="#fff"/>',
        f'<text class="t" x="16" y="26">{escape(group.title)}</text>',
        f'<text class="a" x="16" y="44">{escape(group.unit.strip())} · {ORIGIN}</text>',
    ]
    for tick in range(TICKS + 1):
        x = _x(step * tick, most)
        parts.append(f'<line class="g" x1="{x}" x2="{x}" y1="{TOP}" y2="{bottom}"/>')
        parts.append(f'<text class="a" x="{x}" y="{bottom + 16}" text-anchor="middle">{shown(step * tick)}</text>')
    for place, row in enumerate(rows):
        parts += _row(row, TOP + ROW * place + ROW // 2, most)
    parts += _legend(height - 14)
    return "\n".join([*parts, "</svg>"]) + "\n"


def opening(width: int, height: int, label: str) -> str:
    """Return the first tag of an SVG picture. width, height: in pixels. label: for who cannot see it."""
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(label)}">'


def shown(value: float) -> str:
    """Return a number with a decimal comma and three figures at most."""
    text = f"{value:.1f}" if abs(value) >= TEN else f"{value:.2f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")


def _x(value: float, most: float) -> str:
    return f"{LEFT + (WIDTH - LEFT - RIGHT) * value / most:.1f}"


def _step(highest: float) -> float:
    """Return the least round number of which TICKS cover the highest value."""
    scale = 10.0**-3
    while True:
        for factor in (1, 2, 2.5, 5):
            if scale * factor * TICKS >= highest:
                return scale * factor
        scale *= 10


def _row(row: Comparison, y: int, most: float) -> list[str]:
    least, highest = (float(_x(min(max(value, 0), most), most)) for value in (row.least, row.most))
    parts = [
        f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end">{escape(row.label)}</text>',
        f'<rect class="b" x="{least:.1f}" y="{y - 11}" width="{max(highest - least, 1):.1f}" height="22"/>',
    ]
    for value in row.simulated:
        x = _x(value, most)
        parts.append(f'<line class="s" x1="{x}" x2="{x}" y1="{y - 8}" y2="{y + 8}"/>')
    parts.append(f'<circle class="m" cx="{_x(row.mean, most)}" cy="{y}" r="4"/>')
    parts += [_diamond(float(_x(value, most)), y) for value in row.published]
    return parts


def _diamond(x: float, y: int) -> str:
    return f'<path class="p" d="M{x:.1f} {y - 6}l6 6l-6 6l-6 -6z" fill-opacity="0"/>'


def _legend(y: int) -> list[str]:
    return [
        _diamond(24, y - 4),
        f'<text class="a" x="38" y="{y}">gepubliceerd</text>',
        f'<line class="s" x1="150" x2="150" y1="{y - 12}" y2="{y + 4}"/>',
        f'<text class="a" x="160" y="{y}">een verzonnen gebied</text>',
        f'<circle class="m" cx="310" cy="{y - 4}" r="4"/>',
        f'<text class="a" x="322" y="{y}">hun gemiddelde</text>',
        f'<rect class="b" x="440" y="{y - 14}" width="24" height="18"/>',
        f'<text class="a" x="472" y="{y}">waar het gemiddelde moet liggen</text>',
    ]
