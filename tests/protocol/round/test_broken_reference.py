"""Negative controls of the second participant: one rule of the document broken in one party, and nothing opens."""

import hmac
import json
from collections.abc import Callable
from hashlib import sha256
from types import ModuleType

import pytest

from protocol.errors import Refusal
from protocol.round.coordinator_round import Unexpected
from protocol.round.transitions import State
from protocol.wire import NotCanonical
from tests import example
from tests.mixed_rounds import NotOpened, noised_sum, world
from tests.reference import agreement as agreement_module
from tests.reference import honest_round, honest_vectors, honest_wire
from tests.reference.honest_wire import Json, canonical, labelled_hash
from tests.rounds import EVERYONE

BROKEN = example.SCHOOLS[0]


def _sign_turned(own: str, peer: str) -> int:
    return 1 if own > peer else -1


def _big_end_words(body: bytes, word_bits: int) -> list[int]:
    step = word_bits // 8
    return [int.from_bytes(body[at : at + step], "big") for at in range(0, len(body), step)]


def _keys_without_context(pair: bytes, _context: bytes) -> bytes:
    return hmac.new(pair, b"", sha256).digest()


def _keys_in_own_order(id_1: str, public_1: bytes, id_2: str, public_2: bytes) -> bytes:
    parts = (b"pair", id_1.encode(), public_1, id_2.encode(), public_2)
    return b"".join(map(honest_wire.behind_length, parts))


def _context_without_nonces(offer: Json, readies: list[Json]) -> bytes:
    commitments = [bytes.fromhex(ready["commitment"]) for ready in readies]
    return labelled_hash("ctx", sha256(canonical(offer)).digest(), *commitments)


def _unsorted_json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("module", "name", "broken"),
    [
        (honest_vectors, "sign_of", _sign_turned),
        (honest_vectors, "words_of", _big_end_words),
        (honest_vectors, "slot_key", _keys_without_context),
        (agreement_module, "pair_info", _keys_in_own_order),
    ],
    ids=["sign", "big end", "no context in the keys", "pair in own order"],
)
def test_a_party_with_a_wrong_mask_opens_nothing(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str, broken: Callable[..., object]
) -> None:
    """Negative control: everybody objects, ours and the broken one, and nothing is released."""
    monkeypatch.setattr(module, name, broken)
    with pytest.raises(NotOpened) as caught:
        world((BROKEN,)).run(example.QUARTER)
    assert set(caught.value.objections) == set(EVERYONE)
    assert all(caught.value.objections.values())


@pytest.mark.parametrize(
    ("module", "name", "broken", "refusal"),
    [
        (honest_round, "context_of", _context_without_nonces, Unexpected),
        (honest_wire, "canonical", _unsorted_json, NotCanonical),
    ],
    ids=["context without nonces", "unsorted keys"],
)
def test_a_party_with_a_wrong_frame_is_refused(
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    name: str,
    broken: Callable[..., object],
    refusal: type[Refusal],
) -> None:
    """Negative control."""
    monkeypatch.setattr(module, name, broken)
    a_world = world((BROKEN,))
    with pytest.raises(refusal):
        a_world.run(example.QUARTER)
    assert a_world.coordinator.slots[a_world.slot(example.QUARTER)].state is not State.OPENED


def test_broken_parties_among_themselves_do_not_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Why the controls break one party: with every sign turned the masks cancel all the same."""
    monkeypatch.setattr(honest_vectors, "sign_of", _sign_turned)
    a_world = world(EVERYONE)
    assert a_world.run(example.QUARTER) == noised_sum(a_world, example.QUARTER)
