"""Computes nothing: the one port of a round. Flower, a courier's files and an in-memory queue stand behind it alike."""

from typing import Protocol

from protocol.words.ids import PartyId


class Channel(Protocol):
    """How the coordinator reaches participants.

    Not promised: delivery, order, or that an answer comes from whom it says; frames prove that themselves.
    """

    def send(self, party: PartyId, body: bytes) -> None:
        """Hand over one message for a participant; it may arrive never, late or twice."""

    def collect(self) -> tuple[bytes, ...]:
        """Return the answers that came in since the last call, from anybody, in any order."""
