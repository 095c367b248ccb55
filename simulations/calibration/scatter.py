"""Computes: wijken as SVG: meldingen beside low incomes, with the recipe's line; nothing is published of them."""

import math
from collections.abc import Sequence

import numpy as np

from simulations.calibration.picture import opening, shown
from simulations.calibration.seen import Seen
from simulations.population.rates import ZAANSTAD
from simulations.words import ORIGIN

WIDTH, HEIGHT, LEFT, TOP, BOTTOM, RIGHT = 760, 420, 64, 64, 56, 24
_AXES = "meldingen per 1.000 inwoners en jaar (omhoog) · personen met een laag inkomen, %"
_LEGEND = "stip: een verzonnen wijk · lijn: het recept, exp(beta z) met beta"
INCOMES, RATES = (30.0, 55.0), (0.0, 25.0)
_STYLE = (
    "text{font-family:system-ui,sans-serif;font-size:13px;fill:#1b1b1b}.t{font-size:16px;font-weight:600}"
    ".a{fill:#555;font-size:12px}.g{stroke:#ddd}.d{fill:#1f5fa8;opacity:.45}.l{fill:none;stroke:#a33b00;stroke-width:2}"
)


def scatter(regions: Sequence[Seen]) -> str:
    """Return an SVG document with every wijk of the regions."""
    parts = [
        opening(WIDTH, HEIGHT, "Wijken: meldingen en lage inkomens, gesimuleerd"),
        f'<style>{_STYLE}</style><rect width="100%" height="100%" fill="#fff"/>',
        '<text class="t" x="16" y="26">Wijken: meldingen en lage inkomens</text>',
        f'<text class="a" x="16" y="44">{_AXES} · {ORIGIN}</text>',
    ]
    for income in np.arange(INCOMES[0], INCOMES[1] + 1, 5.0).tolist():
        x = _x(income)
        parts.append(f'<line class="g" x1="{x}" x2="{x}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text class="a" x="{x}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{shown(income)}</text>')
    for rate in np.arange(RATES[0], RATES[1] + 1, 5.0).tolist():
        y = _y(rate)
        parts.append(f'<line class="g" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(
            f'<text class="a" x="{LEFT - 8}" y="{y}" text-anchor="end" dominant-baseline="middle">{shown(rate)}</text>'
        )
    incomes = np.concatenate([seen.income_low for seen in regions])
    rates = np.concatenate([seen.rates_of(seen.region.buurten.wijk) for seen in regions])
    for income, rate in zip(incomes.tolist(), rates.tolist(), strict=True):
        parts.append(f'<circle class="d" cx="{_x(income)}" cy="{_y(rate)}" r="4"/>')
    parts.append(f'<path class="l" d="{_line(float(incomes.mean()), float(incomes.std()), float(rates.mean()))}"/>')
    legend = f"{_LEGEND} {shown(ZAANSTAD.income_beta)}"
    parts.append(f'<text class="a" x="{LEFT}" y="{HEIGHT - 14}">{legend}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _line(mean: float, deviation: float, middle: float) -> str:
    def expected(income: float) -> float:
        return middle * math.exp(ZAANSTAD.income_beta * (income - mean) / deviation)

    points = [f"{_x(income)} {_y(expected(income))}" for income in np.linspace(*INCOMES, 26).tolist()]
    return "M" + "L".join(points)


def _x(income: float) -> str:
    return f"{LEFT + (WIDTH - LEFT - RIGHT) * (income - INCOMES[0]) / (INCOMES[1] - INCOMES[0]):.1f}"


def _y(rate: float) -> str:
    return f"{HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * (rate - RATES[0]) / (RATES[1] - RATES[0]):.1f}"
