"""Touches the world: the channel of a round over a grid of Flower (`protocol/round/channel.py`).

Flower says which node a reply comes from, but a node can forge that; so nothing here is believed. Frames are signed by
their parties, the session checks them, and what was refused or lost is simply sent again: always the same bytes.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from flwr.app import ConfigRecord, Message, Metadata, RecordDict
from flwr.app.message.message import make_message
from flwr.common.constant import SUPERLINK_NODE_ID
from flwr.proto.node_pb2 import NodeInfo
from flwr.serverapp import Grid
from flwr.supercore.date import now

from coordinator.flower.clients import translated
from protocol.errors import RoundRefusal
from protocol.round.carriage import MESSAGE_TYPE, PARTS, Answerless, ParcelRefused, frames_of, parcel
from protocol.words.ids import Digest, PartyId

TTL_S = 3_600.0  # a message that nobody fetched in an hour goes again; the SuperLink forgets it
PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0  # before a node that did not answer is asked again; doubled each time
LOOK_S = 2.0  # between two looks at which nodes are there
Clock = Callable[[], float]


class NotAnswered(RoundRefusal):
    """A node that has no answer to a message now; it says no more, and is asked again."""


@dataclass(slots=True)
class _Sent:
    """A message under way."""

    party: PartyId
    body: Digest
    until_s: float


@dataclass(slots=True, repr=False)
class Road:
    """A channel over one run. nodes: the key with which each party's node logs in. refused: what was no answer.

    beat: says that the run is alive; called often.
    """

    grid: Grid
    run_id: int
    nodes: Mapping[PartyId, bytes]
    clock: Clock = time.monotonic
    beat: Callable[[], None] = lambda: None
    refused: list[tuple[PartyId, RoundRefusal]] = field(default_factory=list)
    _there: dict[PartyId, int] = field(default_factory=dict)
    _looked_s: float = float("-inf")
    _sent: dict[str, _Sent] = field(default_factory=dict)
    _pause: dict[PartyId, tuple[float, float]] = field(default_factory=dict)  # until, length

    def send(self, party: PartyId, body: bytes) -> None:
        """Hand a message to a party's node, unless it is on its way or the node is absent; a turn says it again."""
        name = Digest(sha256(body).hexdigest())
        now_s = self.clock()
        under_way = any(
            (sent.party, sent.body) == (party, name) and now_s < sent.until_s for sent in self._sent.values()
        )
        if under_way or now_s < self._pause.get(party, (now_s, 0.0))[0]:
            return
        node = self._node(party, now_s)
        if node is None:
            return
        message = _envelope(self.run_id, node, content_of(parcel((body,))))
        with translated():
            for identifier in self.grid.push_messages([message]):
                if identifier:
                    self._sent[identifier] = _Sent(party, name, now_s + TTL_S)

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
            frames += self._opened(reply, sent.party)
        now_s = self.clock()
        self._sent = {identifier: sent for identifier, sent in self._sent.items() if now_s < sent.until_s}
        return tuple(frames)

    def absent(self) -> tuple[PartyId, ...]:
        """Return the parties whose node is not there."""
        self._look(self.clock())
        return tuple(party for party in self.nodes if party not in self._there)

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


def content_of(parts: tuple[bytes, ...]) -> RecordDict:
    """Return a parcel as Flower carries it: a record for each part."""
    return RecordDict({PARTS[place]: ConfigRecord({"bytes": part}) for place, part in enumerate(parts)})


def frames_in(reply: Message, *, source: str) -> tuple[bytes, ...]:
    """Return the frames that a node answered.

    Raises: NotAnswered, ParcelRefused, BadFrame.
    """
    if not reply.has_content():
        code = reply.error.code if reply.has_error() else 0
        known = code in set(Answerless)
        raise NotAnswered(
            got=f"no answer from {source} ({Answerless(code).name if known else f'carrier code {code}'})",
            wanted="the messages of a round",
            act="nobody yet: it is asked again; if that goes on, the partner's IT must look at its own log",
        )
    return frames_of(tuple(_parts(reply.content, source)), source=source)


def _parts(content: RecordDict, source: str) -> Iterator[bytes]:
    if tuple(content) != PARTS[: len(content)]:
        raise _strange(source)
    for record in content.values():
        part = record.get("bytes") if isinstance(record, ConfigRecord) else None
        if not isinstance(part, bytes) or len(record) != 1:
            raise _strange(source)
        yield part


def _strange(source: str) -> ParcelRefused:
    return ParcelRefused(
        got=f"an answer from {source} with other records",
        wanted="the parts of a parcel, in order",
        act="the partner's IT must install the same version",
    )


def _envelope(run_id: int, node: int, content: RecordDict) -> Message:
    metadata = Metadata(
        run_id=run_id,
        message_id="",
        src_node_id=SUPERLINK_NODE_ID,
        dst_node_id=node,
        reply_to_message_id="",
        group_id="",
        created_at=now().timestamp(),
        ttl=TTL_S,
        message_type=MESSAGE_TYPE,
    )
    return make_message(metadata, content)
