"""Computes: a message as bytes. Header length, header, signature, payload; the header names the payload by its digest.

4 bytes, big end first   length of the header
header                   canonical JSON (`messages.py`)
64 bytes                 Ed25519 over "samenzicht/v1/round", newline, header
the rest                 payload: a masked vector, or frames each behind its length in 8 bytes; else nothing
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice

from protocol.covenant.covenant import Covenant
from protocol.errors import RoundRefusal
from protocol.round.messages import FROM_COORDINATOR, MAX_PARTICIPANTS, MESSAGES, WITH_PAYLOAD, Header
from protocol.signing import Purpose, SigningKey, sign, verify
from protocol.wire import check_json
from protocol.words.ids import Digest, Signature

HEADER_LENGTH_BYTES = 4
SIGNATURE_BYTES = 64
FRAME_LENGTH_BYTES = 8
MAX_FRAMES = 2 * MAX_PARTICIPANTS  # a RESULT after a repair: an upload and a correction of each
MAX_HEADER_BYTES = max(kind.max_bytes for kind in MESSAGES.values())
_ACT = "the sender must send the message as the protocol prescribes"


class BadFrame(RoundRefusal):
    """Bytes that are no frame: too short, too long, or of no known kind."""


class PayloadMismatch(RoundRefusal):
    """A payload that is not the one that the signed header names, or a payload where none belongs."""


class WrongSender(RoundRefusal):
    """A message from somebody who may not send this kind in this covenant."""


@dataclass(frozen=True, slots=True, repr=False)
class Frame:
    """One message: its header, the signature under it, and its payload (empty for most kinds)."""

    header: Header
    signature: bytes
    payload: bytes

    def encode(self) -> bytes:
        """Return the bytes that travel."""
        return self.signed_part() + self.payload

    def signed_part(self) -> bytes:
        """Return the frame without its payload: the header names it, so this proves who sent what."""
        header = self.header.encode()
        return len(header).to_bytes(HEADER_LENGTH_BYTES, "big") + header + self.signature


def seal(header: Header, *, key: SigningKey, payload: bytes = b"") -> Frame:
    """Return a signed message. The header must name the payload: `digest_of_payload`."""
    return Frame(header, bytes.fromhex(sign(header.encode(), key=key, purpose=Purpose.ROUND)), payload)


def digest_of_payload(payload: bytes) -> Digest:
    """Return the name of a payload."""
    return Digest(sha256(payload).hexdigest())


def parse_frame(body: bytes, *, source: str, max_payload_bytes: int, without_payload: bool = False) -> Frame:
    """Return the frame of these bytes; `check_sender` must still say whether it is signed.

    without_payload: accept the signed part alone, as in a RESULT above the size limit.
    Raises: BadFrame, PayloadMismatch, and the refusals of `protocol.wire`.
    """
    length = int.from_bytes(body[:HEADER_LENGTH_BYTES], "big")
    header_end = HEADER_LENGTH_BYTES + length
    start = header_end + SIGNATURE_BYTES
    if length > MAX_HEADER_BYTES or start > len(body) or len(body) - start > max_payload_bytes:
        raise BadFrame(
            got=f"{len(body)} bytes from {source} that are no frame",
            wanted=f"a header of at most {MAX_HEADER_BYTES} bytes, a signature, at most {max_payload_bytes} more",
            act=_ACT,
        )
    header = _header(body[HEADER_LENGTH_BYTES:header_end], source)
    frame = Frame(header, body[header_end:start], body[start:])
    if not (without_payload and not frame.payload):
        _check_payload(frame, source)
    return frame


def check_sender(frame: Frame, covenant: Covenant) -> None:
    """Refuse a message that its sender did not sign, or that this party may not send.

    Raises: UnknownParty, WrongSender, BadSignature, WeakKey.
    """
    header = frame.header
    party = covenant.party(header.sender)
    if isinstance(header, FROM_COORDINATOR) != (party.id == covenant.coordinator.id):
        raise WrongSender(
            got=f"a {type(header).__name__} from {party.id}",
            wanted="coordinator and participants each in their own part",
            act="the receiver must ignore it and keep it as evidence",
        )
    verify(
        Signature(frame.signature.hex()),
        header.encode(),
        key=party.identity_key,
        purpose=Purpose.ROUND,
        signer=party.id,
    )


def pack(frames: Sequence[bytes]) -> bytes:
    """Return frames as one payload."""
    return b"".join(len(frame).to_bytes(FRAME_LENGTH_BYTES, "big") + frame for frame in frames)


def unpack(payload: bytes, *, source: str) -> tuple[bytes, ...]:
    """Return the frames of a payload.

    Raises: BadFrame.
    """
    # A gibibyte of empty frames would be 134 million: no more are made than are needed to see that there are too many.
    frames = tuple(islice(_unpacked(payload), MAX_FRAMES + 1))
    if len(frames) > MAX_FRAMES or pack(frames) != payload:
        raise BadFrame(got=f"a payload from {source} that is no list of frames", wanted="length, frame, ...", act=_ACT)
    return frames


def _unpacked(payload: bytes) -> Iterator[bytes]:
    place = 0
    while place < len(payload):
        start = place + FRAME_LENGTH_BYTES
        place = start + int.from_bytes(payload[start - FRAME_LENGTH_BYTES : start], "big")
        yield payload[start:place]  # a length beyond the end gives a short frame, which `unpack` sees


def _header(body: bytes, source: str) -> Header:
    check_json(body, source=source, max_bytes=MAX_HEADER_BYTES)
    tree = json.loads(body)
    name = tree.get("kind") if isinstance(tree, dict) else None
    kind = MESSAGES.get(name) if isinstance(name, str) else None
    if kind is None:
        raise BadFrame(got=f"a message of no known kind from {source}", wanted=", ".join(sorted(MESSAGES)), act=_ACT)
    return kind.parse(body, source=source)


def _check_payload(frame: Frame, source: str) -> None:
    named = getattr(frame.header, "payload_digest", None)
    expected = digest_of_payload(frame.payload) if isinstance(frame.header, WITH_PAYLOAD) else None
    if named != expected or (expected is None and frame.payload):
        raise PayloadMismatch(
            got=f"a {type(frame.header).__name__} from {source} with another payload than it names",
            wanted="the payload whose SHA-256 stands in the header, or none",
            act=_ACT,
        )
