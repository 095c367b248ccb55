"""The worked example's numbers are those of this computation; `docs/worked-example.md` quotes them."""

from pathlib import Path

import numpy as np

from coordinator.estimates.estimate import estimates
from coordinator.estimates.intervals import dispersion_of_repeats
from coordinator.estimates.power import detectable_ratio
from coordinator.estimates.verdicts import Verdict, judge, with_whole
from protocol.words.geography import Level
from tests.coordinator.estimates.worlds import NOISE, make_world

PAGE = Path(__file__).resolve().parents[3] / "docs" / "worked-example.md"
YEAR = dispersion_of_repeats(0.56, 1.0)


def test_every_number_of_the_page_is_computed() -> None:
    text = PAGE.read_text(encoding="utf-8")
    world = make_world(1)
    raw, top = world.raw.value[:, -4:].sum(axis=1), int(world.at(Level.GEMEENTE)[0])
    people = world.inhabitants
    for level in (Level.WIJK, Level.BUURT):
        nodes = world.at(level)
        figures = estimates(raw[nodes], np.full(nodes.size, 4 * NOISE))
        whole = estimates(raw[[top]], np.array([4 * NOISE]))
        page = judge([with_whole(figures, people[nodes], whole, float(people[top]), dispersion=YEAR)])
        found = sum(word in {Verdict.HIGHER, Verdict.LOWER} for word in page.verdicts)
        expected = float(np.median(people[nodes][people[nodes] > 0])) * raw[top] / people[top]
        least = detectable_ratio(expected, 4 * NOISE, factor=YEAR.factor, tests=nodes.size)
        row = f"| {level} | {nodes.size} | {expected:.0f} | {found} | {least:.1f} keer |"
        assert row in text, row
    assert f"{raw[top]:.0f} meldingen" in text, raw[top]
