"""Transcripts: a new user at a school: the questions of `init`, a round and what comes after it, wrong usage."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from partner_node.cli.app import COMMANDS
from partner_node.cli.words import SENTENCES, say
from privacy.language import Language
from protocol.covenant.public_keys import PublicKeys
from protocol.covenant.signed import PartySignature
from protocol.digest import digest_of
from protocol.replay import SignedReplay, check_replay
from protocol.signing import BadSignature, Purpose, verify
from tests.house import ROOT
from tests.partner_node.cli.by_hand import counted_by_hand, settled_households
from tests.partner_node.cli.partner import STUDY, ready_partner, run_round, signed_partner


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
    assert {place: cell["then"] for place, cell in cells.items() if cell["then"]} == counted_by_hand(partner)
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
