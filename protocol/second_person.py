"""Computes: the second person's word on a release. Nobody publishes alone.

A signed release has one signature, the coordinator's own. The other is a named officer's of the coordinator in the
covenant, with a key of its own, over the same bytes; it stands beside the release in every bundle, and its digest is in
the coordinator's log, in the transaction that publishes.
"""

from typing import ClassVar, Literal

from protocol.covenant.covenant import Covenant
from protocol.digest import digest_of_bytes
from protocol.errors import AgreementRefusal
from protocol.release import Release
from protocol.signing import Purpose, SigningKey, sign, verify
from protocol.study.approval import named_officer
from protocol.wire import WireValue
from protocol.words.ids import Digest, OfficerId, Signature


class NoSecondPerson(AgreementRefusal):
    """A release without the word of a second person, or with one that does not fit it."""


class SecondSignature(WireValue):
    """An officer's signature over a release."""

    max_bytes: ClassVar[int] = 1_000  # three short texts

    kind: Literal["second-signature"] = "second-signature"
    format: Literal[1] = 1
    officer: OfficerId
    release_digest: Digest
    signature: Signature


def second_signature(release: Release, *, officer: OfficerId, key: SigningKey) -> SecondSignature:
    """Return an officer's signature over a release."""
    body = release.encode()
    signature = sign(body, key=key, purpose=Purpose.RELEASE)
    return SecondSignature(officer=officer, release_digest=digest_of_bytes(body), signature=signature)


def names_second_person(covenant: Covenant) -> bool:
    """Return whether the coordinator has an officer in the covenant, so that every release needs a second person."""
    return bool(covenant.coordinator.officers)


def check_second(second: SecondSignature, release: Release, covenant: Covenant) -> None:
    """Refuse unless a named officer of the coordinator signed exactly this release.

    Not promised: that the officer is another person than the operator; the covenant's parties see to that.
    Raises: NoSecondPerson, UnknownOfficer, BadSignature, WeakKey.
    """
    body = release.encode()
    if second.release_digest != digest_of_bytes(body):
        raise not_signed_by_second("a second signature over another release")
    officer = named_officer(covenant, covenant.coordinator.id, second.officer)
    verify(second.signature, body, key=officer.key, purpose=Purpose.RELEASE, signer=f"officer {officer.id}")


def not_signed_by_second(got: str) -> NoSecondPerson:
    """Return the refusal of what the second person did not sign."""
    return NoSecondPerson(
        got=got,
        wanted="the signature of a named officer of the coordinator over exactly this release",
        act="the second person must look at the figures and sign",
        hint="samenzicht-coordinator approve-release PERIOD --officer ID --key FILE",
    )
