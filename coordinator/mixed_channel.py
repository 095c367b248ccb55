"""Computes: one channel of two: nodes that the link reaches, and a courier's folders for everybody else."""

from dataclasses import dataclass

from coordinator.courier import Courier
from protocol.round.channel import Channel
from protocol.words.ids import PartyId


@dataclass(frozen=True, slots=True)
class MixedChannel:
    """A channel of a round. linked: who is reached over the link."""

    courier: Courier
    link: Channel
    linked: frozenset[PartyId]

    def send(self, party: PartyId, body: bytes) -> None:
        """Send a message the way that its party has."""
        if party in self.linked:
            self.link.send(party, body)
        else:
            self.courier.send(party, body)

    def collect(self) -> tuple[bytes, ...]:
        """Return what came in both ways: a party whose line is down may send a courier for once."""
        return (*self.link.collect(), *self.courier.collect())
