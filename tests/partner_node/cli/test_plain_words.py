"""What a partner reads is plain, true and can be acted on: answers, meanings, paths that exist, hints to paste."""

import json
import shlex
from pathlib import Path

import pytest

from partner_node.keystore import load_officer_key
from protocol.covenant.party import MAX_OFFICERS
from protocol.covenant.public_keys import PublicKeys
from tests.partner_node.cli.partner import STUDY, new_partner, ready_partner, signed_partner

OFFICER = "fg=F. Gees (verzonnen)"


@pytest.mark.parametrize(
    ("answers", "code"), [("j\n", 0), ("Ja\n", 0), ("yes\n", 0), ("misschien\nj\n", 0), ("n\n", 1), ("\n", 1), ("", 1)]
)
def test_a_question_is_answered_in_dutch_or_english(
    answers: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = signed_partner(tmp_path / "p", "school", monkeypatch)
    (partner.folder / "school.signature.json").unlink()
    done = partner.run("covenant", "sign", "agreement/draft.json", "--party", "school", said=answers, lang="nl")
    assert done.exit_code == code
    assert "Tekent school dit convenant? [j/N]" in done.stderr
    assert ("antwoord met j of n" in done.stderr) == ("misschien" in answers)
    assert (partner.folder / "school.signature.json").exists() == (code == 0), "only a yes signs"


def test_a_covenant_is_shown_in_the_words_of_its_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    partner = signed_partner(tmp_path / "p", "school", monkeypatch)
    dutch = partner.run("covenant", "show", "agreement/draft.json", lang="nl").stdout
    assert "beschermd wordt: huishouden\n" in dutch
    assert "getuige-fg    getuige " in dutch
    assert "gemeente      coördinator " in dutch
    assert "protected: household\n" in partner.done("covenant", "show", "agreement/draft.json")


def test_a_reason_says_what_it_means_and_the_report_is_where_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    partner.deliver(partner.samples.faulty)
    done = partner.run("check-data", lang="nl")
    (line,) = (line for line in done.stdout.splitlines() if "doubled-otherwise" in line)
    assert line.endswith("dezelfde registratie met andere inhoud")
    (said,) = (line for line in done.stderr.splitlines() if "kwaliteitsrapport staat in" in line)
    assert (partner.folder / said.rpartition(" ")[2]).is_file()


def test_keys_names_every_file_to_send_and_show_keeps_the_officers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = new_partner(tmp_path / "p", "school", monkeypatch)
    made = partner.run("keys", "school", "--officer", OFFICER)
    for name in ("school.public.json", "school.link.json", "school.edge.json"):
        assert name in made.stderr
        assert (partner.folder / name).is_file()
    public = (partner.folder / "school.public.json").read_bytes()
    assert json.loads(partner.done("keys", "school", "--show", "--json"))["officers"][0]["id"] == "fg"
    assert (partner.folder / "school.public.json").read_bytes() == public
    (partner.folder / "school.public.json").unlink()
    partner.done("keys", "school", "--show")
    shown = PublicKeys.parse((partner.folder / "school.public.json").read_bytes())
    assert shown.officers == (), "negative control: nobody else knows their names"


def test_a_new_officer_gets_a_key_and_nobody_elses_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one who lost a key: a next one of the same id, which the next version of the covenant names."""
    partner = new_partner(tmp_path / "p", "school", monkeypatch)
    partner.done("keys", "school", "--officer", OFFICER)
    kept = {path: path.read_bytes() for path in partner.folder.rglob("*") if path.is_file() and path.suffix != ".json"}
    first = PublicKeys.parse((partner.folder / "school.public.json").read_bytes())
    partner.done("keys", "school", "--add-officer", "beheer=B. Heer (verzonnen)")
    second = PublicKeys.parse((partner.folder / "school.public.json").read_bytes())
    assert [each.id for each in second.officers] == ["beheer", "fg"]
    assert second.officers[1:] == first.officers
    assert second.model_copy(update={"officers": first.officers}) == first
    assert {path: path.read_bytes() for path in kept} == kept, "every key that was there is as it was"
    assert load_officer_key(partner.folder / "officers" / "beheer.key")

    taken = partner.run("keys", "school", "--add-officer", "fg=F. Gees (verzonnen)")
    assert taken.exit_code == 1
    (partner.folder / "officers" / "fg.key").rename(tmp_path / "lost.key")
    partner.done("keys", "school", "--add-officer", "fg=F. Gees (verzonnen)")
    third = PublicKeys.parse((partner.folder / "school.public.json").read_bytes())
    assert third.officers[0] == second.officers[0]
    assert third.officers[1].key != second.officers[1].key

    (partner.folder / "school.public.json").unlink()
    alone = partner.run("keys", "school", "--add-officer", "nieuw=N. Ieuw (verzonnen)")
    assert (alone.exit_code, "config-missing" in alone.stderr) == (1, True), "she would be the only officer"
    assert not (partner.folder / "officers" / "nieuw.key").exists()


def test_no_officer_is_added_beside_a_public_file_of_other_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The officers in it would be left out in silence, and the new one would be the only one."""
    partner = new_partner(tmp_path / "p", "school", monkeypatch)
    partner.done("keys", "school", "--officer", OFFICER)
    path = partner.folder / "school.public.json"
    before = path.read_bytes()
    (partner.folder / "keys").rename(partner.folder / "former")
    (partner.folder / "apart").mkdir()
    partner.done("keys", "school", "--out", "apart/school.public.json")
    refused = partner.run("keys", "school", "--add-officer", "nieuw=N. Ieuw (verzonnen)")
    assert (refused.exit_code, "school.public.json is of other keys" in refused.stderr) == (2, True)
    assert path.read_bytes() == before
    assert not (partner.folder / "officers" / "nieuw.key").exists()


def test_no_officer_is_added_beyond_what_a_covenant_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    partner = new_partner(tmp_path / "p", "school", monkeypatch)
    several = [text for number in range(MAX_OFFICERS) for text in ("--officer", f"fg{number}=F. Gees (verzonnen)")]
    partner.done("keys", "school", *several)
    refused = partner.run("keys", "school", "--add-officer", "nieuw=N. Ieuw (verzonnen)")
    assert (refused.exit_code, f"no more than {MAX_OFFICERS} officers" in refused.stderr) == (2, True)
    assert not (partner.folder / "officers" / "nieuw.key").exists()


def test_only_for_its_own_file_a_node_hints_at_init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    (partner.folder / "register.toml").unlink()
    gone = partner.run("check-data")
    assert "config-missing: got no readable file register.toml" in gone.stderr
    assert "hint" not in gone.stderr
    elsewhere = partner.run("check-data", "--node", "nothing/node.toml")
    assert "hint: go to the node's folder, or name its file with --node" in elsewhere.stderr


def test_a_hint_can_be_pasted_whatever_the_folder_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    partner = ready_partner(tmp_path / "Veilig Thuis 'Zuid' $HOME", "school", monkeypatch)
    (partner.folder / "keys").chmod(0o755)
    (hint,) = (line for line in partner.run("status").stderr.splitlines() if "hint: chmod" in line)
    assert shlex.split(hint.partition("hint: ")[2]) == ["chmod", "700", str(partner.folder / "keys")]


def test_doctor_and_status_explain_in_dutch_and_say_what_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    partner.done("refuse", STUDY, "--officer", "fg", "--reason", "nog niet", "--yes")
    partner.settle()
    assert "study-refused: een officier heeft dit meetplan geweigerd" in partner.run("status", lang="nl").stdout
    (partner.folder / "register.toml").unlink()
    lines = partner.run("doctor", lang="nl").stdout.splitlines()
    place = next(place for place, line in enumerate(lines) if line.startswith("FAIL eigen register"))
    assert lines[place + 1].strip().startswith("uitleg: een bestand dat deze node nodig heeft")
    assert lines[place + 2 : place + 4] == ["FAIL kluis", "     eerst: wat hierboven FAIL is"]


def test_an_officer_s_key_that_is_elsewhere_is_not_to_be_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    (partner.folder / "carrier").mkdir(mode=0o700)
    (partner.folder / "officers" / "fg.key").rename(partner.folder / "carrier" / "fg.key")
    gone = partner.run("approve", STUDY, "--officer", "fg", "--yes")
    assert gone.exit_code == 1
    assert "keys-missing: got no fg.key, wanted the key of this officer: the officer must bring it" in gone.stderr
    assert "hint: --key FILE says where it is" in gone.stderr
    partner.done("approve", STUDY, "--officer", "fg", "--yes", "--key", "carrier/fg.key")


def test_keys_that_cannot_all_be_made_are_not_made_and_the_same_command_can_be_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = new_partner(tmp_path / "p", "school", monkeypatch)
    (partner.folder / "officers").mkdir(mode=0o755)
    (partner.folder / "officers").chmod(0o755)
    refused = partner.run("keys", "school", "--officer", OFFICER)
    assert (refused.exit_code, "unsafe-keys" in refused.stderr) == (1, True)
    assert not (partner.folder / "keys").exists()
    (partner.folder / "officers").chmod(0o700)
    partner.done("keys", "school", "--officer", OFFICER)


def test_a_vault_that_moved_does_not_move_a_second_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    partner.done("replace-machine", "new/vault.sqlite", "--yes")
    second = partner.run("replace-machine", "newer/vault.sqlite", "--yes", lang="nl")
    assert second.exit_code == 1
    assert "already-moved" in second.stderr
    assert "uitleg: deze kluis is al verhuisd" in second.stderr
    assert not (partner.folder / "newer" / "vault.sqlite").exists()
    (partner.folder / "new" / "vault.sqlite").unlink()  # as after a move that broke off
    partner.done("replace-machine", "new/vault.sqlite", "--yes", "--again")
    assert (partner.folder / "new" / "vault.sqlite").exists()


def test_without_an_export_init_asks_for_one_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = signed_partner(tmp_path / "p", "school", monkeypatch)
    partner.deliver({})
    refused = partner.run("init", "--party", "school", "--profile", "school", "--yes")
    assert refused.exit_code == 1
    assert "missing-file: got no file in deliveries, wanted an export" in refused.stderr
    assert not (partner.folder / "node.toml").exists()
    partner.deliver(partner.samples.clean)
    partner.done("init", "--party", "school", "--profile", "school", "--yes")
