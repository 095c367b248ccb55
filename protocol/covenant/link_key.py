"""Computes: a party's signed word that a key of the carrier is its own; the carrier's own registry proves nothing.

The coordinator signs for the authority of its TLS certificate; a partner for the key with which its node logs in, and
for the certificate that it shows at the edge.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import StringConstraints

from protocol.covenant.covenant import Covenant
from protocol.errors import AgreementRefusal
from protocol.signing import Purpose, SigningKey, sign, verify
from protocol.wire import WireValue
from protocol.words.ids import PartyId, Signature

MAX_KEY_CHARACTERS = 4_096  # a P-256 certificate is about 700
Der = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]+={0,2}$", max_length=MAX_KEY_CHARACTERS)]


class ForeignLinkKey(AgreementRefusal):
    """A key of the carrier that the covenant's party did not sign for, for another use, or no longer valid."""


class LinkUse(StrEnum):
    """What the key is for."""

    CLIENT = "client"
    NODE = "node"
    AUTHORITY = "authority"


class LinkKey(WireValue):
    """A key of the carrier. key: a node's public key, or the certificate of a client or an authority; DER in base64."""

    kind: Literal["link-key"] = "link-key"
    format: Literal[1] = 1
    party: PartyId
    use: LinkUse
    key: Der
    valid_until: date


class SignedLinkKey(WireValue):
    """The same with the signature of the party's identity key."""

    kind: Literal["signed-link-key"] = "signed-link-key"
    format: Literal[1] = 1
    link_key: LinkKey
    signature: Signature


def sign_link_key(link_key: LinkKey, key: SigningKey) -> SignedLinkKey:
    """Return a party's word on its key."""
    return SignedLinkKey(link_key=link_key, signature=sign(link_key.encode(), key=key, purpose=Purpose.LINK))


def check_link_key(signed: SignedLinkKey, covenant: Covenant, *, party: PartyId, use: LinkUse, on: date) -> None:
    """Refuse unless this party of the covenant signed for the key, for this use, and it holds on this day.

    Raises: UnknownParty, BadSignature, WeakKey, ForeignLinkKey.
    """
    stated = signed.link_key
    signer = covenant.party(party)
    verify(signed.signature, stated.encode(), key=signer.identity_key, purpose=Purpose.LINK, signer=party)
    if (stated.party, stated.use) != (party, use) or on > stated.valid_until:
        raise ForeignLinkKey(
            got=f"a key for {use} that {party} did not sign for, or not until {on}",
            wanted=f"the key of {party} for {use}",
            act=f"{party} must sign for the key that it uses, and send the file again",
        )
