"""VT-21: counts rounded to five, a point below ten, percentages of rounded counts; in the layout of StatLine."""

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from protocol.words.geography import Level
from simulations.population.households import make_population
from simulations.region import Region, make_region
from simulations.registers.deliver import make_registers
from simulations.registers.register import Register
from simulations.registers.statline import (
    EARLIER,
    ORGANISATIONS,
    Cell,
    published,
    published_share,
    table_84849,
    table_85361,
)


@pytest.fixture(scope="module")
def region() -> Region:
    return make_region(7)


@pytest.fixture(scope="module")
def registers(region: Region) -> dict[str, Register]:
    population = make_population(region, first_year=2022, years=2)
    return {f"{each.partner}/{each.record}": each for each in make_registers(region, population, 1)}


@pytest.fixture(scope="module")
def earlier(region: Region, registers: dict[str, Register]) -> list[Cell]:
    return list(table_85361(region, registers["veilig-thuis/melding"], 2023))


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "."), (4, "."), (7, "."), (8, "10"), (12, "10"), (13, "15"), (17, "15"), (18, "20"), (127_338, "127340")],
)
def test_counts_are_rounded_to_five_and_hidden_below_ten(count: int, shown: str) -> None:
    assert published(count) == shown


def test_a_percentage_tells_no_more_than_the_rounded_counts() -> None:
    """36,355 of 127,340 is 28.5 %, as CBS prints it; one of a hidden count is hidden."""
    assert published_share("36355", "127340") == "28.5"
    assert published_share(".", "127340") == "."
    assert published_share("10", ".") == "."


def read(shared_data: Path, table: str) -> dict[tuple[str, str, str], dict[str, str]]:
    figures: defaultdict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
    with (shared_data / "statline_vt" / "vt_gepubliceerde_cijfers.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["tabel"] == table:
                figures[row["periode"], row["regio"], row["maat"]][row["onderwerp"]] = row["waarde"]
    return figures


def totals_that_fit(counts: dict[str, str], shares: dict[str, str]) -> list[int]:
    """Return the rounded totals with which our rule gives every one of these percentages."""
    return [
        total
        for total in range(10, 35_000, 5)
        if all(published_share(counts[subject], str(total)) == share for subject, share in shares.items())
    ]


def test_published_percentages_are_those_of_published_counts(shared_data: Path) -> None:
    """For each of 31 areas one rounded total gives all percentages that CBS prints beside its rounded counts."""
    figures = read(shared_data, "85361NED")
    printed = {area: shares for (_, area, measure), shares in figures.items() if measure == "percentage"}
    assert len(printed) == 31
    for area, shares in printed.items():
        counts = figures["2023*", area, "Ontvangen meldingen"]
        assert totals_that_fit(counts, shares), area
        total = counts.get("Ontvangen meldingen totaal")
        assert total is None or int(total) in totals_that_fit(counts, shares)
    assert totals_that_fit({"a": "40", "b": "20"}, {"a": "18.2", "b": "9.4"}) == []  # control: Aalsmeer, one changed


def test_the_subjects_are_those_of_statline(shared_data: Path) -> None:
    assert set(EARLIER) == set(read(shared_data, "85361NED")["2023*", "Nederland", "Ontvangen meldingen"])
    assert set(ORGANISATIONS) == set(read(shared_data, "84849NED")["2023*", "Nederland", "Ontvangen meldingen"])


def test_the_tables_have_every_subject_of_every_period(region: Region, registers: dict[str, Register]) -> None:
    adviezen, meldingen = registers["veilig-thuis/advies"], registers["veilig-thuis/melding"]
    cells = list(table_84849(region, adviezen, meldingen, 2023))
    assert len(cells) == 2 * 3 * 13
    assert {cell.period for cell in cells} == {"2023", "1e halfjaar 2023", "2e halfjaar 2023"}
    assert {cell.area for cell in cells} == {region.names[region.geography.codes_at(Level.GEMEENTE)[0]]}
    values = [cell.value for cell in cells]
    assert "." in values
    assert all(value == "." or (int(value) >= 10 and int(value) % 5 == 0) for value in values)


def test_sums_of_rounded_cells_stray_by_five_at_most_for_each_hidden_cell(earlier: list[Cell]) -> None:
    """DOMAIN 2.8, 7: each shown cell is off by 2 at most, each hidden one below 8."""
    for period in ("2023", "1e halfjaar 2023", "2e halfjaar 2023"):
        counts = {
            cell.subject: cell.value for cell in earlier if cell.period == period and cell.measure != "percentage"
        }
        parts = [
            counts[name] for name in ("1e melding", "Hermelding totaal", "Vervolgmelding totaal", "Niet ingedeeld")
        ]
        shown = [int(part) for part in parts if part != "."]
        missing = int(counts["Ontvangen meldingen totaal"]) - sum(shown)
        assert -2 * 5 <= missing <= 2 * 5 + 7 * (4 - len(shown))


def test_the_shares_are_near_the_published_ones(earlier: list[Cell]) -> None:
    """85361NED, Netherlands 2023*. About 1,190 meldingen a year: shares stray by 1.4 points, bound at 3.5 of these."""
    shares = {cell.subject: cell.value for cell in earlier if cell.period == "2023" and cell.measure == "percentage"}
    assert float(shares["1e melding"]) == pytest.approx(31.9, abs=5)
    assert float(shares["Hermelding totaal"]) == pytest.approx(38.1, abs=5)
    assert float(shares["Vervolgmelding totaal"]) == pytest.approx(28.5, abs=5)


def test_the_tables_count_what_the_register_holds(region: Region, registers: dict[str, Register]) -> None:
    """Negative control: a register with every second row left out gives another table."""
    meldingen = registers["veilig-thuis/melding"]
    of_2023 = np.count_nonzero((meldingen.day >= 19_358) & (meldingen.day < 19_723))  # 2023-01-01, 2024-01-01
    total = next(table_85361(region, meldingen, 2023))
    assert abs(int(total.value) - of_2023) <= 2
    half = Register(
        meldingen.partner,
        meldingen.record,
        meldingen.household[::2],
        meldingen.person[::2],
        meldingen.day[::2],
        meldingen.address[::2],
        {name: texts[::2] for name, texts in meldingen.columns.items()},
    )
    assert abs(int(next(table_85361(region, half, 2023)).value) - of_2023) > 100
