"""Computes: a participant whose shelf is memory, for worlds and tests. The session is the node's own, seeded.

`durable` is what would be on disk: copying it and putting it back is a restored backup, giving it to two parties a
cloned machine. `crash_at` raises between named points, and `restart` goes on from what was durable.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from partner_node.counting import Counted
from partner_node.session import Session, Shelf
from partner_node.vault.book import Charges
from partner_node.vault.carry_out import Commitment, Frozen
from partner_node.vault.unit_key import KEY_BYTES
from privacy.counts import CellCounts
from privacy.randomness import RandomSource
from protocol.agreement import AgreementPrivateKey
from protocol.ledger.tree import MerkleTree
from protocol.round.member import Member
from protocol.round.memory import (
    Append,
    BookCharges,
    Command,
    EraseSecrets,
    KeepEvidence,
    Memory,
    Step,
    Work,
    applied,
)
from protocol.round.messages import Offer
from protocol.words.ids import Digest
from simulations.seeded import seeded_source

Counts = Callable[[Offer], NDArray[np.int64]]
Crash = Callable[[str], None]


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """What a vault keeps of a slot beside the memory: x, r and the seed (erased when no longer needed)."""

    values: NDArray[np.int64]
    opening: bytes
    seed: bytes


NOBODY = Charges(2026, np.zeros((0, KEY_BYTES), dtype=np.uint8), np.zeros(0, dtype=np.int64))


def _no_crash(_point: str) -> None:
    return


@dataclass(slots=True, repr=False)
class Durable:
    """Everything that survives a crash: a shelf in memory."""

    memory: Memory = field(default_factory=Memory)
    log: MerkleTree = field(default_factory=MerkleTree)
    entries: list[bytes] = field(default_factory=list)
    secrets: dict[Digest, Secrets] = field(default_factory=dict)
    charged: list[Digest] = field(default_factory=list)
    evidence: list[tuple[object, ...]] = field(default_factory=list)

    def commit(self, commands: tuple[Command, ...], frozen: Frozen | None = None) -> None:
        """One transaction: all of it or, when the caller crashes before, nothing."""
        for command in commands:
            match command:
                case Append(entry):
                    body = entry.encode()
                    self.log.append(body)
                    self.entries.append(body)
                case BookCharges(slot):
                    self.charged.append(slot)
                case EraseSecrets(slot):
                    self.secrets.pop(slot, None)
                case KeepEvidence(evidence):
                    self.evidence.append(evidence)
                case _:
                    pass
        self.memory = applied(self.memory, commands)
        if frozen is not None:
            self.secrets[frozen.slot] = Secrets(frozen.values, frozen.opening, frozen.seed)

    def seed(self, slot: Digest) -> bytes:
        """Return the seed of a slot's noise."""
        return self.secrets[slot].seed

    def commitment(self, slot: Digest) -> Commitment:
        """Return x and r of a slot."""
        return Commitment(self.secrets[slot].values, self.secrets[slot].opening)

    def repair_seed(self, slot: Digest, fresh: bytes) -> bytes:
        """Return the seed of a repair, kept before it is used."""
        return self.secrets.setdefault(slot, Secrets(np.zeros(0, dtype=np.int64), b"", fresh)).seed

    def copy(self) -> "Durable":
        """Return a backup."""
        secrets, charged, evidence = {**self.secrets}, [*self.charged], [*self.evidence]
        return Durable(self.memory, deepcopy(self.log), [*self.entries], secrets, charged, evidence)


class SimulatedParty(Session):
    """One participant. counts: the true counts it would tabulate for an offer; int64, shape (cells,).

    name_of_chance: what its seeded chance is drawn for; a clone that draws anew has another name.
    charges: what each of its rounds books; nothing, as long as nobody sets it.
    """

    charges: Charges
    crash_at: Crash

    def __init__(
        self,
        member: Member,
        private: AgreementPrivateKey,
        counts: Counts,
        seed: int,
        *,
        name_of_chance: str = "",
        durable: Shelf | None = None,
    ) -> None:
        self.counts, self.seed, self.name_of_chance = counts, seed, name_of_chance
        self.charges, self.crash_at = NOBODY, _no_crash
        super().__init__(member, private, durable or Durable(), self._counted, self._chance)

    @property
    def durable(self) -> Durable:
        """What would be on disk."""
        assert isinstance(self.shelf, Durable)  # noqa: S101 - made so, and set so below
        return self.shelf

    @durable.setter
    def durable(self, durable: Durable) -> None:
        self.shelf = durable

    def clone(self) -> "SimulatedParty":
        """Return a second machine with the same vault as it is now."""
        again = SimulatedParty(self.member, self.private, self.counts, self.seed, durable=self.copy_of_disk())
        again.name_of_chance = self.name_of_chance
        return again

    def copy_of_disk(self) -> Durable:
        """Return a backup."""
        return self.durable.copy()

    def _chance(self, *names: str) -> RandomSource:
        return seeded_source(self.seed, self.member.id, self.name_of_chance, *names)

    def _counted(self, offer: Offer) -> Counted:
        return Counted(CellCounts(self.counts(offer).copy()), self.charges)

    def _commit(self, commands: tuple[Command, ...], frozen: Frozen | None = None) -> None:
        self.crash_at("before freeze" if frozen else "before commit")
        super()._commit(commands, frozen)
        self.crash_at("after commit")

    def _do(self, work: Work, now_s: int) -> Step:
        self.crash_at("before work")
        return super()._do(work, now_s)
