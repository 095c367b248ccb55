"""Register files: partners' own formats, exactly the planted faults, the truth beside them, and known totals."""

import csv
import io
import tomllib
from collections import Counter
from dataclasses import astuple
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from simulations.chance import seeded_generator
from simulations.folder import FolderNotEmpty
from simulations.population.households import Population, make_population
from simulations.population.process import make_history
from simulations.region import Region, make_region
from simulations.registers import write_registers
from simulations.registers.deliver import delivery_files, make_registers
from simulations.registers.faults import FLAWLESS, USUAL, Fault, FaultRates, ImpossibleFaults
from simulations.registers.layouts import LAYOUTS, Layout
from simulations.registers.lines import bsns
from simulations.registers.register import Register, draw_persons, violent_households

FAULTS_FILE = "waarheid/fouten_oefengegevens.csv"


@pytest.fixture(scope="module")
def region() -> Region:
    return make_region(7)


@pytest.fixture(scope="module")
def population(region: Region) -> Population:
    return make_population(region, first_year=2022, years=3)


@pytest.fixture(scope="module")
def registers(region: Region, population: Population) -> tuple[Register, ...]:
    return make_registers(region, population, 1)


@pytest.fixture(scope="module")
def files(region: Region, population: Population, registers: tuple[Register, ...]) -> dict[str, bytes]:
    return delivery_files(region, population, registers, 1, faults=USUAL)


def rows_of(content: bytes, layout: Layout) -> list[dict[str, str]]:
    text = content.decode(layout.encoding)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=layout.separator)
    header = next(reader)
    assert header == [shown for _, shown in layout.headers]
    return [dict(zip([name for name, _ in layout.headers], line, strict=True)) for line in reader]


def deliveries_of(files: dict[str, bytes], layout: Layout) -> dict[str, list[dict[str, str]]]:
    start = f"{layout.partner}/{layout.stem}_"
    return {name: rows_of(content, layout) for name, content in files.items() if name.startswith(start)}


def found_faults(files: dict[str, bytes], layout: Layout, quarters: set[str]) -> Counter[tuple[str, str, str]]:
    """Find faults in the files alone, as a reader that knows only the format would: (file, id, fault)."""
    found: Counter[tuple[str, str, str]] = Counter()
    seen: dict[str, dict[str, str]] = {}
    for name, rows in deliveries_of(files, layout).items():
        assert name.removeprefix(f"{layout.partner}/{layout.stem}_").split("_")[0] in quarters
        for row in rows:
            fault = fault_of(row, layout, name, seen.get(row["id"]))
            if fault:
                found[name, row["id"], fault] += 1
            seen[row["id"]] = row
    return found


def fault_of(row: dict[str, str], layout: Layout, name: str, before: dict[str, str] | None) -> str:
    if before is not None:
        return "duplicate" if before == row else "revised"
    try:
        day = datetime.strptime(row["datum"], layout.date_form)  # noqa: DTZ007 -- a day has no time zone
    except ValueError:
        return "wrong-date"
    if f"_{day.year}-K{(day.month + 2) // 3}_" not in name:
        return "late"
    if row[layout.unit_column] == "":
        return "no-unit"
    if row[layout.unit_column] == layout.dummy:
        return "dummy-unit"
    if row["buurt"] == row["postcode"] == "":
        return "no-place"
    if row["buurt"].startswith("WK"):
        return "wrong-level"
    return "unknown-code" if "Q77" in row.values() else ""


def planted_faults(files: dict[str, bytes]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[FAULTS_FILE].decode(), newline=""), delimiter=";"))


def test_every_file_shows_exactly_the_faults_that_were_planted(files: dict[str, bytes]) -> None:
    """Nine kinds of faults, found by a reader of its own in every line of every file."""
    planted = Counter((row["bestand"], row["id"], row["fout"]) for row in planted_faults(files))
    quarters = {f"{year}-K{quarter}" for year in (2022, 2023, 2024) for quarter in (1, 2, 3, 4)}
    found: Counter[tuple[str, str, str]] = Counter()
    for layout in LAYOUTS:
        found += found_faults(files, layout, quarters)
    assert found == planted
    assert {fault for _, _, fault in planted} == {fault.value for fault in Fault}


def test_a_planted_fault_stands_on_the_line_that_is_named(files: dict[str, bytes]) -> None:
    for row in planted_faults(files)[:300]:
        layout = next(each for each in LAYOUTS if row["bestand"].startswith(f"{each.partner}/{each.stem}_"))
        lines = files[row["bestand"]].decode(layout.encoding).split("\r\n")
        assert lines[int(row["regel"]) - 1].split(layout.separator)[0] == row["id"]


def iso(day: str, layout: Layout) -> str:
    return datetime.strptime(day, layout.date_form).strftime("%Y-%m-%d")  # noqa: DTZ007 -- a day has no time zone


def test_flawless_deliveries_hold_every_true_row_once(
    region: Region, population: Population, registers: tuple[Register, ...]
) -> None:
    files = delivery_files(region, population, registers, 1, faults=FLAWLESS)
    assert planted_faults(files) == []
    for layout, register in zip(LAYOUTS, registers, strict=True):
        rows = [row for delivery in deliveries_of(files, layout).values() for row in delivery]
        truth = files[f"waarheid/{layout.partner}_{layout.record}_oefengegevens.csv"].decode()
        true = list(csv.DictReader(io.StringIO(truth, newline=""), delimiter=";"))
        assert len(rows) == len(true) == register.rows
        shown = {row["id"]: (row["buurt"], iso(row["datum"], layout)) for row in rows}
        assert shown == {row["id"]: (row["buurt"], row["dag"]) for row in true}


def test_faults_come_as_often_as_the_scenario_says(files: dict[str, bytes], registers: tuple[Register, ...]) -> None:
    """About 39,600 rows: a share of 1 % strays by 20; 4.5 standard deviations. Late ones also hide other faults."""
    rows = sum(register.rows for register in registers)
    counts = Counter(row["fout"] for row in planted_faults(files))
    for fault, share in USUAL.in_place:
        wanted = share * rows
        assert abs(counts[fault.value] - wanted) < 4.5 * np.sqrt(wanted) + 0.04 * wanted
    # Half of the late rows stay within their quarter or go to the next; those that stay are not late at all.
    assert 0.4 * USUAL.late * rows < counts["late"] < USUAL.late * rows


def numbers_of(files: dict[str, bytes], record: str) -> dict[str, str]:
    """Return the partner's number of each true household in one record type of Veilig Thuis."""
    layout = next(each for each in LAYOUTS if (each.partner, each.record) == ("veilig-thuis", record))
    truth = files[f"waarheid/veilig-thuis_{record}_oefengegevens.csv"].decode()
    household = {row["id"]: row["huishouden"] for row in csv.DictReader(io.StringIO(truth, newline=""), delimiter=";")}
    return {
        household[row["id"]]: row["huishouden"]
        for rows in deliveries_of(files, layout).values()
        for row in rows
        if row["huishouden"] not in {"", "999999999"}
    }


def test_a_partner_numbers_a_household_alike_everywhere_and_in_its_own_way(files: dict[str, bytes]) -> None:
    reports, advice = numbers_of(files, "melding"), numbers_of(files, "advies")
    both = set(reports) & set(advice)
    assert len(both) > 100
    assert all(reports[household] == advice[household] for household in both)
    assert len(set(reports.values())) == len(reports)
    assert sum(int(number) - 100_000 == int(household) for household, number in reports.items()) < 5


def test_registers_have_the_size_that_is_published(registers: tuple[Register, ...]) -> None:
    """DOMAIN 2.4 to 2.6, for three years; each bound is 15 %, the rates of GGD, GGZ and others being assumptions."""
    a_year = {f"{each.partner}/{each.record}": each.rows / 3 for each in registers}
    assert a_year["veilig-thuis/melding"] == pytest.approx(1_191, rel=0.15)
    assert a_year["veilig-thuis/advies"] == pytest.approx(1_191 * 143_210 / 127_340, rel=0.15)
    assert a_year["veilig-thuis/dienst"] == pytest.approx(1_191 * 0.058, rel=0.25)
    assert a_year["politie/incident"] == pytest.approx(920, rel=0.15)
    assert a_year["jeugdhulp/traject"] == pytest.approx(5_500, rel=0.05)
    assert a_year["dierenpolitie/melding"] == pytest.approx(80, rel=0.3)
    assert a_year["ggz/aanmelding"] == pytest.approx(1_386, rel=0.1)


def test_kinds_of_violence_are_as_published_and_several(registers: tuple[Register, ...]) -> None:
    """NL 2024: about 50 % child abuse, 38 % partner violence; Drenthe 2023*: 128 % in all. Within 4 points."""
    aard = next(each for each in registers if each.record == "melding" and each.partner == "veilig-thuis").columns[
        "aard"
    ]
    cells = [cell.split("|") for cell in aard.tolist()]
    counts = Counter(code for cell in cells for code in cell)
    assert sum(counts.values()) / len(cells) == pytest.approx(1.28, abs=0.1)  # a second equal to the first is one
    assert counts["A1"] / len(cells) == pytest.approx(0.5, abs=0.04)
    assert counts["A3"] / len(cells) == pytest.approx(0.38, abs=0.04)
    assert all(len(set(cell)) == len(cell) and cell == sorted(cell) for cell in cells)


def test_children_known_to_veilig_thuis_often_have_help(
    population: Population, registers: tuple[Register, ...]
) -> None:
    """DOMAIN 2.8: 0.5 to 0.6 of them, against 0.15 of all under 23; about 1,000 children, within 0.06."""
    meldingen = next(each for each in registers if each.record == "melding" and each.partner == "veilig-thuis")
    trajects = next(each for each in registers if each.partner == "jeugdhulp")
    end = population.first_day + 365
    known = set(meldingen.household[meldingen.day < end].tolist())
    helped = set(trajects.person[trajects.day < end].tolist())
    age = (population.first_day - population.birth_day) / 365.25
    children = [int(p) for p in np.flatnonzero((age >= 0) & (age < 18)) if int(population.household[p]) in known]
    youths = np.flatnonzero((age >= 0) & (age < 23))
    assert np.mean([p in helped for p in children]) == pytest.approx(0.55, abs=0.06)
    assert np.mean([int(p) in helped for p in youths]) == pytest.approx(0.14, abs=0.02)


def test_each_partner_with_a_profile_gets_the_mapping_that_reads_its_files(files: dict[str, bytes]) -> None:
    mapping = tomllib.loads(files["veilig-thuis/koppeling_oefengegevens.toml"].decode())
    assert (mapping["format"], mapping["profile"], mapping["route"]) == (1, "veilig-thuis", "household")
    assert list(mapping["record"]) == ["advies", "melding", "dienst"]
    melding = mapping["record"]["melding"]
    assert melding["files"] == ["meldingen_*.csv"]
    assert melding["columns"]["datum-melding"] == "Datum melding"
    assert melding["columns"]["meldingnummer"] == "Meldingsnr"
    header = files["veilig-thuis/meldingen_2022-K1_oefengegevens.csv"].decode("utf-8-sig").splitlines()[0].split(";")
    assert sorted(melding["columns"].values()) == sorted(header)
    police = tomllib.loads(files["politie/koppeling_oefengegevens.toml"].decode())
    assert police["route"] == "address"
    assert "aanhouding" not in police["record"]["incident"]["columns"]  # the profile has no such column
    health = tomllib.loads(files["ggz/koppeling_oefengegevens.toml"].decode())
    assert (health["profile"], health["route"]) == ("ggz", "address")
    assert health["record"]["aanmelding"]["columns"]["problematiek"] == "Hoofdproblematiek"
    assert {name.split("/")[0] for name in files if "koppeling" in name} == {layout.partner for layout in LAYOUTS}


@pytest.mark.parametrize(("boost", "low", "high"), [(3.0, 2.5, 3.5), (1.0, 0.85, 1.15)])
def test_a_partner_sees_homes_with_violence_more_often(
    region: Region, population: Population, boost: float, low: float, high: float
) -> None:
    """The ratio of two rates over about 15,000 draws strays by 2 %. The second case is the control."""
    history = make_history(region, population)
    person, day = draw_persons(
        population,
        history,
        ages=(18, 120),
        a_year_per_1000=40,
        boost=boost,
        generator=seeded_generator(3, "test"),
    )
    violent = violent_households(population, history)[population.household]
    adult = (population.first_day - population.birth_day) / 365.25 >= 18
    assert np.all(adult[person])
    assert population.first_day <= day.min() <= day.max() <= population.last_day
    rates = [violent_or_not[person].sum() / (violent_or_not & adult).sum() for violent_or_not in (violent, ~violent)]
    assert low < rates[0] / rates[1] < high


def test_citizen_numbers_pass_the_eleven_test_and_belong_to_nobody() -> None:
    """Weights 9 to 2 and -1; the sum is a multiple of 11. Issued numbers begin below 9."""
    numbers = bsns(200_000)
    assert np.unique(numbers).size == numbers.size == 200_000
    for number in numbers[::9_973].tolist():
        digits = [int(digit) for digit in str(number)]
        assert len(digits) == 9
        assert digits[0] == 9
        assert (sum(w * d for w, d in zip(range(9, 1, -1), digits, strict=False)) - digits[8]) % 11 == 0
    assert 999_999_999 not in numbers


def test_a_folder_is_written_whole_and_again_the_same(tmp_path: Path) -> None:
    small = make_region(7)
    for name in ("first", "second"):
        write_registers(small, 1, 5, tmp_path / name)
    first, second = (
        {
            path.relative_to(tmp_path / name): path.read_bytes()
            for path in (tmp_path / name).rglob("*")
            if path.is_file()
        }
        for name in ("first", "second")
    )
    assert first == second
    assert len(first) == 10 * 4 + 8 + 10 + 1 + 1  # deliveries, mappings, truths, faults, LEESMIJ
    assert all("oefengegevens" in path.name or path.name == "LEESMIJ.txt" for path in first)
    with pytest.raises(FolderNotEmpty):
        write_registers(small, 1, 5, tmp_path / "first")


@pytest.mark.parametrize("rates", [{"late": -0.1}, {"wrong_level": 0.9, "no_unit": 0.2}])
def test_impossible_rates_are_refused(rates: dict[str, float]) -> None:
    with pytest.raises(ImpossibleFaults, match="mend the scenario"):
        FaultRates(**rates)
    assert sum(astuple(USUAL)) < 1
