"""The quality report stays at the partner: nothing of it is in a round's messages, in a log or in the bundle."""

import json
import re
import sqlite3
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from partner_node.delivery.delivery import Delivery
from partner_node.delivery.mapping import parse_mapping
from partner_node.quality.save import FACTS, JSON, PAGE, save_quality_report
from partner_node.session import Session
from protocol.words.geography import Level
from protocol.words.ids import PartyId
from simulations.first_light import run
from simulations.first_light.agreement import PARTNERS
from simulations.first_light.files import RECORDS, TODAY, make_files, read_files
from simulations.region import Region, make_region
from simulations.registers.layouts import LAYOUTS
from simulations.registers.mappings import mapping_toml
from tests.house import every_import

SEED = 5
CANARY = "kanarie"
# Rows planted in each file: doubled ones, and ones with a date that does not exist.
DOUBLED = {"politie": 2_917, "school": 3_119, "veilig-thuis": 3_407}
DATELESS = {"politie": 4_001, "school": 4_133, "veilig-thuis": 4_273}
# Days that the report names because it covers them or was made on them, whatever happened on them.
COVERED = {"01-01-2024", "31-12-2025", "12-01-2026"}
PUBLIC = {int(code) for code in make_region(SEED).geography.codes_at(Level.PC4)}  # numbers that everybody knows


@dataclass(frozen=True)
class Night:
    """One round with reports lying beside the vaults. sent: every frame, log leaf and bundle file, with its origin."""

    sent: tuple[tuple[str, bytes], ...]
    reports: Mapping[str, str]
    saved: Mapping[str, bytes]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    out = tmp_path_factory.mktemp("first-light")
    given = {PartyId(name): path for name, path in planted_files(out / "given").items()}
    frames: list[tuple[str, bytes]] = []
    reports: dict[str, str] = {}

    def read_and_report(
        files: Mapping[PartyId, Path], secrets: Mapping[PartyId, bytes], region: Region
    ) -> Mapping[PartyId, Delivery]:
        deliveries = read_files(files, secrets, region)
        for partner, delivery in deliveries.items():
            folder = out / "world" / "nodes" / partner
            folder.mkdir(parents=True)
            mapping = parse_mapping(mapping_toml(partner, files={RECORDS[partner]: "*"}))
            report = save_quality_report(
                delivery, PARTNERS[partner], mapping, folder=folder, secret=secrets[partner], delivered_on=TODAY
            )
            reports[partner] = report.as_json()
        return deliveries

    def tapped(node: Session) -> Callable[[bytes], tuple[bytes, ...]]:
        def answer(body: bytes) -> tuple[bytes, ...]:
            answers = node.receive(body, run.NOW_S)
            frames.append((f"to {node.member.id}", body))
            frames.extend((f"from {node.member.id}", each) for each in answers)
            return answers

        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "read_files", read_and_report)
        patch.setattr(run, "_answering", tapped)
        made = run.run_first_light(out / "world", seed=SEED, given=given, tell=lambda _text: None)
    logs = [each for path in sorted((out / "world").rglob("vault.sqlite")) for each in leaves(path)]
    bundle = [(f"bundle {name}", body) for name, body in made.bundle.items()]
    store = [("store", (out / "world" / "coordinator" / "store.sqlite").read_bytes())]
    nodes = out / "world" / "nodes"
    saved = {
        f"{partner} {name}": (nodes / partner / name).read_bytes()
        for partner in PARTNERS
        for name in (PAGE, JSON, FACTS)
    }
    return Night((*frames, *logs, *bundle, *store), reports, saved)


def planted_files(folder: Path) -> dict[str, Path]:
    """Write each partner's file under a telling name, with planted rows that carry a telling number."""
    folder.mkdir(parents=True)
    result = {}
    for partner, body in make_files(make_region(SEED), SEED).items():
        layout = next(each for each in LAYOUTS if (each.partner, each.record) == (partner, RECORDS[partner]))
        lines = body.decode(layout.encoding).split("\r\n")[:-1]
        day = [name for name, _ in layout.headers].index("datum")
        rows = lines[1:]
        doubled = [rows[place % len(rows)] for place in range(DOUBLED[partner])]
        dateless = []
        for place in range(DATELESS[partner]):
            cells = rows[place % len(rows)].split(layout.separator)
            cells[0], cells[day] = f"{CANARY}{place}", "31-02-2025" if "-" in layout.date_form else "20250231"
            dateless.append(layout.separator.join(cells))
        path = folder / f"{CANARY}-{partner}.csv"
        path.write_bytes(("\r\n".join([*lines, *doubled, *dateless]) + "\r\n").encode(layout.encoding))
        result[str(partner)] = path
    return result


def leaves(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the bodies of a party's own log."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        for (body,) in connection.execute("SELECT body FROM log_leaf ORDER BY leaf_index"):
            yield f"log of {path.parents[1].name}", body
    finally:
        connection.close()


def counts_of(report: str) -> set[int]:
    """Return every count of a report that is long enough to know again, and is no year and no postcode area."""
    found: set[int] = set()

    def look(value: object) -> None:
        if isinstance(value, dict):
            for each in value.values():
                look(each)
        elif isinstance(value, list):
            for each in value:
                look(each)
        elif isinstance(value, int) and value >= 1_000 and not 1_900 <= value < 2_100:
            found.add(value)

    look(json.loads(report))
    return found - PUBLIC


def traces(night: Night, sent: tuple[tuple[str, bytes], ...]) -> Iterator[tuple[str, str]]:
    """Yield where something of a report is found: a name, a count in any form, or a hash of what was saved."""
    counts = set().union(*(counts_of(report) for report in night.reports.values()))
    texts = [CANARY.encode(), b"kwaliteit", b"impossible-date", b"doubled", b"completeness"]
    texts += [
        digest for body in night.saved.values() for digest in (sha256(body).digest(), sha256(body).hexdigest().encode())
    ]
    texts += [form for count in counts for form in (struct.pack("<q", count), struct.pack(">q", count))]
    for origin, body in sent:
        yield from ((origin, repr(text)) for text in texts if text in body)
        # A number in JSON stands alone; digits within a hash do not count.
        numbers = {int(found) for found in re.findall(rb"(?<![0-9A-Za-z.])[0-9]{4,9}(?![0-9A-Za-z.])", body)}
        yield from ((origin, str(count)) for count in sorted(numbers & counts))


def test_nothing_of_the_report_is_in_messages_logs_or_bundle(night: Night) -> None:
    """D15: canary names and counts, over every frame of a round, every log leaf, the store and the bundle."""
    origins = {origin.split()[0] for origin, _ in night.sent}
    assert origins == {"to", "from", "log", "bundle", "store"}
    assert sum(len(body) for _, body in night.sent) > 100_000
    assert list(traces(night, night.sent)) == []


def test_the_reports_hold_the_canaries(night: Night) -> None:
    """The scan would be worth nothing if the reports did not hold what it looks for."""
    for partner in PARTNERS:
        assert {DOUBLED[partner], DATELESS[partner]} <= counts_of(night.reports[partner])
        assert f"{CANARY}-{partner}.csv" in night.reports[partner]


@pytest.mark.parametrize("form", ["name", "number", "binary", "hash", "whole"])
def test_a_message_with_something_of_the_report_would_be_found(night: Night, form: str) -> None:
    """Negative control: one frame with a name, a count as text or as bytes, a hash, or the whole report."""
    partner = "school"
    leak = {
        "name": f'{{"file":"{CANARY}-{partner}.csv"}}'.encode(),
        "number": f'{{"rows":{DOUBLED[partner]},"x":1}}'.encode(),
        "binary": struct.pack("<q", DATELESS[partner]),
        "hash": sha256(night.saved[f"{partner} {JSON}"]).hexdigest().encode(),
        "whole": night.reports[partner].encode(),
    }[form]
    assert list(traces(night, (*night.sent, ("leak", b"\x00\x01" + leak + b"\x02"))))


def test_the_report_and_its_facts_hold_no_value_of_a_row(night: Night, tmp_path: Path) -> None:
    """Not an event id, a household's number, an address, a day or a code of any row that was read."""
    for partner, path in planted_files(tmp_path / "again").items():
        layout = next(each for each in LAYOUTS if (each.partner, each.record) == (partner, RECORDS[PartyId(partner)]))
        names = [name for name, _ in layout.headers]
        rows = [line.split(layout.separator) for line in path.read_bytes().decode(layout.encoding).split("\r\n")[1:-1]]
        values = {row[names.index(name)] for row in rows for name in ("id", "postcode", "datum", "buurt")}
        values |= {row[names.index(layout.unit_column)] for row in rows if layout.by_household}
        for name in (PAGE, JSON, FACTS):
            body = night.saved[f"{partner} {name}"]
            told = [value for value in values if value and value.encode() in body and value not in COVERED]
            assert told == []


def test_nothing_that_counts_or_sends_knows_the_quality_report() -> None:
    """Only the report's own files import it; a message cannot be made of what its maker does not know."""
    users = {found.file for found in every_import() if found.module.startswith("partner_node.quality")}
    assert users
    assert all(file.startswith(("partner_node/quality/", "partner_node/cli")) for file in users)
