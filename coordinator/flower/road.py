"""Touches the world: the channel of a round over a grid of Flower (`protocol/round/channel.py`).

Flower says which node a reply comes from, but a node can forge that; so nothing here is believed. Frames are signed by
their parties, the session checks them, and what was refused or lost is simply sent again: always the same bytes.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from flwr.app import Message
from flwr.proto.node_pb2 import NodeInfo
from flwr.serverapp import Grid

from coordinator.flower.clients import translated
from coordinator.flower.envelope import content_of, frames_in
from protocol.errors import RoundRefusal
from protocol.round.carriage import MESSAGE_TYPE, parcel
from protocol.words.ids import Digest, PartyId

TTL_S = 3_600.0  # after which the SuperLink forgets a message and its answer
# A message that was fetched and lost with the line is never handed out again, so one without an answer goes again:
# after half a minute, then after twice as long each time. A node that was only slow answers twice, with the same bytes.
AGAIN_S = 30.0
PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0  # before a node that did not answer is asked again; doubled each time
LOOK_S = 2.0  # between two looks at which nodes are there
Clock = Callable[[], float]


@dataclass(slots=True)
class _Sent:
    """A message under way."""

    party: PartyId
    body: Digest
    until_s: float


@dataclass(slots=True)
class _Said:
    """How often a message was sent, and when it goes again."""

    times: int
    again_s: float


@dataclass(slots=True, repr=False)
class Road:
    """A channel over one run. nodes: the key with which each party's node logs in. refused: what was no answer.

    beat: says that the run is alive; called often.
    """

    grid: Grid
    nodes: Mapping[PartyId, bytes]
    clock: Clock = time.monotonic
    beat: Callable[[], None] = lambda: None
    refused: list[tuple[PartyId, RoundRefusal]] = field(default_factory=list)
    _there: dict[PartyId, int] = field(default_factory=dict)
    _looked_s: float = float("-inf")
    _sent: dict[str, _Sent] = field(default_factory=dict)
    _said: dict[tuple[PartyId, Digest], _Said] = field(default_factory=dict)
    _pause: dict[PartyId, tuple[float, float]] = field(default_factory=dict)  # until, length

    def send(self, party: PartyId, body: bytes) -> None:
        """Hand a message to a party's node, unless it is on its way or the node is absent; a turn says it again."""
        name = Digest(sha256(body).hexdigest())
        now_s = self.clock()
        said = self._said.get((party, name), _Said(0, now_s))
        if now_s < said.again_s or now_s < self._pause.get(party, (now_s, 0.0))[0]:
            return
        node = self._node(party, now_s)
        if node is None:
            return
        message = self.grid.create_message(content_of(parcel((body,))), MESSAGE_TYPE, node, group_id="", ttl=TTL_S)
        with translated():
            for identifier in self.grid.push_messages([message]):
                if identifier:
                    self._sent[identifier] = _Sent(party, name, now_s + TTL_S)
                    self._said[party, name] = _Said(said.times + 1, now_s + AGAIN_S * 2**said.times)

    def collect(self) -> tuple[bytes, ...]:
        """Return the frames that came in. Not promised: that they come from whom Flower says."""
        if not self._sent:
            return ()
        frames: list[bytes] = []
        with translated():
            replies = list(self.grid.pull_messages(list(self._sent)))
        for reply in replies:
            sent = self._sent.pop(reply.metadata.reply_to_message_id, None)
            if sent is None:
                continue  # an answer to nothing that was asked
            self._said.pop((sent.party, sent.body), None)
            frames += self._opened(reply, sent.party)
        now_s = self.clock()
        self._sent = {identifier: sent for identifier, sent in self._sent.items() if now_s < sent.until_s}
        return tuple(frames)

    def absent(self) -> tuple[PartyId, ...]:
        """Return the parties whose node is not there."""
        self._look(self.clock())
        return tuple(party for party in self.nodes if party not in self._there)

    def follow(self, nodes: Mapping[PartyId, bytes]) -> None:
        """Go by these keys from now on; what was asked of a node with another key is asked again at once."""
        new = {party for party, key in nodes.items() if self.nodes.get(party) != key}
        self.nodes = nodes
        self._said = {each: said for each, said in self._said.items() if each[0] not in new}
        self._there, self._looked_s = {}, float("-inf")

    def _opened(self, reply: Message, party: PartyId) -> tuple[bytes, ...]:
        try:
            frames = frames_in(reply, source=f"node of {party}")
        except RoundRefusal as error:
            self.refused.append((party, error))
            length = min(2 * self._pause.get(party, (0.0, PAUSE_S / 2))[1], LONGEST_PAUSE_S)
            self._pause[party] = (self.clock() + length, length)
            return ()
        self._pause.pop(party, None)
        return frames

    def _node(self, party: PartyId, now_s: float) -> int | None:
        if party not in self._there or now_s - self._looked_s > LOOK_S:
            self._look(now_s)
        return self._there.get(party)

    def _look(self, now_s: float) -> None:
        if now_s - self._looked_s < LOOK_S:
            return
        parties = {key: party for party, key in self.nodes.items()}
        with translated():
            present: Sequence[NodeInfo] = list(self.grid.get_nodes())
        self._there = {parties[node.public_key]: node.node_id for node in present if node.public_key in parties}
        self._looked_s = now_s
