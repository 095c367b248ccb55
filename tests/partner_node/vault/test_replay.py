"""The per-unit replay: a vault after real rounds holds; each thing that it looks at, changed alone, is found."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from partner_node.vault.accounts import load_accounts
from partner_node.vault.book import Charges
from partner_node.vault.checks import OtherOwner
from partner_node.vault.failures import VaultInUse, VaultMissing
from partner_node.vault.peek import peek
from partner_node.vault.replay import Account, Accounts, ReplayCheck, replay
from partner_node.vault.vault import Owner, UnsafePermissions, Vault, open_vault
from partner_node.vault.years import close_year
from protocol.ledger.entry import LockEntry
from protocol.ledger.tree import MerkleTree
from protocol.round.transitions import State
from protocol.words.ids import Digest
from protocol.words.period import Period
from tests import example
from tests.partner_node.vault.vault_party import YEAR, keys, memory_world, new_vault, owner, vault_party
from tests.rounds import STUDY_DIGEST

CAP = 250_000_000
PERIODS = (example.QUARTER, Period("2026-Q2"))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Vault:
    """Return a vault after two real rounds, which charged 5 and 7 nano-rho each."""
    vault = new_vault(tmp_path_factory.mktemp("replay"))
    a_world = memory_world()
    parties = {**a_world.parties, example.VT: vault_party(vault)}
    a_world.parties = parties
    a_world.__post_init__()
    for period in PERIODS:
        a_world.run(STUDY_DIGEST, period)
    return vault


def failed(accounts: Accounts, cap: int = CAP) -> set[str]:
    return {found.check.value for found in replay(accounts, cap=cap) if not found.holds}


def test_a_vault_after_real_rounds_holds_and_pays_what_was_charged(played: Vault) -> None:
    accounts = load_accounts(played)
    assert [found.check for found in replay(accounts, cap=CAP)] == list(ReplayCheck)
    assert failed(accounts) == set()
    names = keys("household-1", "household-3")
    assert accounts.book == {YEAR: {names[0].tobytes(): 10, names[1].tobytes(): 14}}
    assert len(accounts.paid) == 2


def test_the_cap_is_the_last_nano_rho(played: Vault) -> None:
    accounts = load_accounts(played)
    assert failed(accounts, cap=14) == set()
    assert failed(accounts, cap=13) == {"cap"}


def other_charge(accounts: Accounts) -> Accounts:
    """Move one nano-rho between two units: the sum over units stays, each unit's does not."""
    slot, account = next(iter(accounts.paid.items()))
    moved = account.charges.nano_rho.copy()
    moved[0] += 1
    moved[1] -= 1
    charges = Charges(account.charges.covenant_year, account.charges.unit_key, moved)
    return replace(accounts, paid={**accounts.paid, slot: Account(charges, account.salt)})


def one_unit_less(accounts: Accounts) -> Accounts:
    slot, account = next(iter(accounts.paid.items()))
    charges = Charges(account.charges.covenant_year, account.charges.unit_key[1:], account.charges.nano_rho[1:])
    return replace(accounts, paid={**accounts.paid, slot: Account(charges, account.salt)})


def other_salt(accounts: Accounts) -> Accounts:
    slot, account = next(iter(accounts.paid.items()))
    return replace(accounts, paid={**accounts.paid, slot: Account(account.charges, bytes(32))})


def cheaper_book(accounts: Accounts) -> Accounts:
    book = {key: amount - 1 for key, amount in accounts.book[YEAR].items()}
    return replace(accounts, book={YEAR: book})


def stranger_in_the_book(accounts: Accounts) -> Accounts:
    return replace(accounts, book={YEAR: {**accounts.book[YEAR], bytes(16): 1}})


def unpaid(accounts: Accounts) -> Accounts:
    slot = next(iter(accounts.paid))
    return replace(accounts, paid={key: account for key, account in accounts.paid.items() if key != slot})


def paid_without_lock(accounts: Accounts) -> Accounts:
    nobody = Account(Charges(YEAR, np.zeros((0, 16), np.uint8), np.zeros(0, np.int64)), bytes(32))
    return replace(accounts, paid={**accounts.paid, Digest("0" * 64): nobody})


def rewritten_leaf(accounts: Accounts) -> Accounts:
    leaf = LockEntry.parse(accounts.leaves[0])
    return replace(accounts, leaves=(leaf.model_copy(update={"attempt": 1}).encode(), *accounts.leaves[1:]))


def rewritten_log(accounts: Accounts) -> Accounts:
    """Rewrite a leaf and the root with it: the log is whole, and no longer the one that the slots know."""
    changed = rewritten_leaf(accounts)
    tree = MerkleTree()
    for leaf in changed.leaves:
        tree.append(leaf)
    return replace(changed, root=tree.root())


def shorter_log(accounts: Accounts) -> Accounts:
    tree = MerkleTree()
    tree.append(accounts.leaves[0])
    return replace(accounts, leaves=accounts.leaves[:1], root=tree.root())


def unknown_leaf(accounts: Accounts) -> Accounts:
    leaves = (*accounts.leaves, b'{"kind":"gift","version":1}')
    tree = MerkleTree()
    for leaf in leaves:
        tree.append(leaf)
    return replace(accounts, leaves=leaves, root=tree.root())


def second_lock(accounts: Accounts) -> Accounts:
    leaves = (*accounts.leaves, accounts.leaves[0])
    tree = MerkleTree()
    for leaf in leaves:
        tree.append(leaf)
    return replace(accounts, leaves=leaves, root=tree.root())


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (other_charge, {"charges", "book"}),
        (one_unit_less, {"charges", "book"}),
        (other_salt, {"charges"}),
        (cheaper_book, {"book"}),
        (stranger_in_the_book, {"book"}),
        (unpaid, {"charges", "book"}),
        (paid_without_lock, {"charges"}),
        (rewritten_leaf, {"log", "slots"}),
        (rewritten_log, {"slots"}),
        (shorter_log, {"shown", "slots", "charges"}),
        (unknown_leaf, {"log"}),
        (second_lock, {"slots"}),
    ],
)
def test_each_change_alone_is_found(played: Vault, change: Callable[[Accounts], Accounts], found: set[str]) -> None:
    """Negative controls, one a seeded fault; the untouched accounts hold in the same run."""
    accounts = load_accounts(played)
    assert failed(accounts) == set()
    assert failed(change(accounts)) == found


def test_what_a_restore_charged_without_a_lock_is_no_fault(played: Vault) -> None:
    accounts = load_accounts(played)
    slot = next(iter(accounts.paid))
    halted = tuple(replace(each, state=State.HALTED) if each.slot == slot else each for each in accounts.slots)
    extra = Digest("0" * 64)
    nobody = Account(Charges(YEAR, np.zeros((0, 16), np.uint8), np.zeros(0, np.int64)), bytes(32))
    open_slot = replace(accounts.slots[0], slot=extra, state=State.HALTED, entry=b"")
    assert failed(replace(accounts, slots=(*halted, open_slot), paid={**accounts.paid, extra: nobody})) == set()


def test_no_unit_or_amount_is_named(played: Vault) -> None:
    accounts = cheaper_book(other_charge(load_accounts(played)))
    text = repr(replay(accounts, cap=1)) + repr(accounts)
    assert all(key.hex() not in text and repr(key) not in text for key in accounts.book[YEAR])


def test_a_closed_year_is_not_replayed_and_said_so(tmp_path: Path) -> None:
    vault = new_vault(tmp_path)
    a_world = memory_world()
    a_world.parties = {**a_world.parties, example.VT: vault_party(vault)}
    a_world.__post_init__()
    a_world.run(STUDY_DIGEST, example.QUARTER)
    close_year(vault, YEAR)
    found = replay(load_accounts(vault), cap=CAP)
    assert all(each.holds for each in found)
    assert [each.not_checked for each in found if each.check is ReplayCheck.CHARGES] == [1]
    vault.close()


def test_looking_changes_no_byte_and_refuses_what_opening_refuses(tmp_path: Path) -> None:
    vault = new_vault(tmp_path)
    path = vault.path
    with pytest.raises(VaultInUse), peek(path, owner()):
        pytest.fail("nothing may be read while a node has the vault open")
    vault.close()
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    with peek(path, owner()) as looked:
        assert load_accounts(looked).leaves == ()
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    open_vault(path, owner()).close()
    assert path.stat().st_mtime_ns != before[1], "negative control: opening writes"
    other = Owner(owner().covenant_id, owner().party, bytes(32))
    with pytest.raises(OtherOwner), peek(path, other):
        pass
    path.chmod(0o640)
    with pytest.raises(UnsafePermissions), peek(path, owner()):
        pass
    path.unlink()
    with pytest.raises(VaultMissing), peek(path, owner()):
        pass
