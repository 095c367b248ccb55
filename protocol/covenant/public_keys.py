"""Computes nothing: the public file of a party, which its `keys` command writes and the coordinator puts in a covenant.

Not signed: whoever signs the covenant compares the keys in it with its own. The coordinator learns them outside the
round, and no node ever takes a key from anywhere but the covenant that it pinned.
"""

from typing import Annotated, Literal

from pydantic import Field

from protocol.covenant.party import MAX_OFFICERS, Officer
from protocol.wire import WireValue
from protocol.words.ids import AgreementKey, IdentityKey, PartyId


class PublicKeys(WireValue):
    """The public halves of a party's keys, and its officers, in order of id."""

    kind: Literal["public-keys"] = "public-keys"
    format: Literal[1] = 1
    party: PartyId
    identity_key: IdentityKey
    agreement_key: AgreementKey
    officers: Annotated[tuple[Officer, ...], Field(max_length=MAX_OFFICERS)]
