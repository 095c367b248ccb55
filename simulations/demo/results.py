"""Touches the world: what was released, read back from the public export and checked offline."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coordinator.table import Figure, ReaderTable, Row
from protocol.release import NotShown
from protocol.words.geography import Level
from protocol.words.period import Period
from simulations.demo.place import Place
from simulations.demo.plan import STUDY
from simulations.demo.processes import Processes

FIGURES = "figures"


@dataclass(frozen=True, slots=True)
class Results:
    """What came out. tables: by period, per wijk. verdict: the officer's tool's own words."""

    tables: Mapping[Period, ReaderTable]
    verdict: str


def collect(place: Place, processes: Processes, periods: Sequence[Period]) -> Results:
    """Export, verify offline, and read the figures back.

    Raises: ProcessFailed.
    """
    verdict = verified(place, processes)
    figures = json.loads((place.root / FIGURES / "figures.json").read_text(encoding="utf-8"))["figures"]
    tables = {period: _table(figures, period) for period in periods}
    return Results(tables, verdict)


def verified(place: Place, processes: Processes) -> str:
    """Export what was released, verify the officer's bundle offline, and return the tool's last word.

    Raises: ProcessFailed.
    """
    exported = place.root / FIGURES
    office = ("--dir", str(place.office))
    processes.run("gemeente", "samenzicht-coordinator", "export", "--to", str(exported), *office, folder=place.papers)
    shutil.copytree(exported / "audit-bundle", place.root / "bundle")
    shown = processes.run(
        "gemeente", "samenzicht-coordinator", "covenant", "show", *office, "--json", folder=place.papers
    )
    said = processes.run(
        *("fg", "samenzicht-audit", "verify", str(place.root / "bundle")),
        *("--covenant-digest", str(json.loads(shown)["digest"])),
        folder=place.root,
    )
    return said.strip().splitlines()[-1]


def _table(figures: Sequence[Mapping[str, object]], period: Period) -> ReaderTable:
    chosen = [each for each in figures if each["period"] == period and each["level"] == Level.WIJK]
    columns = list(dict.fromkeys((str(each["table"]), str(each["source"]), str(each["question"])) for each in chosen))
    cells = {(each["area"], each["table"]): each for each in chosen}
    areas = dict.fromkeys((str(each["area"]), str(each["name"])) for each in chosen)
    rows = tuple(Row(code, name, tuple(_figure(cells[code, table]) for table, _, _ in columns)) for code, name in areas)
    title = f"Meldingen per wijk en kwartaal ({STUDY})"
    return ReaderTable(title, period, tuple(each[1] for each in columns), tuple(each[2] for each in columns), rows)


def _figure(cell: Mapping[str, object]) -> Figure:
    value, margin, reason = cell["value"], cell["margin"], str(cell["reason"])
    if isinstance(value, int) and isinstance(margin, int):
        return Figure(value, margin, None)
    return Figure(None, None, NotShown(reason))
