"""kill -9 between any two statements, and a full disk: the old state or the new one, and the same bytes after it."""

import resource
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from partner_node.vault.book import Charges, spent
from partner_node.vault.carry_out import Frozen, SecretsMissing, carry_out, load_memory
from partner_node.vault.failures import StorageFailed
from partner_node.vault.unit_key import unit_keys
from partner_node.vault.vault import open_vault
from privacy.randomness import RandomSource
from protocol.ledger.entry import AbortEntry
from protocol.round.memory import Append, BookCharges, Remember, Showed, SlotMemory
from protocol.round.messages import Attempt
from protocol.round.transitions import State
from protocol.words.ids import Digest
from simulations.party import SimulatedParty
from tests import example
from tests.partner_node.vault.killed import Countdown, Tell, in_child
from tests.partner_node.vault.vault_party import (
    YEAR,
    CheckedShelf,
    dump,
    memory_world,
    new_vault,
    owner,
    played,
    vault_party,
)
from tests.rounds import EVERYONE, START_S, propose, send, slot_of

VT, WITNESS = example.VT, example.WITNESS
Dump = dict[str, tuple[tuple[object, ...], ...]]


class Restarted(SimulatedParty):
    """A party after a crash: chance that was durable before must not be drawn anew, so a second draw is another."""

    def _chance(self, *names: str) -> RandomSource:
        slot = self.shelf.memory.slots.get(Digest(names[1]))
        frozen = slot is not None and slot.state is not State.FREE
        repaired = frozen and slot is not None and (slot.correction != b"" or self._has_seed(slot.slot))
        if {"freeze": frozen, "repair": repaired}[names[0]]:
            return super()._chance(*names, "anew")
        return super()._chance(*names)

    def _has_seed(self, slot: Digest) -> bool:
        try:
            self.shelf.seed(slot)
        except SecretsMissing:
            return False
        return True


@cache
def script() -> tuple[bytes, ...]:
    """Return what one party is sent in a round with a repair: PROPOSE, COMMIT, REPAIR, RESULT."""
    a_world = memory_world()
    left = [party for party in EVERYONE if party != WITNESS]
    messages = [propose(a_world)]
    send(a_world, EVERYONE, messages[0])
    messages.append(a_world.coordinator.advance(slot_of(a_world)).messages[0][1])
    send(a_world, left, messages[1])
    for body in a_world.parties[WITNESS].give_up(slot_of(a_world)):
        a_world.coordinator.take(slot_of(a_world), body)
    messages.append(a_world.coordinator.repair(slot_of(a_world)).messages[0][1])
    send(a_world, left, messages[2])
    messages.append(a_world.coordinator.advance(slot_of(a_world)).messages[0][1])
    return tuple(messages)


@cache
def template() -> TemporaryDirectory[str]:
    """Return a folder with an empty vault, to copy: making one takes longer than a whole round."""
    folder = TemporaryDirectory()
    new_vault(Path(folder.name)).close()
    return folder


def copied(folder: Path) -> Path:
    shutil.copytree(template().name, folder, dirs_exist_ok=True)
    return folder / VT / "vault.sqlite"


@dataclass(frozen=True, slots=True)
class Whole:
    """A round without a crash. states: before it and after each transaction. statements: how many there were."""

    answers: tuple[bytes, ...]
    states: tuple[Dump, ...]
    statements: int


@cache
def whole() -> Whole:
    """Return the round that nothing interrupts."""
    with TemporaryDirectory() as folder:
        vault = open_vault(copied(Path(folder)), owner())
        states = [dump(vault)]
        shelf = CheckedShelf(vault, after_commit=lambda now: states.append(dump(now)))
        party = vault_party(vault, shelf=shelf)
        answers = tuple(played(party, script(), START_S))
        vault.close()
    with TemporaryDirectory() as folder:
        path = copied(Path(folder))
        counted = in_child(lambda tell: play(path, tell, at=0, one_by_one=False))
    return Whole(answers, tuple(states), int(counted.told[-1]))


def play(path: Path, tell: Tell, *, at: int, one_by_one: bool) -> None:
    """Play the whole round on a vault, tell each answer as it leaves and then the number of statements."""
    vault = open_vault(path, owner())
    countdown = Countdown(vault.connection, at)
    vault.connection.set_trace_callback(countdown)
    for answer in played(vault_party(vault, shelf=CheckedShelf(vault, one_by_one=one_by_one)), script(), START_S):
        tell(answer)
    tell(str(countdown.count).encode())
    vault.close()


def killed_at(path: Path, at: int, *, one_by_one: bool = False) -> tuple[bytes, ...]:
    """Kill the round at a statement and return what had left before."""
    ended = in_child(lambda tell: play(path, tell, at=at, one_by_one=one_by_one))
    assert ended.killed
    return ended.told


def test_kill_at_any_statement_leaves_the_old_state_or_the_new_and_the_same_bytes(tmp_path: Path) -> None:
    """F01 in small: no charge lost or doubled, no draw repeated, no other payload; each statement of one round."""
    expected = whole()
    in_between = set()
    for at in range(1, expected.statements + 1):
        path = copied(tmp_path / str(at))
        told = killed_at(path, at)
        vault = open_vault(path, owner())
        state = dump(vault)
        assert state in expected.states, f"half a transaction at statement {at}"
        in_between.add(expected.states.index(state))
        party = vault_party(vault, kind=Restarted)
        # Each message comes again from the last one that was answered; what a state has passed answers with its bytes.
        again = (*party.restart(START_S), *played(party, script()[max(len(told) - 1, 0) :], START_S))
        assert set(told) | set(again) == set(expected.answers)
        assert dump(vault) == expected.states[-1]
        vault.close()
    assert expected.statements >= 40
    assert in_between == {expected.states.index(state) for state in expected.states[:-1]}


def test_a_transaction_for_each_command_is_caught(tmp_path: Path) -> None:
    """Negative control of the campaign above: with two transactions some kill leaves half a step."""
    expected = whole()
    halves = 0
    for at in range(4, 40, 3):
        path = copied(tmp_path / str(at))
        killed_at(path, at, one_by_one=True)
        vault = open_vault(path, owner())
        halves += dump(vault) not in expected.states
        vault.close()
    assert halves > 0


def many_charges(seed: int, units: int) -> Frozen:
    """Return a READY's secrets with charges of many units."""
    unit_key = unit_keys(owner().node_secret, (f"{seed}-{unit}" for unit in range(units)))
    amounts = np.full(units, 3, dtype=np.int64)
    return Frozen(SLOT, np.zeros(0, dtype=np.int64), b"r" * 32, b"s" * 32, Charges(YEAR, unit_key, amounts), b"t" * 32)


SLOT = Digest("5" * 64)
READY = (Remember(SlotMemory(SLOT, State.READY, Attempt(0))),)


def test_a_full_disk_leaves_the_old_state_and_the_node_can_go_on_when_there_is_room(tmp_path: Path) -> None:
    """F07: no byte may be written past a limit; the freeze and the lock fail whole, and the vault closes."""
    path = copied(tmp_path)
    before = dump_of(path)

    def work(tell: Tell) -> None:
        vault = open_vault(path, owner())
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
        for _ in range(2):  # the second time the vault is closed: a failed write is never tried again
            with pytest.raises(StorageFailed):
                carry_out(vault, READY, frozen=many_charges(1, 20_000))
        tell(b"refused twice")

    assert in_child(work).told == (b"refused twice",)
    assert dump_of(path) == before
    vault = open_vault(path, owner())
    carry_out(vault, READY, frozen=many_charges(1, 20_000))
    carry_out(vault, (BookCharges(SLOT), Append(AbortEntry(slot=SLOT, attempt=Attempt(0)))))
    assert spent(vault, YEAR, many_charges(1, 20_000).charges.unit_key).sum() == 60_000
    vault.close()


def test_a_disk_that_takes_nothing_any_more_costs_no_commit_and_no_halt(tmp_path: Path) -> None:
    """F07, nothing at all: not even `closed well` can be written; the journal stays for the next start."""
    path = copied(tmp_path)

    def work(_tell: Tell) -> None:
        vault = open_vault(path, owner())
        carry_out(vault, (Showed(1),))
        full = path.with_name("vault.sqlite-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (full, full))
        with pytest.raises(StorageFailed):
            carry_out(vault, (Showed(2),))
        assert path.with_name("vault.sqlite-wal").stat().st_size == full

    assert not in_child(work).killed
    vault = open_vault(path, owner())
    assert load_memory(vault).shown == (1,)
    vault.close()
    assert [item.name for item in path.parent.iterdir()] == ["vault.sqlite"]


def test_a_journal_that_sqlite_deletes_in_a_bad_close_is_put_back(tmp_path: Path) -> None:
    """Without it the file would say `running` and have no journal, which is a halt that nobody could mend."""
    path = copied(tmp_path)
    vault = open_vault(path, owner())
    carry_out(vault, (Showed(1),))
    vault.connection.execute("PRAGMA query_only = ON")  # `closed well` is refused, moving the journal is not
    vault.close()
    assert sorted(item.name for item in path.parent.iterdir()) == ["vault.sqlite", "vault.sqlite-wal"]
    again = open_vault(path, owner())
    assert load_memory(again).shown == (1,)
    again.close()


def test_a_vault_that_nobody_closed_opens_again(tmp_path: Path) -> None:
    path = copied(tmp_path)
    carry_out(open_vault(path, owner()), (Showed(1),))  # let go of at once: it closes itself
    vault = open_vault(path, owner())
    assert load_memory(vault).shown == (1,)
    vault.close()


def test_an_exception_within_a_step_undoes_it_and_the_vault_goes_on(tmp_path: Path) -> None:
    """F05: Ctrl-C and no memory, within a transaction."""
    vault = open_vault(copied(tmp_path), owner())
    before = dump(vault)

    def stopped_by(stop: type[BaseException]) -> None:
        with vault.transaction() as connection:
            connection.execute("INSERT INTO shown (size) VALUES (1)")
            raise stop

    for stop in (KeyboardInterrupt, MemoryError):
        with pytest.raises(stop):
            stopped_by(stop)
    assert dump(vault) == before
    carry_out(vault, (Showed(4),))
    assert vault.connection.execute("SELECT size FROM shown").fetchall() == [(4,)]
    vault.close()


def dump_of(path: Path) -> Dump:
    """Return the state of a closed vault."""
    vault = open_vault(path, owner())
    found = dump(vault)
    vault.close()
    return found
