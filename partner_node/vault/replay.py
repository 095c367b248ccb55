"""Computes: the per-unit replay: every slot's charges are those its LOCK committed to, and no unit is above the cap.

It runs inside the partner, against its own vault; only its outcome is signed and shown. A check that finds something
wrong names slots and entries, which are public, and never a unit or an amount.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from partner_node.vault.book import Charges, charges_commitment
from partner_node.vault.key_column import blobs
from protocol.errors import LedgerRefusal
from protocol.ledger.entry import AbortEntry, AnyEntry, LockEntry, parse_entry
from protocol.ledger.tree import MerkleTree
from protocol.round.transitions import State
from protocol.words.ids import Digest


class ReplayCheck(StrEnum):
    """What the replay looks at, in this order."""

    LOG = "log"  # every leaf is an entry we know, and together they give the stored root
    SHOWN = "shown"  # no message showed a longer log than there is
    SLOTS = "slots"  # the LOCK or ABORT of each slot stands in the log, once, where the slot says
    CHARGES = "charges"  # each LOCK's commitment opens to the charges that are stored
    BOOK = "book"  # the book is the sum of those charges, unit by unit
    CAP = "cap"  # no unit is above the yearly cap


@dataclass(frozen=True, slots=True)
class SlotEntry:
    """What a slot says of its entry in the log. entry: empty where it has none."""

    slot: Digest
    state: State
    entry: bytes
    index: int


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Account:
    """What each unit paid for a slot, and the salt of the commitment to it."""

    charges: Charges
    salt: bytes


@dataclass(frozen=True, eq=False, slots=True, repr=False)
class Accounts:
    """What a vault holds of costs. book: nano-rho by covenant year and unit key. closed: years whose book is gone."""

    leaves: tuple[bytes, ...]
    root: bytes
    slots: tuple[SlotEntry, ...]
    paid: Mapping[Digest, Account]
    book: Mapping[int, Mapping[bytes, int]]
    closed: frozenset[int]
    shown: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """One check: whether it holds, and what it is about where it does not. not_checked: slots of closed years."""

    check: ReplayCheck
    holds: bool
    about: tuple[str, ...] = ()
    not_checked: int = 0


def replay(accounts: Accounts, *, cap: int) -> tuple[Found, ...]:
    """Return every check with its outcome. cap: nano-rho, of this party in a covenant year.

    Not promised: that a charge was right when it was worked out; that would need the records of then.
    """
    entries, unknown = _entries(accounts.leaves)
    tree = MerkleTree()
    for leaf in accounts.leaves:
        tree.append(leaf)
    log = [*unknown, *([] if tree.root() == accounts.root else ["root"])]
    shown = ["shown"] if max(accounts.shown, default=0) > len(accounts.leaves) else []
    locks = {entry.slot: entry for entry in entries.values() if isinstance(entry, LockEntry)}
    closed = sum(
        accounts.paid[slot].charges.covenant_year in accounts.closed for slot in locks if slot in accounts.paid
    )
    return (
        _found(ReplayCheck.LOG, log),
        _found(ReplayCheck.SHOWN, shown),
        _found(ReplayCheck.SLOTS, [*_slots(accounts, entries)]),
        Found(ReplayCheck.CHARGES, not (wrong := tuple(_charges(accounts, locks))), wrong, closed),
        _found(ReplayCheck.BOOK, [*_book(accounts)]),
        _found(ReplayCheck.CAP, [str(year) for year, book in accounts.book.items() if max(book.values()) > cap]),
    )


def _entries(leaves: tuple[bytes, ...]) -> tuple[dict[int, AnyEntry], list[str]]:
    entries: dict[int, AnyEntry] = {}
    unknown: list[str] = []
    for index, leaf in enumerate(leaves):
        try:
            entries[index] = parse_entry(leaf, source="the own log")
        except LedgerRefusal:
            unknown.append(f"leaf {index}")
    return entries, unknown


def _slots(accounts: Accounts, entries: Mapping[int, AnyEntry]) -> Iterator[str]:
    logged = Counter(entry.slot for entry in entries.values() if isinstance(entry, LockEntry | AbortEntry))
    for slot in accounts.slots:
        if slot.entry and (slot.index >= len(accounts.leaves) or accounts.leaves[slot.index] != slot.entry):
            yield slot.slot
    known = {slot.slot for slot in accounts.slots}
    # A slot that was locked and then given up has both entries: at most one LOCK and one ABORT.
    yield from (slot for slot, times in logged.items() if times > 2 or slot not in known)  # noqa: PLR2004 - as said
    locks = Counter(entry.slot for entry in entries.values() if isinstance(entry, LockEntry))
    yield from (slot for slot, times in locks.items() if times > 1)


def _charges(accounts: Accounts, locks: Mapping[Digest, LockEntry]) -> Iterator[str]:
    for slot, lock in locks.items():
        account = accounts.paid.get(slot)
        if account is None:
            yield slot
        elif account.charges.covenant_year in accounts.closed:
            continue
        elif charges_commitment(account.charges, account.salt) != lock.charges_commitment:
            yield slot
    halted = {slot.slot for slot in accounts.slots if slot.state is State.HALTED}
    # Paid without a LOCK: only what `restore` charged, since the slot may have been locked after the backup.
    yield from (slot for slot in accounts.paid if slot not in locks and slot not in halted)


def _book(accounts: Accounts) -> Iterator[str]:
    sums: dict[int, Counter[bytes]] = {}
    for account in accounts.paid.values():
        year = account.charges.covenant_year
        if year not in accounts.closed:
            amounts = account.charges.nano_rho.tolist()
            sums.setdefault(year, Counter()).update(dict(zip(blobs(account.charges.unit_key), amounts, strict=True)))
    for year in sorted({*sums, *accounts.book}):
        if dict(sums.get(year, {})) != dict(accounts.book.get(year, {})) or year in accounts.closed:
            yield str(year)


def _found(check: ReplayCheck, about: list[str]) -> Found:
    return Found(check, not about, tuple(about))
