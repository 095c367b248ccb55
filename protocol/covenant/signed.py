"""Computes: the covenant with the signatures of all its parties, and when it counts."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from protocol.covenant.covenant import MAX_PARTIES, Covenant
from protocol.covenant.rules import UnsortedParties, WrongVersion, check_rules
from protocol.digest import digest_of
from protocol.errors import AgreementRefusal, Refusal, SignatureRefusal, refuse_all
from protocol.signing import Purpose, verify
from protocol.wire import WireValue
from protocol.words.ids import PartyId, Signature
from protocol.words.order import is_strictly_ascending


class MissingSignature(AgreementRefusal):
    """A party of the covenant has not signed it."""


class ForeignSignature(AgreementRefusal):
    """A signature of somebody the covenant does not name."""


class OutsideValidity(AgreementRefusal):
    """A covenant on a day on which it does not hold."""


class PartySignature(WireValue):
    """One party's signature."""

    signer: PartyId
    signature: Signature


class SignedCovenant(WireValue):
    """A covenant and the signatures under it, in order of signer; parsing it proves nothing yet."""

    kind: Literal["signed-covenant"] = "signed-covenant"
    format: Literal[1] = 1
    covenant: Covenant
    signatures: Annotated[tuple[PartySignature, ...], Field(max_length=MAX_PARTIES)]


def check_covenant(signed: SignedCovenant, *, on: date) -> None:
    """Refuse a covenant that breaks a rule, lacks a signature or does not hold on this day: the whole check.

    Raises: the refusals of `rules.py`, of `check_signatures` and of `check_valid_on`.
    """
    check_rules(signed.covenant)
    check_signatures(signed)
    check_valid_on(signed.covenant, on)


def check_signatures(signed: SignedCovenant) -> None:
    """Refuse unless every party, and nobody else, signed exactly this covenant.

    Raises: MissingSignature, ForeignSignature, UnsortedParties, BadSignature, WeakKey; several as Refusals.
    """
    covenant = signed.covenant
    body = covenant.encode()
    problems: list[Refusal] = []
    signers = [entry.signer for entry in signed.signatures]
    if not is_strictly_ascending(signers):
        problems.append(
            UnsortedParties(
                got="signatures out of order or doubled",
                wanted="one a party, in order",
                act="the coordinator must collect them again",
            )
        )
    known = {party.id for party in covenant.parties}
    problems.extend(
        MissingSignature(got=f"no signature of {party_id}", wanted="all parties", act=f"{party_id} must sign")
        for party_id in sorted(known - set(signers))
    )
    for entry in signed.signatures:
        if entry.signer not in known:
            problems.append(
                ForeignSignature(
                    got=f"a signature of {entry.signer}",
                    wanted="parties of the covenant only",
                    act="the coordinator must remove it",
                )
            )
            continue
        try:
            key = covenant.party(entry.signer).identity_key
            verify(entry.signature, body, key=key, purpose=Purpose.COVENANT, signer=entry.signer)
        except SignatureRefusal as refusal:
            problems.append(refusal)
    refuse_all(tuple(problems), subject="signed covenant")


def check_valid_on(covenant: Covenant, day: date) -> None:
    """Refuse a covenant on a day outside its validity.

    Raises: OutsideValidity.
    """
    if not covenant.valid_from <= day <= covenant.valid_until:
        raise OutsideValidity(
            got=f"covenant {covenant.id} version {covenant.version} on {day}",
            wanted=f"a day from {covenant.valid_from} to {covenant.valid_until}",
            act="the parties must sign a new version",
        )


def check_successor(old: Covenant, new: Covenant) -> None:
    """Refuse a new version that does not follow the old one.

    Raises: WrongVersion.
    """
    if (new.id, new.version, new.previous) != (old.id, old.version + 1, digest_of(old)):
        raise WrongVersion(
            got=f"covenant {new.id} version {new.version} after {old.id} version {old.version}",
            wanted="the same id, the next version, and the digest of the one before",
            act="the coordinator must draw it up from the version that is in force",
        )
