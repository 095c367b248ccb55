"""Every indicator of Veilig Thuis as figures: from the files of its own export to counts, beside a count by hand."""

import csv
import io
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from partner_node.counting import count
from partner_node.delivery.areas import AreaTable
from partner_node.delivery.delivery import read_delivery
from partner_node.delivery.mapping import parse_mapping
from partner_node.profiles.catalogue import PROFILES
from partner_node.profiles.sample import Samples, sample
from partner_node.profiles.veilig_thuis import VEILIG_THUIS
from partner_node.records import Records
from partner_node.sources.opening import open_source
from protocol.covenant.covenant import Covenant
from protocol.digest import digest_of
from protocol.ratio import Ratio
from protocol.round.member import Member
from protocol.study.measure import MeasureKind
from protocol.study.study import ScheduledRound, Study
from protocol.words.code_list import CodeListReference
from protocol.words.geography import AreaCode, GeographyReference
from protocol.words.ids import CodeListId
from protocol.words.period import Period, first_day, last_day
from simulations.world.shelf import BookShelf
from tests import example
from tests.partner_node.cli.partner import PLACES, TODAY
from tests.partner_node.delivery.files import geography

QUARTER = Period("2025-Q4")
MOST = 50  # more than any household of the sample has in a cell: nothing is cut off, so a count by hand is the answer
LISTS = tuple(sorted(VEILIG_THUIS.code_lists(), key=lambda codes: codes.id))
# What the measure counts, said by hand: file, day, the column that splits it, the service, and how it counts.
CASES = (
    ("NM-01", "vt-onderzoeken", None, "diensten.csv", "Datum afronding", None, "S1", "rows"),
    ("NM-02", "vt-kinderen", None, "meldingen.csv", "Datum melding", None, None, "children"),
    ("NM-03", "vt-aard", "vt2-aard", "meldingen.csv", "Datum melding", "Aard geweld", None, "households"),
    ("NM-04", "vt-meldingen", "vt2-organisatie", "meldingen.csv", "Datum melding", "Organisatie melder", None, "rows"),
    ("NM-05", "vt-meldingen", "vt2-triagebesluit", "meldingen.csv", "Datum melding", "Triagebesluit", None, "rows"),
    ("VT-01", "vt-adviezen", None, "adviezen.csv", "Datum start", None, None, "rows"),
    ("VT-02", "vt-meldingen", None, "meldingen.csv", "Datum melding", None, None, "rows"),
    ("VT-02", "vt-casussen", None, "meldingen.csv", "Datum melding", None, None, "households"),
    ("VT-03", "vt-voorwaarden", None, "diensten.csv", "Datum afronding", None, "S2", "rows"),
    ("VT-03", "vt-monitoring", None, "diensten.csv", "Datum afronding", None, "S3", "rows"),
    ("VT-05", "vt-meldingen", "vt2-duur", "meldingen.csv", "Datum melding", "Duur geweld", None, "rows"),
    (
        "VT-06",
        "vt-adviezen",
        "vt2-organisatie",
        "adviezen.csv",
        "Datum start",
        "Organisatie adviesvrager",
        None,
        "rows",
    ),
    ("VT-08", "vt-veiligheid", "vt2-veiligheid", "meldingen.csv", "Datum melding", "Veiligheid", None, "households"),
    ("VT-09", "vt-overdracht", "vt2-type-hulp", "diensten.csv", "Datum afronding", "Type hulp", None, "households"),
    (
        "VT-09",
        "vt-overdracht",
        "vt2-overdracht",
        "diensten.csv",
        "Datum afronding",
        "Overdracht",
        None,
        "households",
    ),
    (
        "VT-10",
        "vt-meldingen",
        "vt2-eerdere-betrokkenheid",
        "meldingen.csv",
        "Datum melding",
        "Eerdere betrokkenheid",
        None,
        "rows",
    ),
    ("VT-11", "vt-uitkomst", "vt2-uitkomst", "diensten.csv", "Datum afronding", "Uitkomst", "S1", "households"),
    (
        "VT-12",
        "vt-aanvullend",
        "vt2-aanvullend",
        "meldingen.csv",
        "Datum melding",
        "Aanvullende info",
        None,
        "households",
    ),
)


@cache
def samples() -> Samples:
    return sample(PROFILES["veilig-thuis"], seed=3, rows=300, places=PLACES, today=TODAY)


@cache
def records() -> Records:
    """Return the clean sample, read as a delivery."""
    with TemporaryDirectory() as folder:
        for name, text in samples().clean.items():
            Path(folder, name).write_text(text)
        delivery = read_delivery(
            [open_source(path) for path in sorted(Path(folder).iterdir())],
            VEILIG_THUIS,
            parse_mapping(samples().mapping),
            geography(),
            LISTS,
            area_table=AreaTable(2026, {}),
            secret=bytes(32),
            today=TODAY,
        )
    assert not delivery.faults.rows
    return delivery.records


def figures(measure: str, listed: str | None) -> dict[tuple[str, str | None], int]:
    """Return what the node counts in the quarter, by wijk and code; cells of 0 are left out."""
    found = next(each for each in VEILIG_THUIS.measures if each.id == measure)
    place, plain = geography(), example.covenant()
    covenant = Covenant.parse(
        plain.model_copy(
            update={
                "geography": GeographyReference(id=place.id, digest=digest_of(place)),
                "code_lists": tuple(CodeListReference(id=each.id, digest=digest_of(each)) for each in LISTS),
            }
        ).encode()
    )
    is_multi, is_units = found.kind is MeasureKind.MULTI, found.kind is MeasureKind.UNITS
    asked = example.measure(
        measure, found.kind, 1 if is_multi or is_units else MOST, options=MOST if is_multi else None
    )
    table = example.table("tafel", measure, (example.VT,)).model_copy(
        update={
            "categories": None if listed is None else CodeListId(listed),
            "most_cells": MOST,
            "variance": Ratio.of(10**9),
        }
    )
    study = Study.parse(
        example.study(covenant)
        .model_copy(
            update={
                "measures": (asked,),
                "tables": (table,),
                "schedule": (ScheduledRound(period=QUARTER, opens=TODAY, due=TODAY),),
            }
        )
        .encode()
    )
    digest = digest_of(study)
    member = Member(example.VT, covenant, place, LISTS, {digest: study}, example.signing_key(example.VT))
    counted = count(records(), member, digest, QUARTER, known=BookShelf(), secret=bytes(32))
    grid = member.grid(digest, QUARTER)
    cells = [grid.cell(number) for number in range(grid.size)]
    return {
        (cell.area, None if cell.category is None else str(cell.category)): int(value)
        for cell, value in zip(cells, counted.cells.values, strict=True)
        if value
    }


def by_hand(
    file: str, day: str, column: str | None, service: str | None, how: str
) -> Mapping[tuple[str, str | None], int]:
    """Count the same from the text of the file, row by row."""
    parent = {area.code: area.parent for area in geography().areas}
    counted: dict[tuple[str, str | None], list[str]] = {}
    for row in csv.DictReader(io.StringIO(samples().clean[file]), delimiter=";"):
        written = f"{row[day][:4]}-{row[day][4:6]}-{row[day][6:]}"
        if not str(first_day(QUARTER)) <= written <= str(last_day(QUARTER)):
            continue
        if service is not None and row["Soort dienst"] != service:
            continue
        wijk = str(parent[AreaCode(row["Buurtcode"])])
        for code in [None] if column is None else row[column].split("|"):
            counted.setdefault((wijk, code), []).extend(_worth(row, how))
    return {cell: len(set(found)) if how == "households" else len(found) for cell, found in counted.items() if found}


def _worth(row: Mapping[str, str], how: str) -> Iterator[str]:
    yield from [row["Huishoudnr"]] * (int(row["Aantal kinderen"]) if how == "children" else 1)


@pytest.mark.parametrize(
    ("feature", "measure", "listed", "file", "day", "column", "service", "how"), CASES, ids=[case[0] for case in CASES]
)
def test_an_indicator_of_veilig_thuis_is_counted_by_wijk_and_broken_down(
    feature: str,
    measure: str,
    listed: str | None,
    file: str,
    day: str,
    column: str | None,
    service: str | None,
    how: str,
) -> None:
    """NM-01..NM-05, VT-01..VT-03, VT-05, VT-06, VT-08..VT-12: the count, or the breakdown, is in the round."""
    expected = by_hand(file, day, column, service, how)
    assert figures(measure, listed) == expected, feature
    assert len(expected) >= 2


def test_kinds_of_violence_add_up_to_more_than_the_households() -> None:
    """VT-04, VT-07: a household with two kinds is in both; each report has one decision, so these add up."""
    kinds = figures("vt-aard", "vt2-aard")
    households = figures("vt-casussen", None)
    decisions, reports = figures("vt-meldingen", "vt2-triagebesluit"), figures("vt-meldingen", None)
    for (wijk, _), many in households.items():
        assert sum(value for (area, _), value in kinds.items() if area == wijk) > many
        assert sum(value for (area, _), value in decisions.items() if area == wijk) == reports[wijk, None]
