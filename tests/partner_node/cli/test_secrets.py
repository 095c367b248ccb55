"""What never leaves, and what must be closed to others: canaries, tracebacks, file modes, a delivery that changes."""

import shutil
import traceback
from base64 import b64decode
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from partner_node import taking_part
from partner_node.cli import check_data
from partner_node.delivered import read_node_delivery
from partner_node.delivery.delivery import Delivery
from partner_node.node import Node
from protocol.round.frame import parse_frame
from protocol.round.messages import Ready
from tests.partner_node.cli.partner import STUDY, Partner, ready_partner, run_round

# A name, a number that passes the 11-proof, an address and a case text, spelled so that nothing else holds them.
CANARIES = ("Kanarievogel-Xq", "111222333", "Kwetterlaan 7177", "hij sloeg haar kanarie")
FILE = "verzuim.csv"


def with_canaries(text: str) -> str:
    """Plant canaries in ids, codes, areas, days and a column that no mapping names."""
    lines = text.splitlines()
    header, rows = lines[0].split(";"), [line.split(";") for line in lines[1:]]
    for place, canary in enumerate(CANARIES):
        for column in ("Meldingnummer", "Gezinsnummer", "Buurtcode", "Datum melding", "Soort verzuim", "Aantal uren"):
            if column in header:
                rows[6 * place + header.index(column) % 6][header.index(column)] = canary
    widened = [";".join([*row, CANARIES[place % 4]]) for place, row in enumerate(rows)]
    return "\r\n".join([";".join([*header, "Toelichting"]), *widened]) + "\r\n"


def everything_said(partner: Partner) -> bytes:
    """Run every command that reads data or the vault, well and badly, and a round; return all that came out."""
    round_ = run_round(partner)
    (partner.folder / "release.json").write_bytes(round_.release.encode())
    commands = (
        ["doctor"],
        ["check-data"],
        ["check-data", "--json"],
        ["preview", STUDY],
        ["preview", STUDY, "--json"],
        ["declare", "2025-Q4", "--study", STUDY, "--officer", "fg", "--all", "volledig"],
        ["status"],
        ["mirror", "2025-Q4", "--study", STUDY, "--release", "release.json"],
        ["log", "show", "--json"],
        ["log", "verify", "--out", "replay.json"],
        ["backup", "safe/backup.sqlite"],
    )
    said = [*round_.sent]
    for command in commands:
        result = partner.run(*command)
        said += [result.stdout.encode(), result.stderr.encode()]
    mapping = partner.folder / "mapping.toml"
    mapping.write_text(mapping.read_text().replace('"Datum melding"', '"Toelichting"'))
    said.append(partner.run("check-data").stderr.encode())
    mapping.write_text(mapping.read_text().replace('"Meldingnummer"', '"Leerlingnummer"'))
    said.append(partner.run("check-data").stderr.encode())
    return b"\n".join(said)


def files_outside(partner: Partner, *left_out: str) -> bytes:
    """Return the bytes of every file of the partner's folder but those of some folders."""
    paths = [path for path in partner.folder.rglob("*") if path.is_file()]
    return b"\n".join(path.read_bytes() for path in paths if path.relative_to(partner.folder).parts[0] not in left_out)


def test_no_planted_word_is_in_any_output_message_or_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """N07, ZN-15: names, numbers, addresses and texts stay in the delivery; nothing on a record level goes anywhere."""
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    partner.deliver({FILE: with_canaries(partner.samples.clean[FILE])})
    said = everything_said(partner) + files_outside(partner, "deliveries")
    for canary in CANARIES:
        for form in (canary, canary.lower(), canary.replace(" ", "")):
            assert form.encode() not in said, form
            assert form.encode("utf-16-le") not in said, form
    assert all(canary.encode() in files_outside(partner) for canary in CANARIES), "negative control: the search finds"
    assert b"of 60 rows usable" in said


def raw(key: bytes) -> bytes:
    """Return a key as bytes: hexadecimal, or the body of an OpenSSH or PEM file."""
    if key.startswith(b"-----BEGIN"):
        return b64decode(b"".join(key.splitlines()[1:-1]))
    return bytes.fromhex(key.decode())


def test_no_private_key_is_in_any_output_or_file_but_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """N12: keys are in their own files only."""
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    keys = [path.read_bytes().strip() for place in ("keys", "officers") for path in (partner.folder / place).iterdir()]
    keys = [key[key.index(b"-----BEGIN PRIVATE") :] if b"CERTIFICATE" in key else key for key in keys]
    assert len(keys) == 6
    said = everything_said(partner) + files_outside(partner, "keys", "officers")
    for key in keys:
        assert key not in said
        assert raw(key) not in said
        assert key in files_outside(partner), "negative control: the search finds"


UNSAID = "Kanarievogel in a local variable"


def breaking(*_arguments: object, **_named: object) -> Delivery:
    local = UNSAID
    raise RuntimeError(f"boom {local}")


def panicking(*_arguments: object, **_named: object) -> Delivery:
    local = UNSAID
    raise pl.exceptions.PanicException(f"boom {local}")


@pytest.mark.parametrize(("broken", "kind"), [(breaking, "RuntimeError"), (panicking, "PanicException")])
def test_what_nobody_foresaw_shows_an_id_and_no_value(
    broken: Callable[..., Delivery], kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N08: no traceback, no local variable, no text of the error; the same id for the same place; also for a panic."""
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    monkeypatch.setattr(check_data, "read_node_delivery", broken)
    first, second = partner.run("check-data"), partner.run("check-data")
    assert (first.exit_code, first.stdout) == (3, "")
    assert first.stderr == second.stderr
    assert UNSAID not in first.stderr
    assert "boom" not in first.stderr
    assert "Traceback" not in first.stderr
    fault = first.stderr.splitlines()[-2]
    assert fault.startswith("samenzicht-node: fault: ")
    assert f"{kind} at partner_node.cli.check_data:" in fault
    try:
        broken()
    except (RuntimeError, pl.exceptions.PanicException):
        assert UNSAID in traceback.format_exc(), "negative control: a plain traceback tells it"


OPEN = (
    ("node.toml", 0o666, "open-to-others"),
    ("register.toml", 0o664, "open-to-others"),
    ("keys", 0o755, "unsafe-keys"),
    ("keys/identity.key", 0o640, "unsafe-keys"),
    ("keys/node.secret", 0o604, "unsafe-keys"),
    ("vault", 0o750, "unsafe-permissions"),
    ("vault/vault.sqlite", 0o644, "unsafe-permissions"),
    ("officers/fg.key", 0o644, "unsafe-keys"),
)


def test_a_node_does_not_start_on_files_that_others_may_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """N12: each wrong mode alone is refused by name; with the right modes the same command is done."""
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    command = ["approve", STUDY, "--officer", "fg", "--yes"]
    for name, mode, code in OPEN:
        path = partner.folder / name
        before = path.stat().st_mode & 0o777
        path.chmod(mode)
        refused = partner.run(*command)
        assert refused.exit_code == 1, name
        assert f"error: {code}: " in refused.stderr, name
        if not name.startswith("officers"):
            doctor = partner.run("doctor")
            assert doctor.exit_code == 1, name
            assert code in doctor.stdout, name
        path.chmod(before)
        assert partner.run(*command).exit_code == 0, f"negative control: {name}"
    made = [path for place in ("keys", "officers", "vault") for path in (partner.folder / place).iterdir()]
    assert {path.stat().st_mode & 0o777 for path in made} == {0o600}
    assert {(partner.folder / place).stat().st_mode & 0o777 for place in ("keys", "officers", "vault")} == {0o700}


def copied(partner: Partner, name: str, monkeypatch: pytest.MonkeyPatch) -> Partner:
    folder = partner.folder.with_name(name)
    shutil.copytree(partner.folder, folder)
    monkeypatch.chdir(folder)
    return Partner(folder, partner.party, partner.samples, partner.covenant, partner.study)


def test_a_delivery_that_changes_after_the_ready_changes_nothing_of_the_round(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N13: one read an attempt; the READY's commitment names the snapshot, and every later byte follows from it."""
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    reads: list[int] = []

    def counting(node: Node, *, today: date, keeps_events: bool = True) -> Delivery:
        reads.append(1)
        return read_node_delivery(node, today=today, keeps_events=keeps_events)

    monkeypatch.setattr(taking_part, "read_node_delivery", counting)
    plain = run_round(copied(partner, "plain", monkeypatch))
    changing = copied(partner, "changing", monkeypatch)
    changed = run_round(changing, before_commit=lambda: changing.deliver(partner.samples.faulty))
    gone = copied(partner, "gone", monkeypatch)
    without = run_round(gone, before_commit=lambda: shutil.rmtree(gone.folder / "deliveries"))
    assert reads == [1, 1, 1]
    assert plain.sent == changed.sent == without.sent
    assert plain.release == changed.release
    earlier = copied(partner, "earlier", monkeypatch)
    earlier.deliver(partner.samples.faulty)
    other = run_round(earlier)
    assert commitment_of(other.sent[0]) != commitment_of(plain.sent[0]), (
        "negative control: another snapshot, another name"
    )
    assert other.sent[1] != plain.sent[1]


def commitment_of(body: bytes) -> str:
    header = parse_frame(body, source="a test", max_payload_bytes=0).header
    assert isinstance(header, Ready)
    return header.commitment
