"""Computes: a channel in memory between a coordinator and participants, with every fault that a network has."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from protocol.errors import SamenzichtError
from protocol.words.ids import PartyId

Answer = Callable[[bytes], tuple[bytes, ...]]


@dataclass(frozen=True, slots=True)
class Faults:
    """Chances, from 0 to 1, that something happens to a message or an answer."""

    drop: float = 0.0
    drop_answer: float = 0.0
    repeat: float = 0.0
    delay: float = 0.0
    tamper: float = 0.0
    reorder: bool = False


NO_FAULTS = Faults()


@dataclass(slots=True)
class MemoryChannel:
    """Queues in memory. answer: what each participant does with a message; refusals are kept in `refused`."""

    answer: Mapping[PartyId, Answer]
    chance: Random
    faults: Faults = NO_FAULTS
    waiting: deque[tuple[PartyId, bytes]] = field(default_factory=deque)
    answers: list[bytes] = field(default_factory=list)
    refused: list[tuple[PartyId, SamenzichtError]] = field(default_factory=list)
    seen: list[bytes] = field(default_factory=list)

    def send(self, party: PartyId, body: bytes) -> None:
        """Queue a message, once, twice or not at all."""
        if self._happens(self.faults.drop):
            return
        self.waiting.append((party, self._travelled(body)))
        if self._happens(self.faults.repeat):
            self.waiting.append((party, self._travelled(body)))

    def collect(self) -> tuple[bytes, ...]:
        """Deliver what is due and return the answers."""
        later: list[tuple[PartyId, bytes]] = []
        while self.waiting:
            party, body = self.waiting.popleft()
            if self._happens(self.faults.delay):
                later.append((party, body))
                continue
            self._deliver(party, body)
        self.waiting.extend(later)
        answers, self.answers = self.answers, []
        if self.faults.reorder:
            self.chance.shuffle(answers)
        return tuple(answers)

    def _deliver(self, party: PartyId, body: bytes) -> None:
        try:
            replies = self.answer[party](body)
        except SamenzichtError as error:
            self.refused.append((party, error))
            return
        for reply in replies:
            self.seen.append(reply)
            if not self._happens(self.faults.drop_answer):
                self.answers.append(self._travelled(reply))

    def _travelled(self, body: bytes) -> bytes:
        if not self._happens(self.faults.tamper):
            return body
        changed = bytearray(body)
        changed[self.chance.randrange(len(changed))] ^= 1 << self.chance.randrange(8)
        return bytes(changed)

    def _happens(self, chance: float) -> bool:
        return chance > 0 and self.chance.random() < chance
