"""Deliveries of all eight simulated partners, quarter by quarter: what was planted is counted, and nothing else."""

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import pytest

from partner_node.delivery.areas import AreaTable
from partner_node.delivery.delivery import Delivery, read_delivery
from partner_node.delivery.faults import Reason
from partner_node.delivery.mapping import Mapping, parse_mapping
from partner_node.delivery.values import Span
from partner_node.profiles.catalogue import PROFILES
from partner_node.quality.change import compare
from partner_node.quality.facts import DeliveryFacts, delivery_facts
from partner_node.quality.findings import QualityReport
from partner_node.quality.page import quality_page
from partner_node.quality.report import quality_report
from partner_node.quality.words import REASONS
from partner_node.sources.opening import open_source
from privacy.language import Language
from protocol.words.geography import AreaCode
from simulations.first_light.files import area_table
from simulations.region import Region, make_region
from simulations.registers import write_registers
from simulations.registers.faults import Fault, code_column
from simulations.registers.layouts import LAYOUTS, Layout

FIRST_YEAR, YEARS = 2023, 2
QUARTERS = tuple((year, quarter) for year in (2023, 2024) for quarter in (1, 2, 3, 4))
PARTNERS = tuple(dict.fromkeys(layout.partner for layout in LAYOUTS))
SECRET = bytes(range(32))
# The profile's names, where they differ from those of the layout.
EVENT = {
    "advies": "adviesnummer",
    "melding": "meldingnummer",
    "dienst": "dienstnummer",
    "incident": "incidentnummer",
    "verzuimmelding": "meldingnummer",
    "signaal": "signaalnummer",
    "aanmelding": "aanmeldnummer",
    "traject": "trajectnummer",
}
DAY = {"advies": "datum-start", "melding": "datum-melding", "dienst": "datum-afronding", "traject": "datum-begin"}
OFTEN_EMPTY = {"Uitkomst": "uitkomst", "Veiligheid": "veiligheid"}  # not every melding or dienst has one

Key = tuple[str, str, str]  # file, column, reason


@dataclass(frozen=True)
class World:
    """The files, where their addresses lie, and what was planted: file and fault."""

    folder: Path
    region: Region
    table: AreaTable
    planted: tuple[tuple[str, str], ...]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("registers") / "out"
    region = make_region(11)
    write_registers(region, YEARS, 4, folder, first_year=FIRST_YEAR)
    text = next((folder / "waarheid").glob("fouten*")).read_text(encoding="utf-8")
    planted = tuple((row["bestand"], row["fout"]) for row in csv.DictReader(io.StringIO(text), delimiter=";"))
    return World(folder, region, _with_postcodes(area_table(region)), planted)


def _with_postcodes(table: AreaTable) -> AreaTable:
    """Return the table as CBS's file gives it: a postcode in one buurt is known without a house number too."""
    alone: dict[str, set[AreaCode]] = {}
    for key, buurt in table.buurt_of.items():
        alone.setdefault(key.split("\x1f")[0], set()).add(buurt)
    assert all(len(buurten) == 1 for buurten in alone.values())
    return AreaTable(table.year, {**table.buurt_of, **{key: min(buurten) for key, buurten in alone.items()}})


def days_of(year: int, quarter: int) -> Span:
    first = date(year, 3 * quarter - 2, 1)
    after = date(year + quarter // 4, 3 * quarter % 12 + 1, 1)
    return Span(first, after - timedelta(days=1))


def files_of(world: World, partner: str, year: int, quarter: int) -> list[Path]:
    return sorted((world.folder / partner).glob(f"*_{year}-K{quarter}_*.csv"))


def mapping_of(world: World, partner: str) -> Mapping:
    return parse_mapping(next((world.folder / partner).glob("*.toml")).read_text(encoding="utf-8"))


def read(world: World, partner: str, paths: list[Path], mapping: Mapping, today: date) -> Delivery:
    return read_delivery(
        [open_source(path) for path in paths],
        PROFILES[partner],
        mapping,
        world.region.geography,
        PROFILES[partner].code_lists(),
        area_table=world.table,
        secret=SECRET,
        today=today,
    )


def layout_of(path: Path) -> Layout:
    return next(each for each in LAYOUTS if each.partner == path.parent.name and path.name.startswith(each.stem))


def faults_by_hand(world: World, path: Path) -> Counter[Fault]:
    return Counter(Fault(fault) for file, fault in world.planted if file == f"{path.parent.name}/{path.name}")


def expected(world: World, path: Path) -> Counter[Key]:
    """Say what a reader must count of a file, from the list of what was planted and the rules of the mapping."""
    layout, planted = layout_of(path), faults_by_hand(world, path)
    of_address = planted[Fault.NO_UNIT] + planted[Fault.DUMMY_UNIT] + planted[Fault.NO_PLACE]
    rows: dict[tuple[str, Reason], int] = {
        (EVENT.get(layout.record, "meldnummer"), Reason.DOUBLED): planted[Fault.DUPLICATE],
        ("buurt", Reason.EMPTY): planted[Fault.NO_PLACE],
        ("postcode", Reason.EMPTY): planted[Fault.NO_PLACE],
        (DAY.get(layout.record, "datum"), Reason.IMPOSSIBLE_DATE): planted[Fault.WRONG_DATE],
        (code_column(layout), Reason.UNKNOWN_CODE): planted[Fault.UNKNOWN_CODE],
        ("huisnummer", Reason.EMPTY): 0 if layout.by_household else of_address,
        ("huishouden", Reason.EMPTY): planted[Fault.NO_UNIT] if layout.by_household else 0,
        ("huishouden", Reason.DUMMY_UNIT): planted[Fault.DUMMY_UNIT] if layout.by_household else 0,
    }
    if layout.partner == "dierenpolitie":
        rows["meldnummer", Reason.DOUBLED] = rows.pop(("meldingnummer", Reason.DOUBLED))
    for header, column in OFTEN_EMPTY.items():
        rows[column, Reason.EMPTY] = empty_cells(path, layout, header)
    return Counter({(path.name, column, str(reason)): count for (column, reason), count in rows.items() if count})


def empty_cells(path: Path, layout: Layout, header: str) -> int:
    """Count the rows with a date and without this cell; a cell is judged by the code list of its day."""
    text = path.read_bytes().decode(layout.encoding)
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=layout.separator))
    day = dict(layout.headers)["datum"]
    wrong = {"20231345", "31-02-2023"}
    return sum(row.get(header) == "" and row[day] not in wrong for row in rows)


def found(delivery: Delivery) -> Counter[Key]:
    return Counter({(key.file, key.column, str(key.reason)): rows for key, rows in delivery.faults.rows.items()})


def shown_on(page: str) -> Counter[Key]:
    """Read the table of faults off the page: the words of the reason, the column, the file and the rows."""
    table = page[page.index("<h2>Fouten</h2>") :].split("</section>", maxsplit=1)[0]
    reason_of = {each[Language.DUTCH]: str(reason) for reason, each in REASONS.items()}
    pattern = r'<tr><th scope="row">(.*?)</th><td>(.*?)</td><td>(.*?)</td><td class="n">(.*?)</td></tr>'
    return Counter(
        {
            (file, column, reason_of[unescape(words)]): int(rows.replace(".", ""))
            for words, column, file, rows in re.findall(pattern, table)
        }
    )


def reports(world: World, partner: str) -> list[tuple[list[Path], Delivery, QualityReport]]:
    """Deliver every quarter two weeks after it ended, each compared with the one before."""
    mapping = mapping_of(world, partner)
    before: DeliveryFacts | None = None
    result = []
    for year, quarter in QUARTERS:
        paths, covers = files_of(world, partner, year, quarter), days_of(year, quarter)
        today = covers.last + timedelta(days=14)
        delivery = read(world, partner, paths, mapping, today)
        facts = delivery_facts(delivery.records, secret=SECRET, delivered_on=today, covers=covers)
        change = None if before is None else compare(delivery.records, facts, before, secret=SECRET)
        before = facts
        report = quality_report(delivery, PROFILES[partner], mapping, delivered_on=today, covers=covers, change=change)
        result.append((paths, delivery, report))
    return result


@pytest.mark.parametrize("partner", PARTNERS)
def test_each_quarter_shows_exactly_the_planted_faults(world: World, partner: str) -> None:
    """D03, D04, D06, VT-24: by file, column and reason, in the reader, in the report and on the page."""
    late = revised = 0
    for paths, delivery, report in reports(world, partner):
        planted = sum((faults_by_hand(world, path) for path in paths), Counter[Fault]())
        wanted = sum((expected(world, path) for path in paths), Counter[Key]())
        assert found(delivery) == wanted
        assert shown_on(quality_page(report, PROFILES[partner])) == wanted
        assert sum(file.doubled for file in report.files) == planted[Fault.DUPLICATE]
        assert sum(file.unused for file in report.files) == planted[Fault.NO_PLACE] + planted[Fault.WRONG_DATE]
        if report.change is not None:
            assert report.change.late == planted[Fault.LATE]
            assert report.change.changed == planted[Fault.REVISED]
            assert (report.change.same, report.change.gone) == (0, 0)
            assert report.change.new + report.change.changed == sum(delivery.used.values())
            late, revised = late + report.change.late, revised + report.change.changed
    assert late > 0
    assert revised > 0 or partner in {"ggd", "dierenpolitie"}  # few rows: perhaps none is revised


@pytest.mark.parametrize("partner", PARTNERS)
def test_one_fault_that_is_not_in_the_list_would_be_seen(world: World, partner: str, tmp_path: Path) -> None:
    """Negative control: one more wrong code, in one row of one file, and the counts are no longer those planted."""
    year, quarter = QUARTERS[-1]
    paths = files_of(world, partner, year, quarter)
    layout = layout_of(paths[0])
    text = paths[0].read_bytes().decode(layout.encoding)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=layout.separator))
    names = [name for name, _ in layout.headers]
    cell, day = names.index(code_column(layout)), names.index("datum")
    row = next(row for row in rows[1:] if row[cell] != "Q77" and row[day] not in {"20231345", "31-02-2023"})
    row[cell] = "Q77"
    changed = io.StringIO()
    csv.writer(changed, delimiter=layout.separator, lineterminator="\r\n").writerows(rows)
    other = tmp_path / paths[0].name
    other.write_bytes(changed.getvalue().encode(layout.encoding))
    wanted = sum((expected(world, path) for path in paths), Counter[Key]())
    today = days_of(year, quarter).last + timedelta(days=14)
    seen = found(read(world, partner, [other, *paths[1:]], mapping_of(world, partner), today))
    assert seen - wanted == Counter({(other.name, code_column(layout), "unknown-code"): 1})


def test_a_wijk_where_a_buurt_belongs_is_mended_by_the_address_and_shows_without_it(world: World) -> None:
    """ZN-18, ZN-19: the node finds the buurt of an address; without addresses the report says how many it lacks."""
    year, quarter = QUARTERS[3]
    paths, covers = files_of(world, "veilig-thuis", year, quarter), days_of(year, quarter)
    planted = sum((faults_by_hand(world, path) for path in paths), Counter[Fault]())[Fault.WRONG_LEVEL]
    whole = mapping_of(world, "veilig-thuis")
    records = {
        name: each.model_copy(
            update={
                "columns": {key: text for key, text in each.columns.items() if key not in {"postcode", "huisnummer"}}
            }
        )
        for name, each in whole.record.items()
    }
    wijken = []
    for mapping in (whole, whole.model_copy(update={"record": records})):
        delivery = read(world, "veilig-thuis", paths, mapping, covers.last)
        report = quality_report(delivery, PROFILES["veilig-thuis"], mapping, delivered_on=covers.last, covers=covers)
        wijken.append({area.level: area.rows for area in report.areas}["wijk"])
    assert planted > 0
    assert wijken == [0, planted]
