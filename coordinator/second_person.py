"""Computes: the second person's word on a release. Nobody publishes alone.

The value on the wire has one signature, the coordinator's own. The other is a named officer's of the coordinator in the
covenant, with a key of its own, over the same bytes; it is kept beside the release, and its digest is in the log, in
the transaction that publishes.
"""

import json
from dataclasses import dataclass
from hashlib import sha256

from coordinator.errors import OperatorRefusal
from protocol.covenant.covenant import Covenant
from protocol.digest import digest_of
from protocol.release import Release
from protocol.signing import Purpose, SigningKey, sign, verify
from protocol.study.approval import named_officer
from protocol.wire import canonical, check_json
from protocol.words.ids import Digest, OfficerId, Signature

MAX_BYTES = 1_000  # three texts
_FIELDS = {"officer", "release_digest", "signature"}


class NoSecondPerson(OperatorRefusal):
    """A release without the word of a second person, or with one that does not fit it."""


@dataclass(frozen=True, slots=True)
class SecondSignature:
    """An officer's signature over a release."""

    officer: OfficerId
    release_digest: Digest
    signature: Signature

    @property
    def digest(self) -> Digest:
        """What the log names it by."""
        return Digest(sha256(self.encode()).hexdigest())

    def encode(self) -> bytes:
        """Return its one encoding."""
        fields = {"officer": self.officer, "release_digest": self.release_digest, "signature": self.signature}
        return canonical(fields)


def second_signature(release: Release, *, officer: OfficerId, key: SigningKey) -> SecondSignature:
    """Return an officer's signature over a release."""
    return SecondSignature(officer, digest_of(release), sign(release.encode(), key=key, purpose=Purpose.RELEASE))


def parse_second(body: bytes) -> SecondSignature:
    """Return the signature that a file holds.

    Raises: NoSecondPerson, and what `check_json` raises.
    """
    check_json(body, source="the second signature", max_bytes=MAX_BYTES)
    tree = json.loads(body)
    if not isinstance(tree, dict) or set(tree) != _FIELDS or not all(isinstance(text, str) for text in tree.values()):
        raise _refused("a file that is no second signature")
    found = SecondSignature(OfficerId(tree["officer"]), Digest(tree["release_digest"]), Signature(tree["signature"]))
    if found.encode() != body:
        raise _refused("a second signature in another encoding")
    return found


def check_second(second: SecondSignature, release: Release, covenant: Covenant) -> None:
    """Refuse unless a named officer of the coordinator signed exactly this release.

    Raises: NoSecondPerson, UnknownOfficer, BadSignature, WeakKey.
    """
    if second.release_digest != digest_of(release):
        raise _refused("a second signature over another release")
    officer = named_officer(covenant, covenant.coordinator.id, second.officer)
    try:
        bytes.fromhex(second.signature)
    except ValueError:
        raise _refused("a second signature that is no hexadecimal text") from None
    verify(second.signature, release.encode(), key=officer.key, purpose=Purpose.RELEASE, signer=f"officer {officer.id}")


def missing(release: Release) -> NoSecondPerson:
    """Return the refusal of a release that only one person signed."""
    return _refused(f"a release of {release.period} that one person signed")


def _refused(got: str) -> NoSecondPerson:
    return NoSecondPerson(
        got=got,
        wanted="the signature of a named officer of the coordinator over exactly this release",
        act="the second person must look at the figures and sign",
        hint="samenzicht-coordinator approve-release PERIOD --officer ID --key FILE",
    )
