"""By what a year's units are known: kept with the charges, in their transaction, and in every copy of the vault."""

from dataclasses import replace
from pathlib import Path

import pytest

from partner_node.vault.accounts import load_accounts
from partner_node.vault.backup import replace_machine
from partner_node.vault.book import Charges
from partner_node.vault.carry_out import carry_out
from partner_node.vault.keyed_by import OtherUnitKeys, check_keyed_by, keyed_by
from partner_node.vault.replay import replay
from partner_node.vault.vault import Vault, open_vault
from partner_node.vault.years import close_year
from protocol.round.memory import BookCharges, EraseSecrets
from simulations.round_world import RoundWorld
from tests import example
from tests.partner_node.vault.test_backup import NONCE, VT, one_vault, state_after_restore, vault_of
from tests.partner_node.vault.test_book import charge, freeze, slot
from tests.partner_node.vault.vault_party import YEAR, dump, new_vault, owner
from tests.rounds import STUDY_DIGEST, ready

HOUSEHOLD = keyed_by("household", {"melding": ("huishouden",)})
ADDRESS = keyed_by("address", {"melding": ("postcode", "huisnummer")})
WITH_ADDITION = keyed_by("address", {"melding": ("postcode", "huisnummer", "toevoeging")})


def charged(by: str, amounts: dict[str, int] | None = None, *, year: int = YEAR) -> Charges:
    return replace(charge({"a": 3} if amounts is None else amounts, year=year), keyed_by=by)


def locked(folder: Path, charges: Charges) -> Vault:
    vault = new_vault(folder)
    freeze(vault, 1, charges)
    carry_out(vault, (BookCharges(slot(1)),))
    return vault


def holds(vault: Vault, by: str, *, year: int = YEAR) -> bool:
    try:
        check_keyed_by(vault.connection, year, by)
    except OtherUnitKeys:
        return False
    return True


def test_it_is_written_as_people_read_it() -> None:
    assert WITH_ADDITION == "Route: address; melding: postcode huisnummer toevoeging"
    assert keyed_by("person", {"melding": (), "zaak": ("persoon",)}) == "Route: person; melding: ; zaak: persoon"


@pytest.mark.parametrize(
    ("by", "same"),
    [
        (HOUSEHOLD, False),
        (ADDRESS, True),
        (WITH_ADDITION, False),
        (keyed_by("address", {"melding": ()}), False),
        (keyed_by("address", {"melding": ("postcode", "huisnummer"), "zaak": ("postcode", "huisnummer")}), True),
        (keyed_by("address", {"zaak": ("postcode", "huisnummer")}), True),
        (keyed_by("household", {"zaak": ("huishouden",)}), False),
        ("", True),
    ],
)
def test_a_year_keeps_its_route_and_the_columns_of_each_record_type(by: str, tmp_path: Path, *, same: bool) -> None:
    vault = locked(tmp_path, charged(ADDRESS))
    assert holds(vault, by) is same
    assert holds(vault, by, year=YEAR + 1), "another year has another book"


def test_charges_under_other_keys_cannot_be_stored_and_change_nothing(tmp_path: Path) -> None:
    """The last stop, in the transaction of the READY. Negative control: the same with the keys of the year."""
    vault = locked(tmp_path, charged(HOUSEHOLD))
    before = dump(vault)
    with pytest.raises(OtherUnitKeys, match="units known by Route: address"):
        freeze(vault, 2, charged(ADDRESS))
    assert dump(vault) == before
    freeze(vault, 2, charged(HOUSEHOLD))
    assert dump(vault) != before


def test_the_lock_binds_and_a_ready_alone_does_not(tmp_path: Path) -> None:
    vault = new_vault(tmp_path)
    freeze(vault, 1, charged(HOUSEHOLD))
    assert holds(vault, ADDRESS)
    carry_out(vault, (EraseSecrets(slot(1)),))
    freeze(vault, 2, charged(ADDRESS))
    carry_out(vault, (BookCharges(slot(2)),))
    assert (holds(vault, ADDRESS), holds(vault, HOUSEHOLD)) == (True, False)


def test_a_round_that_charged_nobody_binds_too(tmp_path: Path) -> None:
    """Else the answer to the next offer would tell whether any household paid."""
    vault = locked(tmp_path, charged(HOUSEHOLD, {}))
    assert not holds(vault, ADDRESS)
    vault.close()
    assert holds(locked(tmp_path / "witness", charged("", {})), ADDRESS), "a round without data binds nothing"


@pytest.mark.parametrize("done", [True, False])
def test_it_is_in_a_backup_and_the_replay_is_as_before(tmp_path: Path, *, done: bool) -> None:
    """A restore books what was only frozen in the backup, and by what it was known with it."""
    a_world = world_by_household(tmp_path)
    if done:
        a_world.run(STUDY_DIGEST, example.QUARTER)
    else:
        ready(a_world)
    assert holds(vault_of(a_world), ADDRESS) is not done
    vault, _ = state_after_restore(a_world, tmp_path)
    assert (holds(vault, HOUSEHOLD), holds(vault, ADDRESS)) == (True, False)
    assert [found.check for found in replay(load_accounts(vault), cap=10) if not found.holds] == []


def test_it_goes_along_to_another_machine_and_outlives_its_year(tmp_path: Path) -> None:
    a_world = world_by_household(tmp_path)
    a_world.run(STUDY_DIGEST, example.QUARTER)
    vault, target = vault_of(a_world), tmp_path / "elsewhere" / "vault.sqlite"
    vault.close()
    replace_machine(vault.path, owner(), target, nonce=NONCE)
    moved = open_vault(target, owner())
    assert (holds(moved, HOUSEHOLD), holds(moved, ADDRESS)) == (True, False)
    close_year(moved, YEAR)
    assert (holds(moved, HOUSEHOLD), holds(moved, ADDRESS)) == (True, False)


def world_by_household(folder: Path) -> RoundWorld:
    a_world = one_vault(folder)
    party = a_world.parties[VT]
    party.charges = replace(party.charges, keyed_by=HOUSEHOLD)
    return a_world
