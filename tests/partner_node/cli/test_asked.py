"""What a coordinator may ask for and what it may learn: a round of the signed study, and nothing beside it."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from partner_node.gate import Gate
from partner_node.taking_part import take_part
from protocol.errors import Refusal
from protocol.round.frame import HEADER_LENGTH_BYTES, parse_frame
from protocol.round.messages import Decline, DeclineCode, Ready
from protocol.signing import Purpose, sign
from protocol.wire import canonical
from simulations.first_light import agreement
from tests import example
from tests.partner_node.cli.partner import NOW_S, Partner, ready_partner, run_round
from tests.partner_node.cli.test_gate import counted_reads, header_of, proposal
from tests.partner_node.cli.test_neighbours import FILE

Tree = dict[str, Any]


def asked(partner: Partner, change: Callable[[Tree], object]) -> bytes:
    """Return a PROPOSE in which the coordinator changed something before it signed."""
    frame = parse_frame(proposal(partner), source="a test", max_payload_bytes=0)
    tree: Tree = json.loads(frame.header.encode())
    change(tree)
    body = canonical(tree)
    signature = sign(body, key=example.signing_key(agreement.COORDINATOR), purpose=Purpose.ROUND)
    return len(body).to_bytes(HEADER_LENGTH_BYTES, "big") + body + bytes.fromhex(signature)


def said(partner: Partner, body: bytes) -> tuple[object, ...]:
    """Return what a node lets out: its answers, or the refusal with its whole text."""
    node = partner.node
    with node.writing() as vault:
        gate: Gate = take_part(node, vault, today=lambda: partner.today)
        try:
            return gate.receive(body, NOW_S)
        except Refusal as refusal:
            return (refusal.code, str(refusal), refusal.hint)


def spec(**values: object) -> Callable[[Tree], object]:
    return lambda tree: tree["offer"]["spec"].update(values)


def whole(**values: object) -> Callable[[Tree], object]:
    return lambda tree: tree.update(values)


OTHER = "ab" * 32
ASKED: tuple[tuple[str, Callable[[Tree], object], str], ...] = (
    ("an unknown study", spec(study_digest=OTHER), "decline"),
    ("another table or measure", spec(grid_digest=OTHER), "wrong-spec"),
    ("more cells", spec(cells=13), "wrong-spec"),
    ("another covenant", spec(covenant_digest=OTHER), "wrong-spec"),
    ("another slot", spec(slot=OTHER), "wrong-offer"),
    ("another period", spec(period="2025-Q3"), "unknown-period"),
    ("an expression", spec(period="2025-Q4' OR 1=1 --"), "malformed"),
    ("free SQL", whole(sql="SELECT unit_key FROM book"), "malformed"),
    ("a path", spec(study_digest="../../vault/vault.sqlite"), "malformed"),
    ("a path in a name", whole(sender="../gemeente"), "malformed"),
    ("an unknown kind", whole(kind="query"), "bad-frame"),
    ("no kind", lambda tree: tree.pop("kind"), "bad-frame"),
)


@pytest.mark.parametrize(("_what", "change", "refusal"), ASKED, ids=[what for what, *_ in ASKED])
def test_what_is_not_in_the_signed_study_is_refused_in_constant_words_before_any_record_is_read(
    _what: str,
    change: Callable[[Tree], object],
    refusal: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """N03: one answer whatever stands in the folder of deliveries; the same node answers a true offer (the control)."""
    partner = ready_partner(tmp_path / "p", "school", monkeypatch, rows=30)
    reads = counted_reads(monkeypatch)
    body = asked(partner, change)
    answers = set()
    for files in (partner.samples.clean, partner.samples.faulty, {FILE: "x"}, {}):
        partner.deliver(files)
        answers.add(said(partner, body))
    (answer,) = answers
    if refusal == "decline":
        (frame,) = answer
        assert isinstance(frame, bytes)
        header = header_of(frame)
        assert isinstance(header, Decline)
        assert header.code is DeclineCode.NOT_APPROVED
    else:
        assert answer[0] == refusal
        assert "sqlite" not in str(answer).lower()
        assert "1=1" not in str(answer)
    assert reads == []
    partner.deliver(partner.samples.clean)
    (ready,) = said(partner, asked(partner, lambda _tree: None))
    assert isinstance(ready, bytes)
    assert isinstance(header_of(ready), Ready)
    assert reads == [1]


# Written out: every key of what a node says in a round. A size, a time or a memory would need a key of its own.
KEYS = {
    "ready": "attempt checkpoint commitment consistency format kind nonce offer_digest sender settled slot",
    "upload": "attempt checkpoint consistency context format kind lock payload_digest sender slot",
    "verdict": "attempt context format kind objection sender slot",
}


def numbers(tree: object) -> Iterator[int]:
    """Yield every number in a message, those in the texts of notes and entries too."""
    match tree:
        case bool():
            return
        case int():
            yield tree
        case str() if tree.startswith("{"):
            yield from numbers(json.loads(tree))
        case str():
            yield from (int(line) for line in tree.splitlines() if line.isascii() and line.isdigit())
        case dict():
            for value in tree.values():
                yield from numbers(value)
        case list():
            for value in tree:
                yield from numbers(value)


def test_no_message_tells_how_large_or_how_old_anything_at_the_partner_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N10: with fifty times the rows the frames have the same keys, sizes and numbers; the vault's pages do not."""
    partner = ready_partner(tmp_path / "p", "school", monkeypatch, rows=30)
    lines = partner.samples.clean[FILE].splitlines()
    rows = [line.split(";") for line in lines[1:]]
    unit, event = (lines[0].split(";").index(name) for name in ("Gezinsnummer", "Meldingnummer"))
    many = [lines[0]]
    for copy in range(50):
        for row in rows:
            changed = list(row)
            changed[unit], changed[event] = f"gezin{copy}{row[unit]}", f"{copy}x{row[event]}"
            many.append(";".join(changed))
    seen, pages = [], []
    for name, files in (("few", partner.samples.clean), ("many", {FILE: "\r\n".join(many) + "\r\n"})):
        folder = partner.folder.with_name(name)
        shutil.copytree(partner.folder, folder)
        monkeypatch.chdir(folder)
        copied = Partner(folder, partner.party, partner.samples, partner.covenant, partner.study)
        copied.deliver(files)
        sent = run_round(copied).sent
        headers = [
            json.loads(parse_frame(body, source="a test", max_payload_bytes=1 << 20).header.encode()) for body in sent
        ]
        assert {header["kind"]: " ".join(sorted(header)) for header in headers} == KEYS
        seen.append([(len(body), sorted(numbers(header))) for body, header in zip(sent, headers, strict=True)])
        with closing(sqlite3.connect(folder / "vault" / "vault.sqlite")) as vault:
            pages.append(vault.execute("PRAGMA page_count").fetchone()[0])
    assert seen[0] == seen[1]
    assert pages[1] > pages[0] + 10, "the control: what could be told differs"
    assert {number for _, found in seen[0] for number in found} <= {0, 1, 2, 3, 4}, "versions, attempts, sizes of logs"
