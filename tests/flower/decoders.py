"""Every decoder on a network path, with good inputs to spoil: what it gives back, or the refusals that it may raise."""

import io
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import httpx
from flwr.app import Message
from flwr.app.message.message import make_message
from flwr.common.serde import message_to_proto
from flwr.proto.fleet_pb2 import PullMessagesResponse
from flwr.proto.message_pb2 import PullObjectResponse
from flwr.proto.runtime_pb2 import PullAppMessagesResponse
from flwr.supercore.inflatable.inflatable_utils import inflate_object_from_contents

from coordinator.flower.certificates import make_certificates
from coordinator.flower.clients import PinnedGrid
from coordinator.flower.clients import translated as coordinators
from coordinator.flower.envelope import content_of, frames_in
from partner_node.flower.client_app import client_app
from partner_node.flower.link import FleetLink
from partner_node.flower.pipe import read_body, write_body
from privacy.audit.follow import Followed
from protocol.covenant.link_key import LinkKey, LinkUse, SignedLinkKey, sign_link_key
from protocol.feed import FeedPart, FeedQuestion
from protocol.round.carriage import frames_of, parcel
from protocol.round.frame import pack, parse_frame, unpack
from protocol.round.partner_round import receive
from protocol.round.ring import MaskedVector
from tests import example
from tests.flower.live import new_key, today
from tests.partner_node.flower.hostile import NODE, RUN, waiting
from tests.privacy.audit.test_follow import COVENANT, LOG, part
from tests.rounds import EVERYONE, STUDY_DIGEST, world

Decode = Callable[[bytes], object]
CELLS = 15


@dataclass(frozen=True)
class Decoder:
    """One decoder. seeds: good inputs; decode: raises nothing but what is ours."""

    name: str
    seeds: tuple[bytes, ...]
    decode: Decode


@cache
def frames() -> tuple[bytes, ...]:
    """Return every message of a round, both ways."""
    a_world = world()
    heard: list[bytes] = []
    for party, answer in dict(a_world.channel.answer).items():

        def kept(body: bytes, answer: Callable[[bytes], tuple[bytes, ...]] = answer) -> tuple[bytes, ...]:
            heard.append(body)
            return answer(body)

        a_world.channel.answer[party] = kept  # type: ignore[index]  # a dict, as it is made
    a_world.run(STUDY_DIGEST, example.QUARTER)
    return tuple(dict.fromkeys((*heard, *a_world.channel.seen)))


def fresh_node() -> Decode:
    """Return what a node does first with bytes from the coordinator, on an empty vault."""
    a_world = world()
    party = a_world.parties[EVERYONE[0]]
    empty = party.shelf

    def decode(body: bytes) -> object:
        return receive(
            body,
            memory=empty.memory,
            member=party.member,
            log=empty.log,
            now_s=a_world.now_s,
            own_counts=party.own_counts,
        )

    return decode


def _answering(answers: Iterable[bytes]) -> httpx.Client:
    """Return a client whose server gives these bodies, one after the other, and then the last one again."""
    left = list(answers)

    def answer(_request: httpx.Request) -> httpx.Response:
        body = left.pop(0) if len(left) > 1 else left[0]
        return httpx.Response(200, content=body, headers={"content-type": "application/x-protobuf"})

    return httpx.Client(transport=httpx.MockTransport(answer), trust_env=False)


def _node() -> Decode:
    """The node's Fleet client: what a SuperLink answers to a pull."""
    link = FleetLink("127.0.0.1", 1, context=ssl.create_default_context(), key=new_key(), proxy=None)
    link.node.node_id = NODE
    link._rounds.add(RUN)  # noqa: SLF001 - a run that was found to be rounds

    def decode(body: bytes) -> object:
        link._client = _answering([body])  # noqa: SLF001 - in the place of a line
        return link.fetch(wait=lambda: None)

    return decode


def _coordinator() -> Decode:
    """The coordinator's grid: what a SuperLink answers to a pull."""
    grid = PinnedGrid("127.0.0.1:1", make_certificates(("localhost",), today=today()).authority, "token")

    def decode(body: bytes) -> object:
        grid.runtime._client = _answering([body])  # noqa: SLF001 - in the place of a line
        with coordinators():
            return list(grid.pull_messages(["asked"]))

    return decode


def _inflated(body: bytes) -> object:
    """A part of an answer as Flower packs it, opened as the coordinator does."""
    good = waiting()
    contents = {**good.objects, good.tree.object_id: body}
    try:
        return inflate_object_from_contents(good.tree.object_id, contents)
    except Exception:  # noqa: BLE001 - as `PinnedGrid._inflated` does: no answer, whatever Flower raises
        return None


def _app(body: bytes) -> object:
    """The node's app on a message with these bytes in its part."""
    made = waiting(content_of((body,)))
    reply = client_app(lambda _: (b"answer",))(made.message, None)  # type: ignore[arg-type]  # nothing of a context is used
    return _frames(reply)


def _frames(reply: Message) -> object:
    asked = make_message(reply.metadata, reply.content) if reply.has_content() else reply
    return frames_in(asked, source="a test")


def _piped(body: bytes) -> object:
    return read_body(io.BytesIO(body))


def _in_pipe(body: bytes) -> bytes:
    whole = io.BytesIO()
    write_body(whole, body)
    return whole.getvalue()


def fed() -> tuple[bytes, ...]:
    """Return what the feed shows: a whole log, and the first of two parts of it."""
    return part(LOG).encode(), part(LOG, upto=2).encode()


def decoders() -> tuple[Decoder, ...]:
    """Return them all."""
    good = waiting()
    pull = PullMessagesResponse(
        messages_list=[message_to_proto(good.message)], message_object_trees=[good.tree]
    ).SerializeToString()
    answer = PullAppMessagesResponse(
        messages_list=[message_to_proto(good.message)], message_object_trees=[good.tree]
    ).SerializeToString()
    part = PullObjectResponse(object_found=True, object_available=True, object_content=b"x").SerializeToString()
    stated = LinkKey(party=EVERYONE[0], use=LinkUse.NODE, key="AAAA", valid_until=today())
    signed = sign_link_key(stated, example.signing_key(EVERYONE[0])).encode()
    vector = bytes(4 * CELLS)
    return (
        Decoder("frame", frames(), lambda body: parse_frame(body, source="a test", max_payload_bytes=1 << 20)),
        Decoder("session", frames(), fresh_node()),
        Decoder("packed frames", (pack(frames()[:3]),), lambda body: unpack(body, source="a test")),
        Decoder("parcel", parcel(frames()[:3]), lambda body: frames_of((body,), source="a test")),
        Decoder("vector", (vector,), lambda body: MaskedVector.parse(body, word=32, cells=CELLS)),
        Decoder("link key", (signed,), lambda body: SignedLinkKey.parse(body, source="a test")),
        Decoder("pipe", (_in_pipe(b"a body"),), _piped),
        Decoder("node's pull", (pull, part, b""), _node()),
        Decoder("coordinator's pull", (answer, part, b""), _coordinator()),
        Decoder("inflatable", tuple(good.objects.values()), _inflated),
        Decoder("app", parcel(frames()[:1]), _app),
        Decoder("feed question", (FeedQuestion(size=3).encode(),), FeedQuestion.parse),
        Decoder("feed part", fed(), lambda body: Followed(COVENANT).take(FeedPart.parse(body, source="a test"))),
    )
