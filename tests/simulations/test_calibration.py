"""VT-21: the page that holds the simulation beside the published figures, and the bounds that it states."""

import csv
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

from simulations.calibration.compare import groups
from simulations.calibration.comparison import Comparison, near
from simulations.calibration.page import REGION_SEEDS, SPREAD_GEMEENTEN, SPREAD_SEED, changed, pages_of
from simulations.calibration.seen import Seen, look
from simulations.population.rates import ZAANSTAD, Rates
from tests.house import ROOT

EARLIER = {
    "1e melding": "1e melding",
    "hermelding": "Hermelding totaal",
    "vervolgmelding": "Vervolgmelding totaal",
    "niet ingedeeld": "Niet ingedeeld",
}
AARD = {
    "kindermishandeling": "Kindermishandeling",
    "geweld tegen ouders": "Geweld tegen ouders",
    "(ex-)partnergeweld": "(Ex-)Partnergeweld",
    "ouderenmishandeling": "Ouderenmishandeling (ouder dan 65 jaar)",
    "huiselijk geweld overig": "Huiselijk geweld overig",
    "andere problematiek": "Andere problematiek...",
}


@cache
def regions(rates: Rates = ZAANSTAD) -> tuple[Seen, ...]:
    return tuple(look(seed, rates=rates) for seed in REGION_SEEDS)


@cache
def spread() -> Seen:
    return look(SPREAD_SEED, gemeenten=SPREAD_GEMEENTEN)


def compared(seen: Sequence[Seen]) -> list[Comparison]:
    return [each for group in groups(seen, spread()) for each in group.comparisons]


def test_every_figure_lies_within_the_bound_that_the_page_states() -> None:
    found = compared(regions())
    assert len(found) == 39
    assert [each.label for each in found if not each.agrees] == []


def test_a_simulation_that_is_off_is_seen() -> None:
    """Negative control: fewer return, and one in ten more is reported."""
    off = regions(replace(ZAANSTAD, meldingen=8.2, again=0.9))
    wrong = {each.label for each in compared(off) if not each.agrees}
    assert {"meldingen bij Veilig Thuis", "1e melding", "hermelding"} <= wrong


def test_the_page_and_its_pictures_are_those_that_the_command_makes() -> None:
    made = pages_of(regions(), spread())
    kept = {name: (ROOT / "docs" / name).read_text() for name in made}
    assert changed(made, kept) == ()
    name = "pictures/calibration/hoeveel.svg"
    assert changed(made, {**kept, name: kept[name].replace("7", "8")}) == (name,), "control: a stale picture is seen"


def test_the_pictures_are_well_formed_and_say_that_they_are_invented() -> None:
    for name, text in pages_of(regions(), spread()).items():
        assert "oefengegevens, verzonnen cijfers" in text, name
        if name.endswith(".svg"):
            assert ET.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 - our own
            assert "nan" not in re.sub(r"<text.*?</text>", "", text), "every mark has a place"


def test_the_published_figures_are_those_of_the_files(shared_data: Path) -> None:
    """85361NED and 84851NED as they were downloaded; CBS prints one decimal."""
    published = {}
    with (shared_data / "statline_vt" / "vt_gepubliceerde_cijfers.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["maat"] == "Ontvangen meldingen" and row["waarde"] != ".":
                published[row["tabel"], row["regio"], row["onderwerp"]] = int(row["waarde"])
    ours = {each.label: each.published[0] for each in compared(regions())}
    for table, area, total, subjects in (
        ("85361NED", "Nederland", "Ontvangen meldingen totaal", EARLIER),
        ("84851NED", "Drenthe (VT)", "Totaal", AARD),
    ):
        for label, subject in subjects.items():
            share = 100 * published[table, area, subject] / published[table, area, total]
            assert ours[label] == round(share, 1), label


def test_a_bound_is_about_the_mean_of_the_regions_and_lies_around_what_is_published() -> None:
    found = near("x", (5.0, 6.0), (5.0, 7.5), within=0.5, source="")
    assert (found.least, found.most, found.mean, found.agrees) == (4.5, 6.5, 6.25, True)
    assert not replace(found, simulated=(7.0,)).agrees
