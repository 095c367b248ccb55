"""What the command refuses: by name, with exit code 1, and nothing lost."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.words.ids import PartyId
from tests.coordinator.cli.town import NOW, PARTNERS, PERIOD, Town


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Return a town with a drafted covenant."""
    home = tmp_path_factory.mktemp("town")
    made = Town(home, home / "partners")
    made.found()
    made.write_covenant()
    return made


@pytest.fixture
def town(founded: Town, tmp_path: Path) -> Iterator[Town]:
    """Return a copy that a test may spoil."""
    shutil.copytree(founded.home, tmp_path / "town")
    copied = Town(tmp_path / "town", tmp_path / "town" / "partners", keys=dict(founded.keys))
    yield copied
    for vault in copied.vaults:
        vault.close()


def refused(town: Town, *arguments: str, code: int = 1) -> str:
    """Run a command that must be refused, and return what it said."""
    done = town.call(*arguments)
    assert done.exit_code == code, (done.stdout, done.stderr, done.exception)
    assert done.stdout == ""
    return done.stderr


def test_a_covenant_that_lacks_a_signature_is_named_and_not_in_force(town: Town) -> None:
    town.json("covenant", "sign")
    told = refused(town, "covenant", "verify", "--now", NOW)
    assert told.count("missing-signature") == 4
    assert "politie must sign" in told
    state = town.json("covenant", "show")
    assert isinstance(state, dict)
    assert state["state"] == "draft"


def test_a_covenant_that_was_changed_by_one_byte_after_signing_is_refused(town: Town) -> None:
    town.json("covenant", "sign")
    town.json("covenant", "sign", *(str(town.signature_of(PartyId(party))) for party in (*PARTNERS, "getuige-fg")))
    draft = town.office / "covenant" / "draft.toml"
    draft.write_bytes(draft.read_bytes().replace(b"2026-12-31", b"2026-12-30"))
    assert refused(town, "covenant", "verify", "--now", NOW).count("bad-signature") == 5
    draft.write_bytes(draft.read_bytes().replace(b"2026-12-30", b"2026-12-31"))
    town.json("covenant", "verify", "--now", NOW)  # negative control


def test_a_party_that_is_added_later_makes_all_sign_again(town: Town) -> None:
    town.json("covenant", "sign")
    path = town.home / "politie.toml"
    assert "party-there" in refused(town, "covenant", "add-party", str(_other(path)))
    (town.office / "covenant" / "parties" / "politie.toml").unlink()
    town.json("covenant", "add-party", str(path))
    assert not list((town.office / "covenant" / "signatures").iterdir())


def _other(path: Path) -> Path:
    other = path.with_name("politie-anders.toml")
    other.write_text(path.read_text().replace("Politie (verzonnen)", "Politie (anders)"))
    return other


def test_a_study_is_planned_before_anyone_signs_and_one_that_leaves_out_too_much_is_refused(town: Town) -> None:
    """Precision needs no signature, only what is public."""
    rates = ("--rates", str(town.home / "rates.toml"))
    town.json("study", "new", str(town.write_study()))
    answer = town.json("study", "precision", "eerste-licht-2026", *rates, "--wish", "0.5")
    assert isinstance(answer, dict)
    assert len(answer["tables"]) == 6
    assert answer["proposal"]["growth"] >= 1
    assert {loss["events"] for loss in answer["losses"]} == {1, 3, 6}
    town.json("study", "new", str(town.write_study(events_variance=16, most=2)))
    done = town.call("study", "precision", "eerste-licht-2026", *rates)
    assert done.exit_code == 1
    assert "too-much-left-out" in done.stderr
    assert "politie" in done.stdout  # the report is there, so that the author sees why
    assert "no-public-rate" in refused(town, "study", "precision", "eerste-licht-2026")
    assert "no-such-study" in refused(town, "study", "precision", "een-ander")
    town.json("study", "new", str(town.write_study()))
    assert "nothing-agreed" in refused(town, "study", "propose", "eerste-licht-2026", *rates)


def test_steps_out_of_order_are_refused_with_the_step_that_is_missing(town: Town, tmp_path: Path) -> None:
    for arguments, hint in (
        (("run", PERIOD, "--now", NOW), "covenant verify"),
        (("release", PERIOD), "covenant verify"),
        (("export", "--to", str(tmp_path / "out")), "covenant verify"),
        (("status",), "covenant verify"),
    ):
        told = refused(town, *arguments)
        assert "nothing-agreed" in told
        assert hint in told
    town.sign_covenant()
    assert "study propose" in refused(town, "run", PERIOD, "--now", NOW)
    elsewhere = Town(tmp_path, tmp_path)
    assert "samenzicht-coordinator init DIR" in refused(elsewhere, "status")
    assert not (tmp_path / "out").exists()


def test_wrong_use_is_told_apart_from_a_refusal_and_a_fault(town: Town) -> None:
    refused(town, "run", "next-quarter", code=2)
    refused(town, "covenant", "new", "no-such-file", code=2)
    store = town.office / "store" / "store.sqlite"
    store.write_bytes(b"no store" * 1000)
    assert "store-damaged" in refused(town, "status", code=3)


def test_a_paper_of_another_party_or_of_nobody_is_put_aside_and_named(town: Town) -> None:
    """A party that answers for another: a paper counts for whom its signature holds, and for nobody else."""
    town.sign_covenant()
    town.propose_study()
    town.bring(PartyId("school"), b'{"kind":"signed-approval"}', ".json")
    done = town.call("study", "status", "--now", NOW, "--json")
    assert "malformed" in done.stderr
    assert all(line["approved"] for line in json.loads(done.stdout))
    inbox = town.office / "courier" / "school" / "from"
    assert not list(inbox.iterdir())


def test_a_store_from_before_the_round_is_refused_by_the_nodes_and_a_later_one_goes_on(
    town: Town, tmp_path: Path
) -> None:
    """C05: yesterday's store cannot open a slot a second time; with today's back the round ends."""
    town.sign_covenant()
    town.propose_study()
    town.json("study", "status", "--now", NOW)
    town.start_nodes()
    for party in PARTNERS:
        town.declare(party)
    shutil.copytree(town.office / "store", tmp_path / "yesterday")
    for _ in range(2):  # PROPOSE, then COMMIT: the nodes lock the slot
        town.json("run", PERIOD, "--now", NOW)
        town.carry()
    locked = [node.shelf.memory.slots for node in town.nodes.values()]
    assert all(locked)
    shutil.copytree(town.office / "store", tmp_path / "today")
    _replace(town, tmp_path / "yesterday")
    for path in (town.office / "courier").glob("*/from/*"):
        path.unlink()  # a READY that a node repeated may still lie there: the same round would go on, rightly
    for _ in range(3):
        state = town.json("run", PERIOD, "--now", NOW)
        town.carry()
        assert isinstance(state, dict)
        assert state["state"] == "proposed"
    assert "out-of-order" in refused(town, "release", PERIOD)
    _replace(town, tmp_path / "today")
    town.run_to_the_end()


def _replace(town: Town, store: Path) -> None:
    shutil.rmtree(town.office / "store")
    shutil.copytree(store, town.office / "store")
