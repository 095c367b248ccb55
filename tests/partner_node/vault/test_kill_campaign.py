"""F01: SIGKILL at random statements of a round and of its recovery; nothing is lost, doubled, or drawn unpaid."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from partner_node.vault.book import spent
from partner_node.vault.carry_out import Frozen, carry_out
from partner_node.vault.vault import open_vault
from protocol.errors import Refusal
from protocol.round.frame import parse_frame
from protocol.round.memory import BookCharges, Command, SlotMemory, Step
from protocol.round.messages import Correction, Upload
from protocol.round.partner_round import MAX_PAYLOAD_BYTES
from protocol.round.transitions import State
from protocol.words.ids import Digest
from tests.partner_node.vault.killed import Countdown, Tell, in_child
from tests.partner_node.vault.test_crash import Restarted, copied, script, whole
from tests.partner_node.vault.vault_party import UNITS, YEAR, CheckedShelf, keys, owner, vault_party
from tests.rounds import START_S

DRAW, CHARGES = b"draw", [5, 0, 7]
NIGHTLY_KILLS, PR_KILLS, CONTROL_KILLS = 10_000, 40, 300


class Watched(Restarted):
    """A party that tells when it expands its noise, before it does."""

    tell: Tell

    def _contribute(self, slot: SlotMemory) -> Step:
        self.tell(DRAW)
        return super()._contribute(slot)


class LateSpend(Watched):
    """A seeded bug: the charges are booked after everything else of a message, its upload too."""

    def receive(self, body: bytes, now_s: int) -> tuple[bytes, ...]:
        assert isinstance(self.shelf, NoCharges)
        answers = super().receive(body, now_s)
        for slot in self.shelf.memory.slots.values():
            if slot.entry and slot.state is State.SENT:
                carry_out(self.shelf.vault, (BookCharges(slot.slot),))
        return answers


class NoCharges(CheckedShelf):
    """The shelf of that bug."""

    def commit(self, commands: tuple[Command, ...], frozen: Frozen | None = None) -> None:
        CheckedShelf.commit(self, tuple(each for each in commands if not isinstance(each, BookCharges)), frozen)


class UnstoredPayload(Watched):
    """A seeded bug: the seed is drawn anew at each try, and the upload is told before it is stored."""

    def _contribute(self, slot: SlotMemory) -> Step:
        step = super()._contribute(slot)
        self.tell(step.messages[0])
        return step


class FreshSeeds(CheckedShelf):
    """The shelf of that bug."""

    def seed(self, slot: Digest) -> bytes:
        CheckedShelf.seed(self, slot)
        return Path("/proc/sys/kernel/random/uuid").read_bytes()[:32]


SHELVES: dict[type[Watched], type[CheckedShelf]] = {LateSpend: NoCharges, UnstoredPayload: FreshSeeds}


def play(path: Path, tell: Tell, *, at: int, kind: type[Watched]) -> None:
    """Play the round from what is durable, each message again, and be killed at a statement."""
    vault = open_vault(path, owner())
    vault.connection.set_trace_callback(Countdown(vault.connection, at))
    party = vault_party(vault, kind=kind, shelf=SHELVES.get(kind, CheckedShelf)(vault))
    assert isinstance(party, Watched)
    party.tell = tell
    for answer in party.restart(START_S):
        tell(answer)
    for body in script():
        try:
            for answer in party.receive(body, START_S):
                tell(answer)
        except Refusal:  # a message that this state has passed
            continue
    vault.close()


def violations(path: Path, told: Iterable[bytes]) -> set[str]:
    """Return which promises what was told and what is durable break together."""
    payloads: dict[str, set[bytes]] = {"upload": set(), "correction": set()}
    drawn = False
    for body in told:
        if body == DRAW:
            drawn = True
            continue
        header = parse_frame(body, source="a child", max_payload_bytes=MAX_PAYLOAD_BYTES).header
        if isinstance(header, Upload | Correction):
            payloads[header.kind].add(body)
    vault = open_vault(path, owner())
    paid = spent(vault, YEAR, keys(*UNITS)).tolist()
    vault.close()
    found = {f"two of {kind}" for kind, bodies in payloads.items() if len(bodies) > 1}
    if paid not in ([0, 0, 0], CHARGES):
        found.add("charged twice or in part")
    if (drawn or payloads["upload"]) and paid != CHARGES:
        found.add("a draw that was not paid")
    return found


def campaign(kills: int, *, kind: type[Watched] = Watched, seed: int = 7) -> tuple[int, set[str]]:
    """Kill until `kills` is reached or a promise is broken; return how many there were, and what broke."""
    chance, done, found = Random(seed), 0, set[str]()
    statements = whole().statements
    with TemporaryDirectory(dir="/dev/shm") as folder:
        path = copied(Path(folder))
        told: list[bytes] = []
        while done < kills and not found:
            at = chance.randrange(1, statements + 10)
            ended = in_child(partial(play, path, at=at, kind=kind))
            told += ended.told
            done += ended.killed
            found = violations(path, told)
            if not ended.killed and not found:
                same = {body for body in told if body != DRAW} == set(whole().answers)
                assert same or kind is not Watched
                for left in path.parent.iterdir():
                    left.unlink()
                path, told = copied(Path(folder)), []
    return done, found


def test_kills_at_random_statements_and_in_recovery_break_no_promise() -> None:
    """F01 in small."""
    assert campaign(PR_KILLS) == (PR_KILLS, set())


def test_a_late_spend_is_found() -> None:
    """Negative control of F01."""
    done, found = campaign(CONTROL_KILLS, kind=LateSpend)
    assert done < CONTROL_KILLS
    assert "a draw that was not paid" in found


def test_an_unstored_payload_is_found() -> None:
    """Negative control of F01."""
    done, found = campaign(CONTROL_KILLS, kind=UnstoredPayload)
    assert done < CONTROL_KILLS
    assert "two of upload" in found


@pytest.mark.nightly
def test_ten_thousand_kills_break_no_promise() -> None:
    """F01."""
    assert campaign(NIGHTLY_KILLS) == (NIGHTLY_KILLS, set())
