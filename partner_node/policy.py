"""Computes: what this node may do: what the covenant says, the partner's register holds and named officers approved.

Every refusal has its name, and is decided from signed values and the day alone: no record, vault row or file of a
delivery is looked at before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from partner_node.errors import PolicyRefusal
from partner_node.keystore import Keys
from partner_node.profiles.profile import Profile, Route
from partner_node.register import Processing, Register
from protocol.covenant.covenant import Covenant, Unit
from protocol.covenant.party import Role
from protocol.covenant.signed import SignedCovenant, check_covenant
from protocol.digest import digest_of
from protocol.errors import Refusal
from protocol.round.member import Member
from protocol.round.messages import DeclineCode
from protocol.study.approval import Decision, NotApproved, SignedApproval, check_approval, named_officer
from protocol.study.study import Study
from protocol.words.code_list import CodeList
from protocol.words.geography import Geography
from protocol.words.ids import Digest, PartyId, StudyId


class OtherCovenant(PolicyRefusal):
    """A covenant file that is not the one that this node pinned."""


class ForeignKeys(PolicyRefusal):
    """Keys of this node that are not the ones its covenant names: it would be a stranger there."""


class NotInRegister(PolicyRefusal):
    """A processing that the partner's own register does not hold, or with another purpose or legal ground."""


class PermissionNotInRegister(PolicyRefusal):
    """Police data without the Wpg permission of the covenant in the partner's own register."""


class WrongProfile(PolicyRefusal):
    """A mapping for another type of partner than the covenant says this party is."""


class UnitNotProtected(PolicyRefusal):
    """A mapping that knows persons only, under a covenant that protects households."""


class StudyUnknown(PolicyRefusal):
    """A study of which this node has no signed file."""


class StudyRefused(PolicyRefusal):
    """A study that a named officer of this party refused."""


class ApprovalEnded(PolicyRefusal):
    """A study whose approval does not hold on this day."""


class TooFewApprovals(PolicyRefusal):
    """A study that fewer officers approved than this node wants: four eyes, where its configuration says so."""


class NodePaused(PolicyRefusal):
    """A node that a person paused: it takes part in nothing until it is resumed."""


@dataclass(frozen=True, slots=True, repr=False)
class Agreed:
    """What this party agreed to, each value checked. studies: signed by the coordinator; approved or not."""

    party: PartyId
    covenant: Covenant
    geography: Geography
    code_lists: tuple[CodeList, ...]
    studies: tuple[Study, ...]

    def study(self, name: str) -> Study:
        """Return a study by its id or digest.

        Raises: StudyUnknown.
        """
        for study in self.studies:
            if name in {study.id, digest_of(study)}:
                return study
        raise StudyUnknown(
            got="a study of which this node has no signed file",
            wanted=", ".join(StudyId(study.id) for study in self.studies) or "a file in the folder of studies",
            act="the coordinator must send it, or the caller take another name",
        )


def check_pinned(signed: SignedCovenant, pin: Digest, *, on: date) -> None:
    """Refuse a covenant that this node did not pin, or that does not hold on this day.

    Raises: OtherCovenant, and what `check_covenant` raises.
    """
    if digest_of(signed.covenant) != pin:
        raise OtherCovenant(
            got="a covenant with another digest than node.toml pins",
            wanted="the covenant that this party signed",
            act="the partner's IT must find out who changed the file; a new version is pinned after signing it",
        )
    check_covenant(signed, on=on)


def check_own_keys(covenant: Covenant, party: PartyId, keys: Keys) -> None:
    """Refuse keys that the covenant does not name for this party.

    Raises: UnknownParty, ForeignKeys.
    """
    named = covenant.party(party)
    identity, agreement = keys.public
    if named.identity_key != identity or named.agreement_key not in {agreement, None}:
        raise ForeignKeys(
            got=f"keys that covenant {covenant.id} does not name for {party}",
            wanted="the keys whose public file went into the covenant",
            act="the partner's IT must put those keys back, or the parties sign a new version",
        )


def check_register(
    register: Register, covenant: Covenant, party: PartyId, profile: Profile | None, *, on: date
) -> None:
    """Refuse unless the partner's register holds this processing, in the covenant's own words.

    profile: of the mapping; None for a party without data, which needs no entry.
    Raises: UnknownParty, WrongProfile, NotInRegister, PermissionNotInRegister.
    """
    named = covenant.party(party)
    if profile is None:
        return
    if profile.partner is not named.type:
        raise WrongProfile(
            got=f"a mapping for {profile.partner}, at {party}",
            wanted=f"a profile of the type {named.type}",
            act="the partner's IT must take the mapping of its own type",
        )
    entry = _entry(register, covenant, on)
    if entry is None or (entry.purpose, entry.legal_ground) != (named.purpose, named.legal_ground):
        raise NotInRegister(
            got=f"no entry for covenant {covenant.id} with its purpose and legal ground",
            wanted="both in the partner's register, word for word, and not ended",
            act="the partner's privacy officer must enter it, or the covenant be changed",
        )
    permission = named.wpg_permission
    held = entry.wpg_permission
    if permission is None:
        return
    if held is None or (held.issuer, held.issued_on, held.scope) != (
        permission.issuer,
        permission.issued_on,
        permission.scope,
    ):
        raise PermissionNotInRegister(
            got=f"no Wpg permission for covenant {covenant.id} in the register",
            wanted="issuer, date and scope as in the covenant",
            act="the police must enter its written permission (Wpg art. 22), or ask for it",
        )


def check_unit(route: Route, covenant: Covenant) -> None:
    """Refuse to count persons where households are protected: each member would have a cap of its own.

    A household or an address holds its persons, so that either protects both.
    Raises: UnitNotProtected.
    """
    if route is Route.PERSON and covenant.unit is not Unit.PERSON:
        raise UnitNotProtected(
            got=f"a mapping by which a unit is a person, under covenant {covenant.id} of {covenant.unit}s",
            wanted="a route to the household, by its id or its address",
            act="the partner's IT must map another route; else all parties must sign a covenant that says person",
            hint="samenzicht-node init --party PARTY --remap --route address",
        )


def check_approved(
    study: Study,
    approvals: Sequence[SignedApproval],
    covenant: Covenant,
    party: PartyId,
    *,
    on: date,
    needed: int,
) -> None:
    """Refuse a study unless as many named officers as needed approved it, and none refused it, on this day.

    A witness has no officers: it adds nothing and witnesses what the coordinator signed.
    Raises: StudyRefused, ApprovalEnded, TooFewApprovals, NotApproved, UnknownParty, UnknownOfficer, BadSignature.
    """
    if covenant.party(party).role is Role.WITNESS:
        return
    holding: set[str] = set()
    ended = False
    for signed in approvals:
        word = signed.approval
        if word.party != party or word.study_digest != digest_of(study):
            continue
        if word.decision is Decision.REFUSED:
            named_officer(covenant, party, word.officer)
            raise StudyRefused(
                got=f"study {study.id}, which officer {word.officer} refused",
                wanted="no refusal",
                act="that officer must decide anew",
                hint=f"samenzicht-node approve {study.id}",
            )
        if not word.decided_on <= on <= word.valid_until:
            ended = True
            continue
        check_approval(signed, study, covenant, on=on)
        holding.add(word.officer)
    if len(holding) >= needed:
        return
    act, hint = f"an officer of {party} must read the study and decide", f"samenzicht-node approve {study.id}"
    if holding:
        raise TooFewApprovals(
            got=f"study {study.id} with {len(holding)} approvals", wanted=f"{needed}", act=act, hint=hint
        )
    if ended:
        raise ApprovalEnded(
            got=f"study {study.id}, whose approval does not hold on {on}", wanted="one that does", act=act, hint=hint
        )
    raise NotApproved(got=f"study {study.id}, which {party} has not approved", wanted="approval", act=act, hint=hint)


def member_of(
    agreed: Agreed,
    keys: Keys,
    approvals: Mapping[Digest, Sequence[SignedApproval]],
    *,
    on: date,
    needed: int,
) -> Member:
    """Return who this party is today: a member with exactly the studies that are approved.

    Raises: UnknownParty, ForeignKeys.
    """
    check_own_keys(agreed.covenant, agreed.party, keys)
    studies: dict[Digest, Study] = {}
    for study in agreed.studies:
        digest = digest_of(study)
        try:
            check_approved(study, approvals.get(digest, ()), agreed.covenant, agreed.party, on=on, needed=needed)
        except Refusal:
            continue  # named by `status` and by whoever asks for this study; the others go on
        studies[digest] = study
    return Member(agreed.party, agreed.covenant, agreed.geography, agreed.code_lists, studies, keys.identity)


def decline_code(refusal: Refusal) -> DeclineCode:
    """Return what the coordinator is told: that it was refused, which is no technical drop-out, and never why."""
    return DeclineCode.NOT_APPROVED if isinstance(refusal, NotApproved | ApprovalEnded) else DeclineCode.REFUSED


def _entry(register: Register, covenant: Covenant, on: date) -> Processing | None:
    entries = [
        entry
        for entry in register.processing
        if entry.covenant == covenant.id and (entry.ends_on is None or on <= entry.ends_on)
    ]
    return entries[0] if len(entries) == 1 else None
