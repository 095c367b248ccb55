"""Computes: encoding, frames, signed heads and their proofs, from sections 1 to 3, 9 and 10 of docs/protocol.md.

Plain dictionaries and bytes; nothing is shared with the house's code. Slow on purpose.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tests.reference.merkle import audit_path, consistency_path, largest_power_below, tree_hash, turns

Json = dict[str, Any]
SIGNATURE_BYTES = 64
ED25519_NOTE = b"\x01"

# What stands in each header beside format, kind, sender, slot and attempt (docs/wire.md).
FIELDS = {
    "propose": {"offer", "consistency"},
    "decline": {"code"},
    "ready": {"offer_digest", "nonce", "commitment", "checkpoint", "consistency", "settled"},
    "commit": {"payload_digest"},
    "upload": {"context", "payload_digest", "checkpoint", "consistency", "lock"},
    "abort": {"checkpoint", "consistency", "abort"},
    "repair": {"context", "gone", "payload_digest"},
    "correction": {"context", "payload_digest"},
    "result": {"context", "gone", "has_vectors", "payload_digest", "checkpoint", "consistency"},
    "verdict": {"context", "objection"},
}


class Refused(Exception):
    """A rule of the document does not hold."""


def require(holds: object, rule: str) -> None:
    """Refuse, naming the rule, unless it holds."""
    if not holds:
        raise Refused(rule)


def canonical(value: object) -> bytes:
    """Return the one encoding of a value. Source: RFC 8785, for ASCII keys and whole numbers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def parsed(body: bytes) -> Json:
    """Return the object that these bytes encode; no other bytes encode it."""
    try:
        value = json.loads(body)
    except ValueError as error:
        raise Refused("what is not one JSON text") from error
    require(isinstance(value, dict), "an object")
    require(canonical(value) == body, "bytes that do not encode back to themselves")
    return dict(value)


def behind_length(part: bytes) -> bytes:
    """Return a part behind its length in eight bytes, big end first."""
    return len(part).to_bytes(8, "big") + part


def labelled_hash(label: str, *parts: bytes) -> bytes:
    """Return H(label, part, ...)."""
    return sha256(b"".join(map(behind_length, (label.encode(), *parts)))).digest()


@dataclass(frozen=True, slots=True)
class Frame:
    """One message as it travelled."""

    header: Json
    header_bytes: bytes
    signature: bytes
    payload: bytes

    @property
    def sender(self) -> str:
        """Who says it has sent this."""
        return str(self.header["sender"])

    @property
    def without_payload(self) -> bytes:
        """Length, header and signature."""
        return len(self.header_bytes).to_bytes(4, "big") + self.header_bytes + self.signature


def sealed(header: Json, key: Ed25519PrivateKey, payload: bytes = b"") -> bytes:
    """Return a signed frame; a header that carries a payload gets its digest here."""
    if "payload_digest" in FIELDS[header["kind"]]:
        header = {**header, "payload_digest": sha256(payload).hexdigest()}
    body = canonical(header)
    return len(body).to_bytes(4, "big") + body + key.sign(b"samenzicht/v1/round\n" + body) + payload


def read_frame(body: bytes, keys: dict[str, bytes], *, payload_left_out: bool = False) -> Frame:
    """Return the message that these bytes hold, if its sender signed it and its payload is the one it names."""
    size = int.from_bytes(body[:4], "big")
    header_bytes, rest = body[4 : 4 + size], body[4 + size :]
    require(len(header_bytes) == size and len(rest) >= SIGNATURE_BYTES, "a whole frame")
    header = parsed(header_bytes)
    named = FIELDS.get(header.get("kind", ""), set())
    require(named, "a kind of message")
    require(set(header) == named | {"format", "kind", "sender", "slot", "attempt"}, "every field and no other")
    require(header["format"] == 1, "format 1")
    require(header["sender"] in keys, "a party of the covenant")
    frame = Frame(header, header_bytes, rest[:SIGNATURE_BYTES], rest[SIGNATURE_BYTES:])
    check_signature(frame.signature, b"samenzicht/v1/round\n" + header_bytes, keys[frame.sender])
    if payload_left_out or "payload_digest" not in named:
        require(not frame.payload, "no payload")
    else:
        require(sha256(frame.payload).hexdigest() == header["payload_digest"], "the payload that the header names")
    return frame


def check_signature(signature: bytes, text: bytes, public: bytes) -> None:
    """Refuse what this key did not sign."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, text)
    except InvalidSignature as error:
        raise Refused("a signature of the sender") from error


def unpacked(payload: bytes) -> list[bytes]:
    """Return the frames in a payload, each behind its length in 8 bytes."""
    frames = []
    while payload:
        size = int.from_bytes(payload[:8], "big")
        require(len(payload) >= 8 + size, "a whole frame behind its length")
        frames.append(payload[8 : 8 + size])
        payload = payload[8 + size :]
    return frames


@dataclass(frozen=True, slots=True)
class Head:
    """The size and root that a checkpoint signs."""

    size: int
    root: bytes


def signed_checkpoint(origin: str, head: Head, key: Ed25519PrivateKey) -> str:
    """Return a checkpoint as a signed note. Source: c2sp.org/tlog-checkpoint, c2sp.org/signed-note."""
    text = f"{origin}\n{head.size}\n{base64.b64encode(head.root).decode()}\n"
    key_id = _key_id(origin, key.public_key().public_bytes_raw())
    return text + f"\n— {origin} {base64.b64encode(key_id + key.sign(text.encode())).decode()}\n"


def head_of(note: str, origin: str, public: bytes) -> Head:
    """Return the head that a checkpoint shows, if it is of this log and this key signed it."""
    text, separator, signature_lines = note.partition("\n\n")
    require(separator, "a signed note")
    text += "\n"
    lines = text.split("\n")
    require(len(lines) == 4 and lines[0] == origin, "a checkpoint of this party's log")
    starts = f"— {origin} "
    own = [line.removeprefix(starts) for line in signature_lines.splitlines() if line.startswith(starts)]
    require(len(own) == 1, "one signature of the log's owner")
    blob = base64.b64decode(own[0])
    require(blob[:4] == _key_id(origin, public), "the key of the covenant")
    check_signature(blob[4:], text.encode(), public)
    return Head(int(lines[1]), base64.b64decode(lines[2]))


def _key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + ED25519_NOTE + public).digest()[:4]


@dataclass(slots=True)
class Log:
    """A party's own log: its leaves in order."""

    leaves: list[bytes] = field(default_factory=list)

    def head(self) -> Head:
        """Return the head as it is now."""
        return Head(len(self.leaves), tree_hash(self.leaves))

    def growth(self, older_sizes: Sequence[int]) -> list[Json]:
        """Return a proof of growth from each of these sizes; the empty log and the log as it is need none."""
        return [
            {"older_size": size, "hashes": [node.hex() for node in consistency_path(size, self.leaves)]}
            for size in older_sizes
            if 0 < size < len(self.leaves)
        ]

    def settled(self, index: int) -> Json:
        """Return an entry with its proof of inclusion."""
        hashes = [node.hex() for node in audit_path(index, self.leaves)]
        return {"entry": self.leaves[index].decode(), "index": index, "hashes": hashes}


def check_settled(settled: Json, head: Head) -> Json:
    """Return the entry, if the log with this head has it."""
    index, hashes = settled["index"], settled["hashes"]
    require(index < head.size and len(hashes) == len(turns(index, head.size)), "a proof of this entry")
    node = sha256(b"\x00" + settled["entry"].encode()).digest()
    for side, neighbour in zip(turns(index, head.size), map(bytes.fromhex, hashes), strict=True):
        node = _joined(node, neighbour) if side == "R" else _joined(neighbour, node)
    require(node == head.root, "an entry that is in the log")
    return parsed(settled["entry"].encode())


def check_growth(older: Head, newer: Head, proofs: Sequence[Json]) -> None:
    """Refuse a log that is smaller than it was, has another root at the same size, or does not prove that it grew."""
    require(newer.size >= older.size, "a log that does not shrink")
    if newer.size == older.size:
        require(newer.root == older.root, "one root at one size")
        return
    if older.size == 0:
        return
    fitting = [proof["hashes"] for proof in proofs if proof["older_size"] == older.size]
    require(fitting, "a proof of growth from the head that was seen")
    hashes = [bytes.fromhex(node) for node in fitting[0]]
    roots = _regrown(older.size, newer.size, hashes, older.root)
    require(roots == (older.root, newer.root) and not hashes, "a log that only grew")


def _regrown(older: int, newer: int, hashes: list[bytes], root: bytes | None) -> tuple[bytes, bytes]:
    """Return the old and new root that a proof leads to; uses hashes up. Source: RFC 6962 section 2.1.2, backwards.

    root: the old root while the old tree is the left side of this one, where the proof leaves it out.
    """
    if older == newer:
        node = root or _next(hashes)
        return node, node
    k = largest_power_below(newer)
    if older <= k:
        old, new = _regrown(older, k, hashes, root)
        return old, _joined(new, _next(hashes))
    old, new = _regrown(older - k, newer - k, hashes, None)
    left = _next(hashes)
    return _joined(left, old), _joined(left, new)


def _next(hashes: list[bytes]) -> bytes:
    require(hashes, "a whole proof of growth")
    return hashes.pop(0)


def _joined(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()
