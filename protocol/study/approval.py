"""Computes: an officer's signed word on a study. A node runs nothing that no officer of its party approved."""

from datetime import date
from enum import StrEnum
from typing import Literal

from protocol.covenant.covenant import Covenant
from protocol.covenant.party import Officer
from protocol.digest import digest_of
from protocol.errors import AgreementRefusal
from protocol.signing import Purpose, verify
from protocol.study.study import Study
from protocol.wire import WireValue
from protocol.words.ids import Digest, OfficerId, PartyId, Signature


class UnknownOfficer(AgreementRefusal):
    """A person whom the covenant does not name as an officer of the party."""


class NotApproved(AgreementRefusal):
    """A study that is not approved: another one was, the approval ended, or the officer refused."""


class Decision(StrEnum):
    """What the officer said."""

    APPROVED = "approved"
    REFUSED = "refused"


class Approval(WireValue):
    """One officer's decision on exactly one study, until a last day."""

    kind: Literal["approval"] = "approval"
    format: Literal[1] = 1
    study_digest: Digest
    party: PartyId
    officer: OfficerId
    decision: Decision
    decided_on: date
    valid_until: date


class SignedApproval(WireValue):
    """An approval with the officer's signature."""

    kind: Literal["signed-approval"] = "signed-approval"
    format: Literal[1] = 1
    approval: Approval
    signature: Signature


def check_approval(signed: SignedApproval, study: Study, covenant: Covenant, *, on: date) -> None:
    """Refuse unless a named officer approved exactly this study and the approval holds on this day.

    Raises: UnknownParty, UnknownOfficer, BadSignature, WeakKey, NotApproved.
    """
    approval = signed.approval
    officer = named_officer(covenant, approval.party, approval.officer)
    verify(
        signed.signature, approval.encode(), key=officer.key, purpose=Purpose.APPROVAL, signer=f"officer {officer.id}"
    )
    holds = approval.decided_on <= on <= approval.valid_until
    if approval.study_digest != digest_of(study) or approval.decision is not Decision.APPROVED or not holds:
        raise NotApproved(
            got=f"study {study.id}, which {approval.party} has not approved for {on}",
            wanted="an approval of exactly this study that has not ended",
            act=f"an officer of {approval.party} must read the study and decide",
            hint=f"samenzicht-node approve {study.id}",
        )


def named_officer(covenant: Covenant, party_id: PartyId, officer_id: OfficerId) -> Officer:
    """Return the officer whom the covenant names.

    Raises: UnknownParty, UnknownOfficer.
    """
    for officer in covenant.party(party_id).officers:
        if officer.id == officer_id:
            return officer
    raise UnknownOfficer(
        got=f"officer {officer_id} of {party_id}",
        wanted="an officer named in the covenant",
        act=f"{party_id} must let a named officer sign, or the parties must sign a new version",
    )
