"""What an operator reads in Dutch is Dutch, a check that passed says so, and a wrong key is told the right ones."""

from coordinator.cli.status import _DUTCH
from coordinator.delivery_monitor import DeliveryState
from tests.coordinator.cli.town import NOW, Town


def test_tables_are_in_the_language_of_their_reader(town: Town) -> None:
    town.write_covenant()
    draft = town.call("covenant", "show", "--lang", "nl").stdout
    assert "(concept)" in draft
    assert "getuige " in draft
    assert "coördinator " in draft
    town.sign_covenant()
    assert "(van kracht)" in town.call("covenant", "show", "--lang", "nl").stdout
    assert "(in-force)" in town.call("covenant", "show", "--lang", "en").stdout
    town.propose_study()
    town.json("study", "status", "--now", NOW)
    approved = town.call("study", "status", "--now", NOW, "--lang", "nl").stdout
    assert " ja " in approved
    assert " nee " in town.call("study", "status", "--now", "2027-06-01T09:00:00", "--lang", "nl").stdout
    assert "True" not in approved
    stands = town.call("status", "--now", NOW, "--lang", "nl").stdout
    assert "verwacht" in stands
    assert " due " not in stands
    assert " due " in town.call("status", "--now", NOW, "--lang", "en").stdout


def test_every_state_of_a_delivery_and_a_release_has_a_dutch_word() -> None:
    assert set(_DUTCH) == {*(state.value for state in DeliveryState), "none", "withdrawn", "released"}


def test_a_check_of_the_store_that_passes_says_so(town: Town) -> None:
    town.write_covenant()
    town.sign_covenant()
    checked = town.call("status", "--check", "--now", NOW)
    assert "de hele opslag is nagelezen en is zoals hij geschreven is" in checked.stderr
    assert town.call("status", "--now", NOW).stderr == "", "negative control"


def test_a_wrong_key_of_the_configuration_is_told_every_key_there_is(town: Town) -> None:
    with (town.office / "coordinator.toml").open("a") as file:
        file.write('kleur = "rood"\n')
    done = town.call("status")
    assert done.exit_code == 1
    assert "got the unknown key 'kleur' in coordinator.toml" in done.stderr
    assert "wanted the keys courier, party, store, and link_port where there is a line" in done.stderr
