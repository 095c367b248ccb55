"""Computes nothing: an organisation in a covenant, its officers, and what it may do on what ground."""

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from protocol.cost import NanoRho
from protocol.wire import WireValue
from protocol.words.ids import AgreementKey, ApprovalKey, IdentityKey, Line, OfficerId, PartyId

MAX_OFFICERS = 16  # a partner names its FG, an owner and their deputies; more is a mistake


class Role(StrEnum):
    """What a party does in a round."""

    COORDINATOR = "coordinator"  # combines; is never among the participants
    PARTNER = "partner"  # holds registrations
    WITNESS = "witness"  # takes part without data, to witness; for example a node of the FG


class PartnerType(StrEnum):
    """What kind of registrations a partner holds; a joint table sums partners of one type."""

    VEILIG_THUIS = "veilig-thuis"
    POLITIE = "politie"
    GGD = "ggd"
    SCHOOL = "school"
    GGZ = "ggz"
    VERSLAVINGSZORG = "verslavingszorg"
    DIERENPOLITIE = "dierenpolitie"
    JEUGDHULP = "jeugdhulp"
    GEMEENTE = "gemeente"
    CORPORATIE = "corporatie"
    OTHER = "other"


class Officer(WireValue):
    """A named person who approves studies and declares deliveries for a party."""

    id: OfficerId
    name: Line
    key: ApprovalKey


class WpgPermission(WireValue):
    """The written permission without which police data may not be used for policy (Wpg art. 22, Bpg art. 4:7)."""

    issuer: Line
    issued_on: date
    scope: Line


class Party(WireValue):
    """An organisation in the covenant.

    agreement_key: for masks; None for the coordinator, which has none. yearly_cap: what one unit may lose at this
    party in a covenant year, 0 for a party without data. run_by_coordinator: the node stands in the coordinator's own
    organisation, so that it counts among the parties that may collude.
    """

    id: PartyId
    name: Line
    role: Role
    type: PartnerType | None
    identity_key: IdentityKey
    agreement_key: AgreementKey | None
    officers: Annotated[tuple[Officer, ...], Field(max_length=MAX_OFFICERS)]
    purpose: Line
    legal_ground: Line
    wpg_permission: WpgPermission | None
    yearly_cap: NanoRho
    run_by_coordinator: bool
