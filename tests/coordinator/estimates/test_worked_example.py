"""The worked example's numbers are those of this computation; `docs/worked-example.md` quotes them."""

from pathlib import Path

import numpy as np

from coordinator.estimates.intervals import dispersion_of_repeats
from coordinator.estimates.power import detectable_ratio
from coordinator.estimates.summed import last_year
from coordinator.estimates.surroundings import Surroundings
from coordinator.estimates.verdicts import Verdict
from coordinator.estimates.year import make_year
from protocol.words.geography import Level
from protocol.words.period import Period
from tests.coordinator.estimates.worlds import QUARTERS, make_world

PAGE = Path(__file__).resolve().parents[3] / "docs" / "worked-example.md"
DIFFERENT = {Verdict.HIGHER, Verdict.LOWER}


def test_every_number_of_the_page_is_computed() -> None:
    """Fails on any changed number: each is printed from the sheet's own year and looked for in the text."""
    text = PAGE.read_text(encoding="utf-8")
    world, dispersion = make_world(1), dispersion_of_repeats(0.56, 1.0)
    periods = tuple(Period(f"{2023 + place // 4}-Q{place % 4 + 1}") for place in range(QUARTERS))
    given = Surroundings(world.inhabitants, world.covariates)
    year = make_year(world.consistent, world.tree, given, last_year(periods), dispersion)
    top, people = int(world.at(Level.GEMEENTE)[0]), world.inhabitants
    total = float(year.figures.value[top])
    for level in (Level.WIJK, Level.BUURT):
        nodes = world.at(level)
        whole = sum(year.against_whole[node] in DIFFERENT for node in nodes)
        comparable = sum(year.against_comparable[node] in DIFFERENT for node in nodes)
        expected = float(np.median(people[nodes][people[nodes] > 0])) * total / people[top]
        noise = float(np.median(year.figures.variance[nodes]))
        least = detectable_ratio(expected, noise, factor=dispersion.factor, tests=2 * nodes.size)
        row = f"| {level} | {nodes.size} | {expected:.0f} | {whole} | {comparable} | " + f"{least:.1f} keer |".replace(
            ".", ","
        )
        assert row in text, row
    low, high = year.registered.low[top], year.registered.high[top]
    assert f"{total:.0f} meldingen" in text, total
    assert f"{low:.0f} tot {high:.0f}" in text, (low, high)
    low, high = year.underlying.low[top], year.underlying.high[top]
    assert f"{low:.0f} tot {high:.0f}" in text, (low, high)
    factor = f"{dispersion.factor:.1f}".replace(".", ",")
    assert f"{factor} maal" in text, factor
