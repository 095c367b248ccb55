"""What a round and the outside see of two deliveries that differ in one household: the same, but for digests."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from random import Random

import pytest

from protocol.round.frame import parse_frame
from tests.partner_node.cli.partner import TODAY, Partner, ready_partner, run_round

HEX = re.compile(r"[0-9a-f]{64,}")
FILE = "verzuim.csv"


def visible(partner: Partner) -> dict[str, object]:
    """Return all that leaves a round, and what the commands say that an outsider may be shown; digests masked."""
    round_ = run_round(partner)
    headers = [parse_frame(body, source="a test", max_payload_bytes=1 << 20).header for body in round_.sent]
    outputs = [
        partner.run(*command) for command in (["status"], ["status", "--json"], ["log", "show"], ["log", "verify"])
    ]
    log = json.loads(partner.run("log", "show", "--json").stdout)
    return {
        "sizes": [len(body) for body in round_.sent],
        "keys": [[*header.model_dump()] for header in headers],
        "kinds": [header.kind for header in headers],  # type: ignore[attr-defined]
        "cells": [(table.table, [cell.index for cell in table.cells]) for table in round_.release.release.tables],
        "exit codes": [output.exit_code for output in outputs],
        "stdout": [HEX.sub("#", output.stdout) for output in outputs],
        "stderr": [HEX.sub("#", output.stderr) for output in outputs],
        "log": [[len(json.dumps(entry)), *entry] for entry in log["entries"]],
    }


class Stable:
    """One set-up node of which each pair starts from the same files, keys and vault."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.partner = ready_partner(folder / "first", "school", monkeypatch, rows=30)

    def seen(self, name: str, files: Mapping[str, str]) -> dict[str, object]:
        folder = self.partner.folder.with_name(name)
        shutil.copytree(self.partner.folder, folder)
        self.monkeypatch.chdir(folder)
        copy = Partner(folder, self.partner.party, self.partner.samples, self.partner.covenant, self.partner.study)
        copy.deliver(files)
        result = visible(copy)
        shutil.rmtree(folder)
        return result


def neighbour(text: str, kind: str, chance: Random) -> str:
    """Return the delivery with one household malformed, extreme or absent."""
    lines = text.splitlines()
    header, rows = lines[0].split(";"), [line.split(";") for line in lines[1:]]
    unit, day, area = (header.index(name) for name in ("Gezinsnummer", "Datum melding", "Buurtcode"))
    chosen = rows[chance.randrange(len(rows))][unit]
    mine = [row for row in rows if row[unit] == chosen]
    match kind:
        case "malformed":
            for row in mine:
                row[chance.choice((day, area))] = chance.choice(("", "99-99-9999", "<b>x</b>", "=1+1", "\u200b"))
        case "extreme":
            for number in range(300):
                rows.append([*mine[0]])
                rows[-1][0], rows[-1][day] = f"VE9{number:05d}", f"{1 + number % 28:02d}-11-{TODAY.year - 1}"
        case _:
            rows = [row for row in rows if row[unit] != chosen]
    return "\r\n".join([lines[0], *(";".join(row) for row in rows)]) + "\r\n"


KINDS = ("malformed", "extreme", "absent")


def check_pairs(stable: Stable, pairs: int, seed: int) -> None:
    text = stable.partner.samples.clean[FILE]
    first = stable.seen("d", {FILE: text})
    chance = Random(seed)
    for number in range(pairs):
        kind = KINDS[number % len(KINDS)]
        other = neighbour(text, kind, chance)
        assert other != text
        assert stable.seen(f"d{number}", {FILE: other}) == first, (kind, number)


def test_a_round_and_what_may_be_seen_of_it_are_the_same_for_neighbours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N05: sizes, keys, kinds, exit codes, stdout, stderr and the log's bytes but for its digests; 9 pairs."""
    check_pairs(Stable(tmp_path, monkeypatch), 9, seed=5)


@pytest.mark.nightly
def test_a_thousand_neighbours_look_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """N05: the same for 1,000 pairs."""
    check_pairs(Stable(tmp_path, monkeypatch), 1_000, seed=6)


def test_an_output_that_tells_of_a_household_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: `check-data`, which stays at the partner, differs for each kind of neighbour."""
    partner = ready_partner(tmp_path / "p", "school", monkeypatch, rows=30)
    text = partner.samples.clean[FILE]
    outputs = []
    for files in ({FILE: text}, *({FILE: neighbour(text, kind, Random(5))} for kind in KINDS)):
        partner.deliver(files)
        outputs.append(partner.done("check-data"))
    assert len(set(outputs)) == 4


def test_an_empty_a_never_seen_and_a_one_person_wijk_are_in_the_round_like_any_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N06: the same keys, order and lengths; no row of the delivery decides which wijken there are."""
    stable = Stable(tmp_path, monkeypatch)
    text = stable.partner.samples.clean[FILE]
    first = stable.seen("full", {FILE: text})
    lines = text.splitlines()
    area = lines[0].split(";").index("Buurtcode")
    one_wijk = [
        ";".join(["BU99010001" if place == area else cell for place, cell in enumerate(line.split(";"))])
        for line in lines[1:]
    ]
    one_person = [*one_wijk[:-1], one_wijk[-1].replace("BU99010001", "BU99010101")]
    nobody_in_the_quarter = [re.sub(r"\d\d-1[012]-2025", "01-08-2025", line) for line in one_wijk]
    for name, rows in (("empty", one_wijk), ("one", one_person), ("none", nobody_in_the_quarter)):
        assert stable.seen(name, {FILE: "\r\n".join([lines[0], *rows]) + "\r\n"}) == first, name
    assert first["cells"] == [
        (name, [2 * place, 2 * place + 1])
        for place, name in enumerate(
            (
                "politie-huishoudens-wijk",
                "politie-incidenten-wijk",
                "school-huishoudens-wijk",
                "school-meldingen-wijk",
                "vt-casussen-wijk",
                "vt-meldingen-wijk",
            )
        )
    ]
