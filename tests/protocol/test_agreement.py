"""Key agreement: both sides get one key, every context another, and no dangerous public key gets through."""

import copy
import logging
import pickle
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from protocol.agreement import (
    _SMALL_ORDER_U,
    AllZeroSecret,
    KeyNotCanonical,
    NotOwnKey,
    OwnKeyReflected,
    PairKey,
    PartyKey,
    SlotKey,
    SmallOrderKey,
    WrongDigest,
    _shared_secret,
    agree,
    check_public_key,
    slot_key,
)
from protocol.errors import Refusal
from protocol.words.ids import AgreementKey, Digest, PartyId
from tests import example
from tests.make_round_vectors import agreement_vectors, files
from tests.reference import agreement as reference

VECTORS = agreement_vectors()
COVENANT = Digest("3b" * 32)


def private_key(label: str) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(example.secret(f"agree {label}"))


def party_key(label: str) -> PartyKey:
    return PartyKey(PartyId(label), AgreementKey(example.agreement_hex(label)))


def agreed(own: str, peer: str, covenant: Digest = COVENANT) -> PairKey:
    return agree(private_key(own), own=party_key(own), peer=party_key(peer), covenant_digest=covenant)


# The reference itself, against the figures that the RFCs print.


@pytest.mark.parametrize(
    ("scalar", "point", "result"),
    [
        (
            "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
            "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
        ),
        (
            "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
            "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
            "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
        ),
    ],
)
def test_reference_and_library_give_the_products_of_rfc_7748(scalar: str, point: str, result: str) -> None:
    """RFC 7748 section 5.2."""
    assert reference.x25519(bytes.fromhex(scalar), bytes.fromhex(point)).hex() == result
    library = X25519PrivateKey.from_private_bytes(bytes.fromhex(scalar))
    assert library.exchange(X25519PublicKey.from_public_bytes(bytes.fromhex(point))).hex() == result


def test_reference_gives_the_iterated_products_of_rfc_7748() -> None:
    """RFC 7748 section 5.2: after one iteration and after a thousand."""
    scalar = point = reference.BASE_POINT
    after = {}
    for count in range(1, 1001):
        scalar, point = reference.x25519(scalar, point), scalar
        after[count] = scalar.hex()
    assert after[1] == "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"
    assert after[1000] == "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"


def test_reference_hkdf_gives_the_first_bytes_of_rfc_5869() -> None:
    """RFC 5869 appendix A.1, of which 32 bytes are one block."""
    salt, info = bytes(range(13)), bytes(range(0xF0, 0xFA))
    expected = "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
    assert reference.hkdf_32(b"\x0b" * 22, salt=salt, info=info).hex() == expected


def test_alice_and_bob_of_rfc_7748_agree() -> None:
    """RFC 7748 section 6.1: the shared secret is printed there; HKDF over it is the reference's."""
    alice, bob = (
        X25519PrivateKey.from_private_bytes(bytes.fromhex(text))
        for text in (
            "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
            "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
        )
    )
    alice_public = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
    bob_public = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"
    alice_key = PartyKey(PartyId("alice"), AgreementKey(alice_public))
    bob_key = PartyKey(PartyId("bob"), AgreementKey(bob_public))
    info = reference.pair_info("bob", bytes.fromhex(bob_public), "alice", bytes.fromhex(alice_public))
    secret = bytes.fromhex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742")
    expected = reference.hkdf_32(secret, salt=bytes.fromhex(COVENANT), info=info)
    assert agree(alice, own=alice_key, peer=bob_key, covenant_digest=COVENANT).reveal() == expected
    assert agree(bob, own=bob_key, peer=alice_key, covenant_digest=COVENANT).reveal() == expected


# Ours against the files that the reference made.


def test_vector_files_are_what_the_reference_makes() -> None:
    for path, text in files().items():
        assert path.read_text() == text, "run python -m tests.make_round_vectors"


@pytest.mark.parametrize("pair", VECTORS["pairs"], ids=lambda pair: f"{pair['low']} {pair['high']}")
def test_both_sides_get_the_keys_of_the_vectors(pair: dict[str, Any]) -> None:
    parties = {party["id"]: party for party in VECTORS["parties"]}
    for own_id, peer_id in ((pair["low"], pair["high"]), (pair["high"], pair["low"])):
        key = agree(
            X25519PrivateKey.from_private_bytes(bytes.fromhex(parties[own_id]["private_key"])),
            own=PartyKey(PartyId(own_id), AgreementKey(parties[own_id]["public_key"])),
            peer=PartyKey(PartyId(peer_id), AgreementKey(parties[peer_id]["public_key"])),
            covenant_digest=Digest(VECTORS["covenant_digest"]),
        )
        assert key.reveal().hex() == pair["pair_key"]
        for slot in pair["slot_keys"]:
            derived = slot_key(key, bytes.fromhex(slot["ctx"]))
            assert derived.reveal().hex() == slot["slot_key"]
            assert derived.adds is (own_id == pair["low"])


# Dangerous public keys.


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: f"{case['code']} {case['public_key']}")
def test_a_dangerous_public_key_is_refused(case: dict[str, str]) -> None:
    """S14: all five points of small order, every other encoding of them, and other encodings of good points."""
    peer = PartyKey(PartyId("school-b"), AgreementKey(case["public_key"]))
    with pytest.raises((SmallOrderKey, KeyNotCanonical)) as caught:
        check_public_key(peer)
    assert caught.value.code == case["code"]
    with pytest.raises((SmallOrderKey, KeyNotCanonical)) as caught:
        agree(private_key("school-a"), own=party_key("school-a"), peer=peer, covenant_digest=COVENANT)
    assert caught.value.code == case["code"]


def test_the_refused_points_give_zero_for_any_private_key_and_a_good_one_does_not() -> None:
    """S14, control: the list is true. The slow ladder multiplies each of them by three private keys."""
    for scalar in (bytes([7] * 32), bytes([200] * 32), example.secret("any")):
        for u in _SMALL_ORDER_U:
            assert reference.x25519(scalar, u.to_bytes(32, "little")) == bytes(32)
        assert reference.x25519(scalar, reference.BASE_POINT) != bytes(32)


@pytest.mark.parametrize("u", sorted(_SMALL_ORDER_U))
def test_a_zero_secret_is_refused_even_if_the_list_missed_its_point(u: int) -> None:
    """S14: the second of the two checks, alone."""
    peer = PartyKey(PartyId("school-b"), AgreementKey(u.to_bytes(32, "little").hex()))
    with pytest.raises(AllZeroSecret):
        _shared_secret(private_key("school-a"), peer)


@pytest.mark.parametrize(
    "text",
    ["", "ab", "9b" * 33, "zz" * 32, "AB" + "11" * 31, "11 " + "11" * 31],
    ids=["empty", "short", "long", "not hex", "upper case", "with a space"],
)
def test_a_public_key_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(KeyNotCanonical):
        check_public_key(PartyKey(PartyId("school-b"), AgreementKey(text)))


def test_the_own_key_or_id_shown_back_is_refused() -> None:
    """S14: the own key reflected under another id, and another key under the own id."""
    own = party_key("school-a")
    mirror = PartyKey(PartyId("school-b"), own.public_key)
    namesake = PartyKey(own.party_id, party_key("school-b").public_key)
    for peer in (mirror, namesake):
        with pytest.raises(OwnKeyReflected):
            agree(private_key("school-a"), own=own, peer=peer, covenant_digest=COVENANT)


def test_the_own_key_in_another_dress_is_refused() -> None:
    """S14: with the unused top bit set it is the same point in other bytes, so that comparing bytes would miss it."""
    plain = bytes.fromhex(party_key("school-a").public_key)
    dressed = plain[:31] + bytes([plain[31] | 0x80])
    scalar = example.secret("agree school-b")
    assert reference.x25519(scalar, dressed) == reference.x25519(scalar, plain)
    with pytest.raises(KeyNotCanonical):
        check_public_key(PartyKey(PartyId("school-b"), AgreementKey(dressed.hex())))


def test_a_private_key_of_another_covenant_version_is_refused() -> None:
    last_year = private_key("school-a of last year")
    with pytest.raises(NotOwnKey):
        agree(last_year, own=party_key("school-a"), peer=party_key("school-b"), covenant_digest=COVENANT)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_digest_or_context_or_key_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(WrongDigest):
        agreed("school-a", "school-b", Digest("11" * length))
    pair = agreed("school-a", "school-b")
    with pytest.raises(WrongDigest):
        slot_key(pair, bytes(length))
    with pytest.raises(WrongDigest):
        PairKey(bytes(length), own_id=PartyId("school-a"), peer_id=PartyId("school-b"))


# Distinct keys.


def contexts() -> Iterator[bytes]:
    """Yield a context for each of 2 labels, 6 slots and 5 attempts."""
    for label in ("ctx", "repair"):
        for slot in range(6):
            for attempt in range(5):
                yield sha256(f"{label}|slot {slot}|attempt {attempt}".encode()).digest()


def count_slot_keys(derive: Callable[[bytes, bytes], bytes]) -> tuple[int, int]:
    """Return how many (pair, context) there are among six parties, and how many keys they give."""
    names = ["ggd-a", "ggz-b", "politie-c", "school-d", "vt-e", "witness-f"]
    pairs = {(own, peer): agreed(own, peer).reveal() for own in names for peer in names if own != peer}
    assert all(pairs[own, peer] == pairs[peer, own] for own, peer in pairs)  # symmetric
    keys = [derive(key, ctx) for (own, peer), key in pairs.items() if own < peer for ctx in contexts()]
    return len(keys), len(set(keys))


def ours(pair: bytes, ctx: bytes) -> bytes:
    return slot_key(PairKey(pair, own_id=PartyId("school-a"), peer_id=PartyId("school-b")), ctx).reveal()


def test_keys_differ_over_slots_attempts_labels_and_pairs_and_are_256_bits() -> None:
    """R14, with two derivations that are caught: one forgets the context, one keeps 8 bits."""
    assert count_slot_keys(ours) == (900, 900)
    assert len(ours(bytes(32), bytes(32))) == 32
    assert count_slot_keys(lambda pair, _ctx: pair) == (900, 15)
    uses, keys = count_slot_keys(lambda pair, ctx: ours(pair, ctx)[:1])
    assert keys < uses


def test_another_covenant_gives_another_key() -> None:
    assert agreed("school-a", "school-b").reveal() != agreed("school-a", "school-b", Digest("3c" * 32)).reveal()


def test_ten_thousand_rounds_never_repeat_a_key() -> None:
    """S15. Control: a key of the period alone, which every second attempt repeats."""
    pair = agreed("school-a", "school-b").reveal()
    rounds = [(period, attempt) for period in range(5_000) for attempt in range(2)]
    assert len({ours(pair, sha256(f"{period}|{attempt}".encode()).digest()) for period, attempt in rounds}) == 10_000
    assert len({ours(pair, sha256(f"{period}".encode()).digest()) for period, _ in rounds}) == 5_000


# Silence.


@dataclass(frozen=True)
class Loud:
    """What a key would be if it were an ordinary dataclass: the control."""

    key: bytes


def voices(secret: Any) -> Iterator[str]:  # noqa: ANN401 - any object, a key or the control
    """Yield every text into which an object could slip: print, log line, copy, pickle."""
    yield from (repr(secret), str(secret), f"{secret}", f"{[secret]}")
    yield logging.LogRecord("round", logging.INFO, __file__, 1, "key %s", (secret,), None).getMessage()
    for write in (pickle.dumps, copy.copy, copy.deepcopy, asdict, vars):
        try:
            yield repr(write(secret))
        except TypeError as error:
            yield str(error)


@pytest.mark.parametrize("kind", [PairKey, SlotKey])
def test_a_key_prints_logs_copies_and_pickles_as_nothing(kind: type[PairKey | SlotKey]) -> None:
    raw = b"thirty-two bytes that must stay!"
    secret = kind(raw, own_id=PartyId("school-a"), peer_id=PartyId("school-b"))
    assert repr(secret) == f"{kind.__name__}(school-a, school-b)"
    for voice in voices(secret):
        assert "thirty-two" not in voice
        assert raw.hex() not in voice
    for write in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="never copied, pickled or sent"):
            write(secret)
    assert all("thirty-two" in voice for voice in voices(Loud(raw)))


def test_no_refusal_names_a_key() -> None:
    own, secret = party_key("school-a"), example.secret("agree school-a")
    for public in ("00" * 32, "ff" * 32, own.public_key):
        peer = PartyKey(PartyId("school-b"), AgreementKey(public))
        with pytest.raises(Refusal) as caught:
            agree(private_key("school-a"), own=own, peer=peer, covenant_digest=COVENANT)
        for text in (secret.hex(), own.public_key, public):
            assert text not in f"{caught.value!r} {caught.value}"
