"""Transcripts for each profile: a new user from keys to an approved study, on clean and on faulty samples."""

import json
import re
from hashlib import sha256
from pathlib import Path

import pytest

from partner_node.profiles.catalogue import PROFILES
from tests.partner_node.cli.by_hand import counted_by_hand, settled_households
from tests.partner_node.cli.partner import STUDY, new_partner, ready_partner


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_a_new_user_gets_from_keys_to_an_approved_study(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ZN-14, ZN-18, IM-08: own keys, own signature, own existing export; only then can anything be approved."""
    partner = new_partner(tmp_path / "p", name, monkeypatch)
    out = partner.done("keys", name, "--officer", "fg=F. Gees (verzonnen)")
    assert out == f"public file: {name}.public.json\n"
    partner.agree()
    shown = partner.done("covenant", "show", "agreement/draft.json")
    assert shown.splitlines()[0] == "covenant eerste-licht, version 1"
    assert re.search(rf"^{name} +partner +0.25 .* no$", shown, re.MULTILINE)
    signed = partner.done("covenant", "sign", "agreement/draft.json", "--party", name, "--yes")
    assert signed.splitlines()[0] == f"signed as {name}: {name}.signature.json"
    partner.collect()
    init = partner.run("init", "--party", name, "--profile", name, "--yes")
    assert (init.exit_code, init.stdout) == (0, "set up: node.toml and mapping.toml\n")
    assert init.stderr.splitlines()[-1] == "next: samenzicht-node doctor"
    partner.settle()
    doctor = partner.run("doctor")
    assert doctor.exit_code == 0
    assert doctor.stdout.splitlines()[-1] == "everything is ready"
    assert [line.split()[0] for line in doctor.stdout.splitlines()[:-1]] == ["PASS"] * 11
    data = partner.run("check-data")
    assert data.exit_code == 0
    assert data.stdout.splitlines()[-1] == "no faults found"
    assert {line.split(": ")[1] for line in data.stdout.splitlines()[:-1]} == {"60 of 60 rows usable"}
    before = partner.run("status").stdout
    assert re.search(rf"^{STUDY} +not-approved +1$", before, re.MULTILINE)
    approved = partner.done("approve", STUDY, "--officer", "fg", "--yes")
    assert approved.splitlines()[0] == f"approved by fg: {STUDY}, until 2026-12-31"
    assert re.search(rf"^{STUDY} +approved +1$", partner.done("status"), re.MULTILINE)
    declared = partner.done("declare", "2025-Q4", "--study", STUDY, "--officer", "fg", "--all", "volledig")
    assert declared.splitlines()[0] == f"declared by fg: {STUDY}, 2025-Q4"
    assert partner.done("log", "verify").splitlines()[-1] == "the accounts hold"
    assert [line.split()[1] for line in partner.done("log", "show").splitlines()] == ["covenant", "approval"]


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_the_counts_of_a_preview_are_those_counted_by_hand_and_the_vault_keeps_every_byte(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ZN-19: what is shown is the lowest level that would be released, with its margin; looking spends nothing."""
    partner = ready_partner(tmp_path / "p", name, monkeypatch)
    partner.deliver(settled_households(partner))
    vault = partner.folder / "vault" / "vault.sqlite"
    before = (sha256(vault.read_bytes()).hexdigest(), vault.stat().st_mtime_ns, sorted(vault.parent.iterdir()))
    tree = json.loads(partner.done("preview", STUDY, "--json"))
    counts = {(table["table"], cell["area"]): cell["count"] for table in tree["tables"] for cell in table["cells"]}
    assert {place: count for place, count in counts.items() if count} == counted_by_hand(partner)
    assert tree["upload_bytes"] == 4 * 12
    # sigma^2 = 9 and 16: 95 % of a discrete Gaussian lies within 6 and 8.
    assert sorted(table["margin"] for table in tree["tables"]) == [6, 8]
    text = partner.done("preview", STUDY)
    assert "EXAMPLE of noise, not the real one: " in text
    assert "to send: 48 bytes of masked numbers" in text
    assert partner.run("status").exit_code == partner.run("log", "verify").exit_code == 0
    assert before == (sha256(vault.read_bytes()).hexdigest(), vault.stat().st_mtime_ns, sorted(vault.parent.iterdir()))
    partner.done("approve", STUDY, "--officer", "fg", "--yes")
    assert before[0] != sha256(vault.read_bytes()).hexdigest(), "negative control: a command that writes is seen"


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_check_data_names_every_planted_fault_by_file_column_and_reason(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = ready_partner(tmp_path / "p", name, monkeypatch)
    partner.deliver(partner.samples.faulty)
    tree = json.loads(partner.done("check-data", "--json"))
    found = {(fault["file"], fault["column"], fault["reason"]): fault["rows"] for fault in tree["faults"]}
    # Without a span nothing is outside it; the day before the span is a day like any other.
    planted = [fault for fault in partner.samples.planted if fault.reason != "outside-span"]
    assert found == {(fault.file, fault.column, fault.reason): fault.rows for fault in planted}
    table = partner.done("check-data").splitlines()
    rows = {tuple(line.split()[:4]) for line in table if line.split()[0] in partner.samples.faulty}
    assert {(*key, str(count)) for key, count in found.items()} == rows
    partner.deliver(partner.samples.clean)
    assert json.loads(partner.done("check-data", "--json"))["faults"] == []
