"""Computes: whether the ledger feed shows one log that only grows, each entry known and each slot opened once.

The follower holds every entry, so it makes the root itself and needs no proof from anybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from privacy.audit.coordinator_log import ReadLog, check_one_opening
from privacy.errors import AuditRefusal
from protocol.covenant.covenant import Covenant
from protocol.errors import LedgerRefusal
from protocol.feed import FeedPart
from protocol.ledger.entry import AnyEntry, parse_entry
from protocol.ledger.tree import MerkleTree
from protocol.round.witness import ForkedLog, SeenHead, check_head


class FeedOutOfOrder(AuditRefusal):
    """A part of the feed that does not go on where the last one ended."""


@dataclass(slots=True, repr=False)
class Followed:
    """A log as far as it was seen to hold. head: the signed one that was reached; None before the first."""

    covenant: Covenant
    tree: MerkleTree = field(default_factory=MerkleTree)
    entries: list[AnyEntry] = field(default_factory=list)
    head: SeenHead | None = None
    _waiting: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many entries were seen and hold."""
        return len(self.entries)

    def restart(self) -> None:
        """Forget what came in without its head: the line broke, and it is asked for again."""
        self._waiting.clear()

    def take(self, part: FeedPart) -> tuple[str, ...] | None:
        """Return the entries that are new, once their head is reached; None while more parts must come.

        Raises: FeedOutOfOrder; ForkedLog, with both heads; the refusals of `check_head` and `parse_entry`; OpenedTwice.
        """
        head = check_head(part.checkpoint, (), covenant=self.covenant, party=self.covenant.coordinator.id, seen=None)
        if head.size < self.size:
            raise self._forked(f"a head of {head.size} entries after one of {self.size}", head)
        if part.first != self.size + len(self._waiting):
            raise FeedOutOfOrder(
                got=f"entries from {part.first} on",
                wanted=f"those from {self.size + len(self._waiting)} on",
            )
        self._waiting += part.entries
        if self.size + len(self._waiting) < head.size:
            return None
        return self._settle(head)

    def _settle(self, head: SeenHead) -> tuple[str, ...]:
        """Take over what waits: a fault in it ends the following, and nothing of it was kept."""
        fresh, self._waiting = tuple(self._waiting), []
        read = [parse_entry(entry.encode("utf-8"), source="the ledger feed") for entry in fresh]
        for entry in fresh:
            self.tree.append(entry.encode("utf-8"))
        if (self.tree.size, self.tree.root()) != (head.size, head.root):
            raise self._forked("entries that do not give the signed root", head)
        self.entries += read
        check_one_opening(ReadLog(tuple(self.entries), self.tree), (), ())
        self.head = head
        return fresh

    def _forked(self, got: str, head: SeenHead) -> ForkedLog:
        return ForkedLog(
            got=f"{got} in the coordinator's log",
            wanted="a log that only grows",
            act="the privacy officer must keep both heads, tell the other partners, and stop until it is explained",
            evidence=(head.note,) if self.head is None else (self.head.note, head.note),
        )


def followed(covenant: Covenant, leaves: Sequence[str], checkpoint: str) -> Followed:
    """Return a log that was followed before, checked anew.

    Raises: what `Followed.take` raises; LedgerRefusal where the entries are fewer than the head says.
    """
    made = Followed(covenant)
    part = FeedPart.model_construct(checkpoint=checkpoint, entries=tuple(leaves), first=0)
    if made.take(part) is None:
        raise LedgerRefusal(
            got="fewer entries than the head that was kept with them",
            wanted="all of them",
            act="the privacy officer must find out what happened to the folder, or begin anew in another one",
        )
    return made
