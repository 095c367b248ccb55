"""What the document says must be refused: the reference party refuses it, and so does ours."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import pytest

from protocol.errors import Refusal
from protocol.words.period import Period
from simulations.party import SimulatedParty
from tests import example
from tests.mixed_rounds import MixedWorld, Participant, our_party, parsed_header, reference_party, world
from tests.reference.honest_party import HonestParty
from tests.reference.honest_vectors import bytes_of, words_of
from tests.reference.honest_wire import (
    Frame,
    Head,
    Json,
    Refused,
    behind_length,
    read_frame,
    sealed,
    signed_checkpoint,
    unpacked,
)
from tests.rounds import EVERYONE, START_S

VT, POLICE, WITNESS, COORDINATOR = example.VT, example.POLICE, example.WITNESS, example.COORDINATOR
WEEK_S = 7 * 24 * 3600
# The joint table: |S| (B + 12 sigma + 64) = 6 x (10,000 + 170 + 64), and sigma is the root of 200.
LARGEST_CELL = 61_404


@dataclass(slots=True)
class Listener:
    """A victim of each kind in the same place of the same round, and a coordinator's key to lie with."""

    victims: tuple[HonestParty, SimulatedParty]
    world: MixedWorld

    def hears(self, body: bytes, now_s: int = START_S) -> list[str]:
        """Return what each victim says: the kind or code of its answer, an objection, or `refused`."""
        return [_said(victim, body, now_s) for victim in self.victims]


def _said(victim: Participant, body: bytes, now_s: int) -> str:
    try:
        (answer,) = victim.receive(body, now_s)
    except (Refused, Refusal):
        return "refused"
    header = parsed_header(answer)
    return str(header.get("objection") or header.get("code") or header["kind"])


def listener(until: str) -> Listener:
    """Return victims that heard the first messages of a round: until "propose", "commit" or "result"."""
    a_world = world(())
    victims = (reference_party(VT, example.study()), our_party(VT, example.study()))
    found = Listener(victims, a_world)
    step = a_world.propose(example.QUARTER)
    for kind in ("propose", "commit", "result"):
        if kind == until:
            return found
        for victim in victims:
            victim.receive(step.messages[0][1], START_S)
        a_world.deliver(step)
        step = a_world.coordinator.advance(a_world.slot(example.QUARTER))
    return found


def read(body: bytes) -> Frame:
    keys = {str(party): bytes.fromhex(example.public_hex(party)) for party in (*EVERYONE, COORDINATOR)}
    return read_frame(body, keys)


def signed_again(body: bytes, *, payload: bytes | None = None, **changes: object) -> bytes:
    """Return a message with other fields or another payload, signed by its sender."""
    frame = read(body)
    key = example.signing_key(frame.sender)
    return sealed({**frame.header, **changes}, key, frame.payload if payload is None else payload)


def packed(bodies: Sequence[bytes]) -> bytes:
    return b"".join(map(behind_length, bodies))


@cache
def stands(message: str) -> bytes:
    """Return the honest PROPOSE, COMMIT or RESULT of the round."""
    a_world = world(())
    step = a_world.propose(example.QUARTER)
    while parsed_header(step.messages[0][1])["kind"] != message:
        a_world.deliver(step)
        step = a_world.coordinator.advance(a_world.slot(example.QUARTER))
    return step.messages[0][1]


# --- PROPOSE ----------------------------------------------------------------------------------------------------------


def offered(**changes: object) -> bytes:
    body = stands("propose")
    offer = {**parsed_header(body)["offer"], **changes}
    return signed_again(body, offer=offer, attempt=offer["attempt"], slot=offer["spec"]["slot"])


def _other_spec(**changes: object) -> bytes:
    return offered(spec={**parsed_header(stands("propose"))["offer"]["spec"], **changes})


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: stands("propose"), "ready"),
        (lambda: offered(attempt=7), "ready"),
        (lambda: offered(expires_s=START_S), "ready"),
        (lambda: offered(expires_s=START_S - 1), "refused"),
        (lambda: offered(expires_s=START_S + 2 * WEEK_S), "ready"),
        (lambda: offered(expires_s=START_S + 2 * WEEK_S + 1), "refused"),
        (lambda: offered(participants=EVERYONE[1:]), "ready"),
        (lambda: offered(participants=EVERYONE[2:]), "refused"),
        (lambda: offered(participants=[party for party in EVERYONE if party != VT]), "refused"),
        (lambda: offered(participants=EVERYONE[::-1]), "refused"),
        (lambda: offered(participants=[*EVERYONE, "zzz"]), "refused"),
        (lambda: _other_spec(cells=16), "refused"),
        (lambda: _other_spec(ring_bits=64), "refused"),
        (lambda: _other_spec(grid_digest="ab" * 32), "refused"),
        (lambda: _other_spec(period="2026-Q3"), "refused"),
        (lambda: signed_again(stands("propose"), attempt=1), "refused"),
        (lambda: signed_again(stands("propose"), sender=POLICE), "refused"),
        (lambda: stands("propose") + b"\n", "refused"),
        (lambda: stands("propose")[:-1], "refused"),
        (lambda: stands("propose")[:-1] + b"\x00", "refused"),
    ],
)
def test_an_offer_is_answered_alike(make: Callable[[], bytes], said: str) -> None:
    assert listener("propose").hears(make()) == [said, said]


def test_one_offer_an_attempt_and_never_an_older_attempt() -> None:
    found = listener("propose")
    assert found.hears(offered(attempt=7)) == ["ready", "ready"]
    assert found.hears(offered(attempt=7)) == ["ready", "ready"]
    assert found.hears(offered(attempt=6)) == ["refused", "refused"]
    assert found.hears(offered(attempt=7, expires_s=START_S + 5)) == ["refused", "refused"]
    assert found.hears(offered(attempt=8)) == ["ready", "ready"]


def test_one_ready_at_a_time_until_it_has_expired() -> None:
    found = listener("propose")
    first = stands("propose")
    expiry = parsed_header(first)["offer"]["expires_s"]
    assert found.hears(first) == ["ready", "ready"]
    other = world(()).propose(Period("2026-Q2")).messages[0][1]
    offer = {**parsed_header(other)["offer"], "expires_s": expiry + WEEK_S}
    other = signed_again(other, offer=offer)
    assert found.hears(other, expiry) == ["busy", "busy"]
    assert found.hears(other, expiry + 1) == ["ready", "ready"]


# --- COMMIT -----------------------------------------------------------------------------------------------------------


def committed(change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    body = stands("commit")
    return signed_again(body, payload=packed(change(unpacked(read(body).payload))))


def _replaced(place: int, *, payload: bytes | None = None, **changes: object) -> Callable[[list[bytes]], list[bytes]]:
    return lambda readies: [
        signed_again(body, payload=payload, **changes) if index == place else body for index, body in enumerate(readies)
    ]


OWN, OTHER = EVERYONE.index(VT), EVERYONE.index(POLICE)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: stands("commit"), "upload"),
        (lambda: committed(lambda readies: readies[1:]), "refused"),
        (lambda: committed(lambda readies: [*readies, readies[0]]), "refused"),
        (lambda: committed(lambda readies: [readies[1], readies[0], *readies[2:]]), "refused"),
        (lambda: committed(_replaced(OWN, nonce="ab" * 32)), "refused"),
        (lambda: committed(_replaced(OTHER, offer_digest="ab" * 32)), "refused"),
        (lambda: committed(_replaced(OTHER, attempt=1)), "refused"),
        (lambda: committed(_replaced(OTHER, slot="ab" * 32)), "refused"),
        (lambda: committed(_replaced(OTHER, nonce="ab" * 32)), "upload"),  # nobody here can know: its keys will differ
        (lambda: committed(lambda readies: [readies[0][:-1] + b"\x00", *readies[1:]]), "refused"),
        (lambda: signed_again(stands("commit"), attempt=1), "refused"),
        (lambda: signed_again(stands("commit"), slot="ab" * 32), "refused"),
    ],
)
def test_a_commit_is_answered_alike(make: Callable[[], bytes], said: str) -> None:
    assert listener("commit").hears(make()) == [said, said]


def test_a_commit_after_the_end_of_the_ready_is_answered_with_an_abort() -> None:
    """R06: the reference answers at once, ours when the COMMIT comes again; both are allowed."""
    found = listener("commit")
    body = stands("commit")
    late = parsed_header(stands("propose"))["offer"]["expires_s"] + 1
    reference, ours = found.victims
    assert _said(reference, body, late) == "abort"
    assert ours.receive(body, late) == ()
    assert _said(ours, body, late) == "abort"
    assert found.hears(body) == ["abort", "abort"]


# --- RESULT -----------------------------------------------------------------------------------------------------------


def resulted(change: Callable[[list[bytes]], list[bytes]], **changes: object) -> bytes:
    body = stands("result")
    return signed_again(body, payload=packed(change(unpacked(read(body).payload))), **changes)


def _added(place: int, cell: int, extra: int) -> Callable[[list[bytes]], list[bytes]]:
    def change(uploads: list[bytes]) -> list[bytes]:
        words = words_of(read(uploads[place]).payload, 32)
        words[cell] += extra
        return [*uploads[:place], signed_again(uploads[place], payload=bytes_of(words, 32)), *uploads[place + 1 :]]

    return change


def _lock_of_another(uploads: list[bytes]) -> list[bytes]:
    lock: Json = read(uploads[1]).header["lock"]
    return [signed_again(uploads[0], lock=lock), *uploads[1:]]


def _fork(origin_of: str) -> str:
    origin = f"samenzicht.log/{example.covenant().id}/{origin_of}"
    return signed_checkpoint(origin, Head(1, b"\x01" * 32), example.signing_key(origin_of))


def _bare(uploads: list[bytes]) -> list[bytes]:
    return [read(upload).without_payload for upload in uploads]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: stands("result"), "verdict"),
        (lambda: resulted(_added(OWN, 0, 1)), "upload"),
        (lambda: resulted(lambda uploads: uploads[1:]), "upload"),
        (lambda: resulted(lambda uploads: [*uploads, uploads[0]]), "upload"),
        (lambda: resulted(lambda uploads: [uploads[1], uploads[0], *uploads[2:]]), "upload"),
        (lambda: resulted(_replaced(OTHER, context="ab" * 32)), "upload"),
        (lambda: resulted(_replaced(OTHER, payload=b"")), "upload"),
        (lambda: resulted(lambda uploads: uploads, gone=[WITNESS]), "upload"),
        (lambda: resulted(_lock_of_another), "witness"),
        (lambda: resulted(_replaced(OTHER, consistency=[], checkpoint=_fork(POLICE))), "witness"),
        (lambda: resulted(_replaced(OTHER, checkpoint=_fork(VT))), "witness"),
        (lambda: resulted(lambda uploads: uploads, checkpoint=_fork(POLICE)), "witness"),
        (lambda: resulted(_added(OTHER, 0, 1)), "own-table"),
        (lambda: resulted(_added(OTHER, 12, 1)), "verdict"),  # a joint table: only its sender could know
        (lambda: resulted(lambda uploads: uploads, context="ab" * 32), "refused"),
        (lambda: resulted(lambda uploads: uploads, attempt=1), "refused"),
    ],
)
def test_a_result_is_judged_alike(make: Callable[[], bytes], said: str) -> None:
    assert listener("result").hears(make()) == [said, said]


def test_a_sum_beyond_the_limit_is_objected_to_and_one_at_the_limit_is_not() -> None:
    (cell,) = world(()).run(example.QUARTER)[12:13]
    at_the_limit = resulted(_added(OTHER, 12, LARGEST_CELL - cell))
    assert listener("result").hears(at_the_limit) == ["verdict", "verdict"]
    reference, ours = listener("result").hears(resulted(_added(OTHER, 12, LARGEST_CELL + 1 - cell)))
    assert reference == "sum"
    assert ours != "verdict"  # it objects; under which name is for people


def test_the_reference_party_objects_to_a_small_result_without_its_vectors() -> None:
    """Else a coordinator could keep every sum from being checked."""
    reference, _ = listener("result").hears(resulted(_bare, has_vectors=False))
    assert reference == "upload"
