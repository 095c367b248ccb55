"""Importing the key figures of real buurten: the people are taken over, names and codes are not."""

import csv
from pathlib import Path

import numpy as np
import pytest

from protocol.words.geography import AreaCode, Level
from simulations.population.households import make_population
from simulations.region import Region
from simulations.region.files import region_files
from simulations.region.published import WrongKeyFigures, import_region

KEY_FIGURES = """code,naam,gemeentecode,gemeentenaam,inwoners,inwoners65plus,huishoudens
BU00010002,Tweede,GM0001,Eerste Gemeente,400,100,180
BU00010001,Eerste,GM0001,Eerste Gemeente,1000,200,450
BU00010101,Derde,GM0001,Eerste Gemeente,,,
BU00020001,Elders,GM0002,Andere Gemeente,50,,
"""


def imported(*gemeenten: str, text: str = KEY_FIGURES, real_names: bool = False) -> Region:
    return import_region(
        text,
        gemeenten=gemeenten,
        names={"GM0001": "Eerste Gemeente", "WK000100": "Wijk nul"},
        income_low={"WK000100": 45.5},
        seed=7,
        real_names=real_names,
    )


def test_people_are_taken_over_under_other_codes_and_names() -> None:
    region = imported("GM0001")
    assert dict(region.populations) == {"BU99010101": 1_000, "BU99010102": 400, "BU99010201": 0}
    assert region.buurten.households.tolist() == [450, 180, 0]
    assert region.buurten.from_65.tolist() == [0.2, 0.25, 0.187]
    assert region.buurten.income_low.tolist() == [45.5, 45.5, 39.0]
    assert region.geography.codes_at(Level.WIJK) == ("WK990101", "WK990102")
    assert not set(region.names.values()) & {"Eerste", "Tweede", "Derde", "Eerste Gemeente", "Wijk nul"}


def test_real_names_stand_where_they_are_asked_for() -> None:
    region = imported("GM0001", real_names=True)
    assert region.names[AreaCode("BU00010002")] == "Tweede"
    assert region.names[AreaCode("WK000100")] == "Wijk nul"
    assert region.names[AreaCode("WK000101")] == "WK000101"  # no name was given
    assert all(
        b"oefengegevens, verzonnen cijfers" in content
        for name, content in region_files(region).items()
        if name.startswith("kerncijfers")
    )


def test_two_gemeenten_keep_apart() -> None:
    region = imported("GM0001", "GM0002")
    assert region.geography.codes_at(Level.GEMEENTE) == ("GM9901", "GM9902")
    assert region.populations[AreaCode("BU99020101")] == 50
    assert region.buurten.households[-1] == 23  # none was told: 2.2 persons each, rounded up


@pytest.mark.parametrize(
    ("text", "gemeenten", "message"),
    [
        ("code,naam\n", ("GM0001",), "no column gemeentecode"),
        (KEY_FIGURES, ("GM0003",), "a gemeente without buurten"),
        (KEY_FIGURES.replace("1000,200", "1000,many"), ("GM0001",), "a number that is none"),
    ],
)
def test_key_figures_that_miss_something_are_refused(text: str, gemeenten: tuple[str, ...], message: str) -> None:
    with pytest.raises(WrongKeyFigures, match=message):
        imported(*gemeenten, text=text)


def test_more_areas_than_fictional_names_are_refused() -> None:
    lines = [f"BU0001{number // 90:02}{number % 90:02},B,GM0001,G,10,1,5" for number in range(600)]
    text = "\n".join([KEY_FIGURES.splitlines()[0], *lines])
    with pytest.raises(WrongKeyFigures, match="fewer gemeenten"):
        imported("GM0001", text=text)


def test_zaanstad_can_be_imported(shared_data: Path) -> None:
    """CBS 2024: 19 wijken, 79 buurten, 161,389 inhabitants and 73,077 households, buurten rounded to five."""
    kwb = shared_data / "kwb"
    incomes = {}
    with (kwb / "kwb2022_wijken_tmap.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["income_low"] not in {"", "NA"}:
                incomes[row["code"]] = float(row["income_low"])
    region = import_region(
        (kwb / "zaanstad_kwb2024_buurten.csv").read_text(encoding="utf-8"),
        gemeenten=("GM0479",),
        names={},
        income_low=incomes,
        seed=7,
    )
    assert [len(region.geography.codes_at(level)) for level in Level] == [1, 19, 79, 19]
    assert region.buurten.inhabitants.sum() == pytest.approx(161_389, abs=5 * 79)
    assert region.buurten.households.sum() == pytest.approx(73_077, abs=5 * 79)
    assert region.buurten.income_low.max() == pytest.approx(50.3)  # Poelenburg, by DOMAIN 2.7
    assert not [name for name in region.names.values() if "Assendelft" in name]
    assert not [code for code in region.names if "0479" in code]
    population = make_population(region, first_year=2024, years=1)
    here = population.birth_day < population.first_day
    buurt = region.addresses.buurt[population.home[population.household[here]]]
    assert np.array_equal(np.bincount(buurt, minlength=79), region.buurten.inhabitants)
