"""Computes: a valid frame spoiled by chance: raw bytes, or a header or payload that its sender then signs all the same.

The second kind is what a lying coordinator or partner can send: every signature holds, and the fault lies deeper.
"""

import json
from random import Random

from protocol.ledger.encoding import to_base64
from protocol.ledger.note import sign as sign_note
from protocol.ledger.signing import ed25519_signer
from protocol.round.frame import digest_of_payload, pack, unpack
from protocol.round.witness import log_name
from protocol.words.ids import PartyId
from tests import example
from tests.protocol.round.stages import frame_of, raw
from tests.rounds import EVERYONE

CARRIERS = ("commit", "repair", "result")  # their payload is a list of frames
TREE_SIZES = ("0", "1", "2", "3", "01", "-1", str(2**40), str(2**62), str(2**63))
VALUES: tuple[object, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    2**53 - 1,
    2**63,
    "",
    "0",
    "0" * 64,
    "f" * 64,
    "F" * 64,
    "\x00",
    "é",
    "{}",
    '{"kind":"lock","version":1}',
    '{"kind":["lock"],"version":1}',
    '{"kind":"lock","version":2}',
    "x" * 5_000,
    [],
    {},
    [[]],
    ["0" * 64] * 65,
    "2026-Q1",
    "2026-Q2",
    "2026-13",
    "gemeente",
    "vt-noord",
    "zz-stranger",
    "propose",
    "decline",
    "busy",
)


def spoiled(chance: Random, body: bytes) -> bytes:
    """Return a frame of the same kind in which something is wrong, or by chance nothing."""
    return _raw(chance, body) if chance.random() < 0.3 else _signed(chance, body)


def _raw(chance: Random, body: bytes) -> bytes:
    """Flip, cut, insert, double or overwrite; the signature no longer holds, or stands elsewhere."""
    changed = bytearray(body)
    first = chance.randrange(len(changed))
    last = min(len(changed), first + chance.choice((1, 2, 4, 64)))
    match chance.randrange(5):
        case 0:
            changed[first] ^= 1 << chance.randrange(8)
        case 1:
            del changed[first:last]
        case 2:
            changed[first:first] = chance.randbytes(last - first)
        case 3:
            changed[first:first] = changed[first:last]
        case _:
            changed[first:last] = chance.choice((b"\x00", b"\xff")) * (last - first)
    return bytes(changed)


def _signed(chance: Random, body: bytes) -> bytes:
    frame = frame_of(body)
    tree, payload = json.loads(frame.header.encode()), frame.payload
    part = chance.choice(("header", "payload", "payload", "checkpoint"))
    if part == "payload" and payload:
        payload = _spoiled_payload(chance, payload, tree["kind"])
    elif part == "checkpoint" and "checkpoint" in json.dumps(tree):
        _place_of_checkpoint(tree)["checkpoint"] = _other_head(chance, PartyId(tree["sender"]))
    else:
        _spoil(chance, tree)
    # Most digests are mended, so that the fault inside is what the receiver meets.
    if isinstance(tree.get("payload_digest"), str) and chance.random() < 0.9:
        tree["payload_digest"] = digest_of_payload(payload)
    return raw(tree, signer=frame.header.sender, payload=payload)


def _spoiled_payload(chance: Random, payload: bytes, kind: str) -> bytes:
    if kind not in CARRIERS:
        return _raw(chance, payload)
    frames = list(unpack(payload, source="a test"))
    place = chance.randrange(len(frames))
    match chance.randrange(6):
        case 0:
            frames.pop(place)
        case 1:
            frames.insert(place, frames[chance.randrange(len(frames))])
        case 2:
            chance.shuffle(frames)
        case 3:
            return _raw(chance, payload)
        case _:
            frames[place] = spoiled(chance, frames[place])
    return pack(frames)


def _spoil(chance: Random, tree: object) -> None:
    """Change one value somewhere in the tree, or add or leave out a key or an item."""
    spots = list(_spots(tree))
    holder, key = chance.choice(spots)
    old = holder[key]  # type: ignore[index]  # a list with a place, or an object with a name
    match chance.randrange(5):
        case 0 if isinstance(holder, dict):
            del holder[key]
        case 0 if isinstance(holder, list):
            holder.insert(0, old)
        case 1 if isinstance(holder, dict):
            holder["zz"] = old
        case 2 if isinstance(old, int):
            holder[key] = old + chance.choice((-1, 1, 2**52))  # type: ignore[index]  # idem
        case 2 if isinstance(old, str) and old:
            holder[key] = _spoiled_text(chance, old)  # type: ignore[index]  # idem
        case 3 if isinstance(old, list):
            holder[key] = [*old, *old] if chance.random() < 0.5 else old[:-1]  # type: ignore[index]  # idem
        case _:
            holder[key] = chance.choice(VALUES)  # type: ignore[index]  # idem


def _spots(tree: object) -> list[tuple[object, object]]:
    if isinstance(tree, dict):
        inner = list(tree.items())
    elif isinstance(tree, list):
        inner = list(enumerate(tree))
    else:
        return []
    return [(tree, key) for key, _ in inner] + [spot for _, value in inner for spot in _spots(value)]


def _spoiled_text(chance: Random, text: str) -> str:
    place = chance.randrange(len(text))
    return text[:place] + chance.choice(("", "0", "a", "\n", "\n\n", "=", '"', "—", " ")) + text[place + 1 :]


def _place_of_checkpoint(tree: dict[str, object]) -> dict[str, object]:
    offer = tree.get("offer")
    return offer if isinstance(offer, dict) else tree


def _other_head(chance: Random, party: PartyId) -> str:
    """Return a head that the party signs over any size and root, under its own log's name or another's."""
    owner = party if chance.random() < 0.7 else PartyId(chance.choice(EVERYONE))
    name = log_name(example.covenant().id, owner)
    lines = [name, chance.choice(TREE_SIZES), to_base64(chance.randbytes(chance.choice((32, 32, 32, 31))))]
    text = "".join(f"{line}\n" for line in (*lines, *["more"] * chance.randrange(3)))
    return sign_note(text, ed25519_signer(name, example.signing_key(party))).encode().decode()
