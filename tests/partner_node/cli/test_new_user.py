"""Transcripts: a new user at each kind of partner, from keys to a replayed log, on a terminal and as JSON."""

import json
import re
import subprocess
import sys
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from partner_node.cli.app import COMMANDS
from partner_node.cli.words import SENTENCES, say
from partner_node.profiles.catalogue import PROFILES
from partner_node.profiles.profile import ColumnKind
from privacy.language import Language
from protocol.covenant.public_keys import PublicKeys
from protocol.covenant.signed import PartySignature
from protocol.digest import digest_of
from protocol.replay import SignedReplay, check_replay
from protocol.signing import BadSignature, Purpose, verify
from tests.house import ROOT
from tests.partner_node.cli.partner import (
    BUURTEN,
    STUDY,
    Partner,
    new_partner,
    ready_partner,
    run_round,
    signed_partner,
)

PARTNERS = ("politie", "school", "veilig-thuis")
COUNTED = {
    "politie": ("incidenten.csv", "politie-huishoudens", "politie-incidenten"),
    "school": ("verzuim.csv", "school-huishoudens", "school-meldingen"),
    "veilig-thuis": ("meldingen.csv", "vt-casussen", "vt-meldingen"),
}


def settled_households(partner: Partner) -> dict[str, str]:
    """Return the clean files with each household in one buurt: who is in two wijken is counted in one, by a hash."""
    files = {}
    for name, text in partner.samples.clean.items():
        if name != COUNTED[partner.party][0]:
            files[name] = text
            continue
        lines = text.splitlines()
        header = lines[0].split(";")
        household, area = header.index(column_of(partner, "household")), header.index(column_of(partner, "area"))
        rows = [line.split(";") for line in lines[1:]]
        for row in rows:
            row[area] = BUURTEN[int(row[household][1:]) % 3]
        files[name] = "\r\n".join([lines[0], *(";".join(row) for row in rows)]) + "\r\n"
    return files


def column_of(partner: Partner, what: str) -> str:
    """Return the header of a column of the partner's counted record type."""
    record = next(each for each in PROFILES[partner.party].records if each.file == COUNTED[partner.party][0])
    if what == "area":
        return record.of_kind(ColumnKind.AREA)[0].header
    return record.column({"household": record.household, "day": record.day}[what] or "").header


def by_hand(partner: Partner) -> dict[tuple[str, str], int]:
    """Count 2025-Q4 in plain Python: households, and events of which at most two of one household count."""
    name, units, events = COUNTED[partner.party]
    lines = (partner.folder / "deliveries" / name).read_text().splitlines()
    header = lines[0].split(";")
    times: Counter[tuple[str, str]] = Counter()
    for line in lines[1:]:
        row = dict(zip(header, line.split(";"), strict=True))
        text = row[column_of(partner, "day")]
        year, month = (text[:4], text[4:6]) if text.isdigit() else (text[6:], text[3:5])
        if year == "2025" and month in {"10", "11", "12"} and row.get("Huiselijk geweld", "J") == "J":
            times[f"WK{row[column_of(partner, 'area')][2:8]}", row[column_of(partner, "household")]] += 1
    result: Counter[tuple[str, str]] = Counter()
    for (wijk, _), many in times.items():
        result[f"{units}-wijk", wijk] += 1
        result[f"{events}-wijk", wijk] += min(many, 2)
    return dict(result)


@pytest.mark.parametrize("name", PARTNERS)
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
    assert [line.split()[0] for line in doctor.stdout.splitlines()[:-1]] == ["PASS"] * 10
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


@pytest.mark.parametrize("name", PARTNERS)
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
    assert {place: count for place, count in counts.items() if count} == by_hand(partner)
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


@pytest.mark.parametrize("name", PARTNERS)
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
    rows = {tuple(line.split()) for line in table if line.split()[0] in partner.samples.faulty}
    assert {(*key, str(count)) for key, count in found.items()} == {row for row in rows if len(row) == 4}
    partner.deliver(partner.samples.clean)
    assert json.loads(partner.done("check-data", "--json"))["faults"] == []


def test_an_interactive_init_asks_per_column_and_takes_the_partners_own_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = signed_partner(tmp_path / "p", "school", monkeypatch)
    text = partner.samples.clean["verzuim.csv"].replace("Gezinsnummer", "Gezin 'nr' \\ x").replace("Buurtcode", "Wijk?")
    partner.deliver({"leerplicht_2025.csv": text})
    answers = ["verzuimmelding", "", "Gezin 'nr' \\ x", "", "", "", "", "nergens", "Wijk?", "", "", ""]
    result = partner.run("init", "--party", "school", "--profile", "school", said="\n".join(answers) + "\n")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == "set up: node.toml and mapping.toml\n"
    assert "the file has no such column" in result.stderr
    mapping = (partner.folder / "mapping.toml").read_text()
    assert 'files = ["leerplicht_*.csv"]' in mapping
    assert "huishouden = \"Gezin 'nr' \\\\ x\"" in mapping
    assert 'buurt = "Wijk?"' in mapping
    assert "60 of 60 rows usable" in partner.done("check-data")


def test_an_init_that_cannot_map_a_needed_column_says_so_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = signed_partner(tmp_path / "p", "school", monkeypatch)
    partner.deliver({"verzuim.csv": partner.samples.clean["verzuim.csv"].replace("Datum melding", "Dag")})
    result = partner.run("init", "--party", "school", "--profile", "school", "--yes")
    assert result.exit_code == 1
    assert "wrong-mapping: got no header for the column datum of verzuimmelding" in result.stderr
    assert not (partner.folder / "node.toml").exists()
    assert not (partner.folder / "vault").exists()
    partner.deliver(partner.samples.clean)
    partner.done("init", "--party", "school", "--profile", "school", "--yes")
    again = partner.run("init", "--party", "school", "--profile", "school", "--yes")
    assert again.exit_code == 0, "the same command again changes nothing"
    (partner.folder / "mapping.toml").write_text("format = 1\n")
    assert "file-exists" in partner.run("init", "--party", "school", "--profile", "school", "--yes").stderr


def test_a_renamed_column_is_found_and_mapped_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    partner.deliver({"verzuim.csv": partner.samples.clean["verzuim.csv"].replace("Gezinsnummer", "Gezinsnr")})
    refused = partner.run("check-data")
    assert refused.exit_code == 1
    assert refused.stdout == ""
    assert "missing-column: got verzuim.csv without the column Gezinsnummer" in refused.stderr
    partner.settle()
    doctor = partner.run("doctor", "--json")
    assert doctor.exit_code == 1
    assert [point["point"] for point in json.loads(doctor.stdout)["points"] if point["mark"] == "FAIL"] == ["data"]
    answers = ["", "", "Gezinsnr", *[""] * 8]
    mapped = partner.run("init", "--party", "school", "--remap", said="\n".join(answers) + "\n")
    assert (mapped.exit_code, mapped.stdout) == (0, "columns mapped: mapping.toml\n"), mapped.stderr
    assert "60 of 60 rows usable" in partner.done("check-data")


def test_a_round_a_mirror_a_replay_and_a_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    partner.deliver(settled_households(partner))
    shown = run_round(partner)
    (partner.folder / "release.json").write_bytes(shown.release.encode())
    arguments = ("mirror", "2025-Q4", "--study", STUDY, "--release", "release.json")
    tree = json.loads(partner.done(*arguments, "--json"))
    released = {cell.index: cell.value for table in shown.release.release.tables for cell in table.cells}
    cells = {(table["table"], cell["area"]): cell for table in tree["tables"] for cell in table["cells"]}
    assert {place: cell["then"] for place, cell in cells.items() if cell["then"]} == by_hand(partner)
    assert all(cell["then"] == cell["now"] for cell in cells.values())
    assert [cell["released"] for cell in cells.values()] == [released[place] for place in range(4, 8)]
    assert (tree["left_out"], tree["unmapped_rows"], tree["unused_rows"]) == (0, 0, 0)
    assert {key for cell in cells.values() for key in cell} == {
        "area",
        "period",
        "category",
        "then",
        "now",
        "released",
    }, "no noise, no difference"
    late = settled_households(partner)["verzuim.csv"].splitlines()
    extra = late[1].split(";")
    header = late[0].split(";")
    extra[header.index("Meldingnummer")], extra[header.index("Gezinsnummer")] = "VE99999", "H99999"
    extra[header.index("Datum melding")] = "01-11-2025"
    partner.deliver({"verzuim.csv": "\r\n".join([*late, ";".join(extra)]) + "\r\n"})
    after = json.loads(partner.done(*arguments, "--json"))
    assert [table["late"] for table in after["tables"]] == [1, 1]
    assert after["left_out"] == 1
    assert "households that are not in the round (too late, or above the yearly cap): 1" in partner.done(*arguments)
    partner.done("log", "verify", "--out", "replay.json")
    signed = SignedReplay.parse((partner.folder / "replay.json").read_bytes())
    assert partner.covenant is not None
    check_replay(signed, partner.covenant)
    assert (signed.replay.holds, signed.replay.failed, signed.replay.log_size) == (True, (), 3)
    with pytest.raises(BadSignature):
        check_replay(
            signed.model_copy(update={"replay": signed.replay.model_copy(update={"log_size": 4})}), partner.covenant
        )
    partner.done("backup", "safe/backup.sqlite")
    (partner.folder / "vault" / "vault.sqlite").rename(partner.folder / "broken.sqlite")
    few = partner.run("restore", "safe/backup.sqlite", "--seen", "politie=none")
    assert few.exit_code == 1
    assert "too-few-answers" in few.stderr
    restored = partner.done(
        "restore",
        "safe/backup.sqlite",
        "--seen",
        "politie=none",
        "--seen",
        "veilig-thuis=none",
        "--seen",
        "getuige-fg=none",
    )
    assert restored.startswith("restored: ")
    assert re.search(rf"^{STUDY} +not-approved", partner.done("status"), re.MULTILINE), "officers must decide again"
    moved = partner.done("replace-machine", "elsewhere/vault.sqlite", "--yes")
    assert moved.startswith("the vault goes on in elsewhere/vault.sqlite")
    gone = partner.run("status")
    assert gone.exit_code == 3
    assert "moved-away" in gone.stderr


def test_the_public_file_and_the_signature_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    partner = signed_partner(tmp_path / "p", "politie", monkeypatch)
    public = PublicKeys.parse((partner.folder / "politie.public.json").read_bytes())
    assert (public.party, [officer.id for officer in public.officers]) == ("politie", ["fg"])
    signature = PartySignature.parse((partner.folder / "politie.signature.json").read_bytes())
    assert partner.covenant is not None
    verify(
        signature.signature,
        partner.covenant.encode(),
        key=public.identity_key,
        purpose=Purpose.COVENANT,
        signer="politie",
    )
    again = partner.run("keys", "politie")
    assert again.exit_code == 1
    assert "keys-exist" in again.stderr
    shown = partner.done("keys", "politie", "--show", "--json", "--officer", "fg=F. Gees (verzonnen)")
    assert json.loads(shown) == public.model_dump(mode="json")
    signing = json.loads(
        partner.done("covenant", "sign", "agreement/draft.json", "--party", "politie", "--yes", "--json")
    )
    assert signing["covenant_digest"] == digest_of(partner.covenant)


def test_who_does_not_say_yes_signs_and_approves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    partner = signed_partner(tmp_path / "p", "school", monkeypatch)
    (partner.folder / "school.signature.json").unlink()
    result = partner.run("covenant", "sign", "agreement/draft.json", "--party", "school", said="n\n")
    assert result.exit_code == 1
    assert not (partner.folder / "school.signature.json").exists()
    partner.done("init", "--party", "school", "--profile", "school", "--yes")
    assert partner.run("approve", STUDY, "--officer", "fg", said="n\n").exit_code == 1
    assert "approval" not in partner.done("log", "show")


def test_every_sentence_is_there_in_both_languages_with_the_same_values() -> None:
    for key, (dutch, english) in SENTENCES.items():
        assert set(re.findall(r"{\w+}", dutch)) == set(re.findall(r"{\w+}", english)), key
        assert dutch.count(";") == english.count(";"), key
    assert {f"help-{name}" for name in COMMANDS} == {key for key in SENTENCES if key.startswith("help-")}
    assert say("data-clean", Language.DUTCH) == "geen fouten gevonden"


def test_the_language_is_the_option_then_the_environment_then_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    assert partner.run("check-data", lang=None).stdout.splitlines()[-1] == "geen fouten gevonden"
    assert partner.run("check-data", lang="en").stdout.splitlines()[-1] == "no faults found"
    assert partner.run("check-data", "--lang", "nl", lang="en").stdout.splitlines()[-1] == "geen fouten gevonden"
    text = (partner.folder / "node.toml").read_text().replace('language = "nl"', 'language = "en"')
    (partner.folder / "node.toml").write_text(text)
    assert partner.run("check-data", lang=None).stdout.splitlines()[-1] == "no faults found"


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing"],
        ["keys"],
        ["keys", "school", "--officer", "fg", "--dir", "new"],
        ["keys", "school", "--officer", "F G=F. Gees", "--dir", "new"],
        ["keys", "School A", "--dir", "new"],
        ["init", "--party", "school", "--profile", "unknown"],
        ["declare", "2025-Q5", "--study", STUDY, "--officer", "fg"],
        ["declare", "2025-Q4", "--study", STUDY, "--officer", "fg", "--all", "deels"],
        ["declare", "2025-Q4", "--study", STUDY, "--officer", "fg", "--table", "nothing=volledig", "--all", "volledig"],
        ["refuse", STUDY, "--officer", "fg"],
        ["status", "--lang", "fr"],
    ],
)
def test_wrong_usage_has_exit_code_2(arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    assert partner.run(*arguments).exit_code == 2
    assert not (partner.folder / "new").exists(), "no key is made for a name that no covenant takes"


def program(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "partner_node.cli.app", *arguments]
    env = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "SAMENZICHT_LANG": "en"}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=env)


def test_the_command_in_a_process_of_its_own(tmp_path: Path) -> None:
    listed = program("--help", folder=tmp_path)
    assert listed.returncode == 0
    assert all(re.search(rf"\b{name} ", listed.stdout) for name in COMMANDS)
    made = program("keys", "school", "--officer", "fg=F. Gees", "--json", folder=tmp_path)
    assert made.returncode == 0
    assert json.loads(made.stdout)["party"] == "school"
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "officers" / "fg.key").stat().st_mode & 0o777 == 0o600
    refused = program("status", folder=tmp_path)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("samenzicht-node: error: config-missing: got no readable file node.toml")
    assert "Traceback" not in refused.stderr
    assert program("nothing", folder=tmp_path).returncode == 2


HEAVY = ("numpy", "polars", "pandas", "dp_accounting", "scipy", "python_calamine")


@pytest.mark.parametrize(
    ("command", "allowed"),
    [
        (["--help"], ()),
        (["keys", "--help"], ()),
        (["pause", "--help"], ()),
        (["approve", "--help"], ("numpy",)),
        (["status", "--help"], ("numpy",)),
        (["log", "verify", "--help"], ("numpy",)),
    ],
)
def test_a_command_loads_no_library_that_it_does_not_need(command: list[str], allowed: tuple[str, ...]) -> None:
    """The start of a command is what it imports; a time would be a test of the machine."""
    code = (
        "import sys; from typer.testing import CliRunner; from partner_node.cli.app import app; "
        f"CliRunner().invoke(app, {command!r}); print(*sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded = set(done.stdout.split())
    assert [name for name in HEAVY if name in loaded and name not in allowed] == []


def test_a_data_reader_would_be_seen() -> None:
    """Negative control of the test above."""
    code = "import sys, partner_node.delivered; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert "polars" in done.stdout.split()
