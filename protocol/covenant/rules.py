"""Computes: the rules of DESIGN 5 that a covenant must obey, each a small generator of refusals."""

from collections.abc import Iterator, Sequence
from functools import partial

from protocol.agreement import PartyKey, check_public_key
from protocol.covenant.covenant import Covenant
from protocol.covenant.party import PartnerType, Party, Role
from protocol.errors import AgreementRefusal, RoundRefusal, SignatureRefusal, refuse_all
from protocol.signing import check_key
from protocol.words.ids import AgreementKey, ApprovalKey, IdentityKey, PartyId
from protocol.words.order import is_strictly_ascending

MAX_VALID_DAYS = 366  # agreement keys are replaced and destroyed yearly, by a new version (DESIGN 5)
_ACT = "the coordinator must mend the covenant and let all parties sign it again"


class UnsortedParties(AgreementRefusal):
    """Parties, officers or code lists out of order of id, or one named twice."""


class KeyUsedTwice(AgreementRefusal):
    """One key stands at two places in the covenant: two parties could not be told apart."""


class UnboundKey(AgreementRefusal):
    """A key in the covenant whose signatures bind nobody, or under which there is no secret."""


class WrongRole(AgreementRefusal):
    """Not exactly one coordinator, or a party whose keys, type or cap do not fit its role."""


class TooFewParticipants(AgreementRefusal):
    """n_min, t and the number of participants do not guarantee a shared honest witness."""


class CapAboveJointCap(AgreementRefusal):
    """The caps of the partners add up to more than the joint cap."""


class MissingPermission(AgreementRefusal):
    """A police partner without the Wpg permission, or another party with one."""


class MissingOfficer(AgreementRefusal):
    """A partner without a named officer, so that nobody could approve a study."""


class WrongValidity(AgreementRefusal):
    """Validity that ends before it begins or lasts more than a year."""


class WrongVersion(AgreementRefusal):
    """A first version with a predecessor, or a later one without."""


def check_rules(covenant: Covenant) -> None:
    """Refuse a covenant that breaks a rule; all its problems are named.

    Raises: the refusals of this file, several as Refusals.
    """
    rules = (_order, _keys, _roles, _witnesses, _caps, _grounds, _dates)
    refuse_all(tuple(problem for rule in rules for problem in rule(covenant)), subject="covenant")


def least_participants(participants: int, colluders: int) -> int:
    """Return the smallest n_min: two sets of that size share more than t participants, so an honest witness.

    |A and B| >= 2 n_min - N >= t + 2 > t; and n_min >= t + 3 leaves three honest participants in each round.
    """
    return max(colluders + 3, -(-(participants + colluders + 2) // 2))


def _order(covenant: Covenant) -> Iterator[AgreementRefusal]:
    lists: dict[str, Sequence[str]] = {
        "parties": [party.id for party in covenant.parties],
        "code lists": [code_list.id for code_list in covenant.code_lists],
    }
    lists |= {f"officers of {party.id}": [officer.id for officer in party.officers] for party in covenant.parties}
    for name, ids in lists.items():
        if not is_strictly_ascending(ids):
            yield UnsortedParties(got=f"{name} out of order or doubled", wanted="ascending ids, each once", act=_ACT)


def _keys(covenant: Covenant) -> Iterator[AgreementRefusal]:
    """Each key is strong and stands at one place."""
    places: dict[str, list[PartyId]] = {}
    for party in covenant.parties:
        signing: list[IdentityKey | ApprovalKey] = [party.identity_key, *(officer.key for officer in party.officers)]
        agreement = [] if party.agreement_key is None else [party.agreement_key]
        yield from _weak_keys(party.id, signing, agreement)
        for key in (*signing, *agreement):
            places.setdefault(key, []).append(party.id)
    for owners in places.values():
        if len(owners) > 1:
            yield KeyUsedTwice(
                got=f"one key at {' and '.join(owners)}", wanted="each key at one place of one party", act=_ACT
            )


def _weak_keys(
    party: PartyId, signing: Sequence[IdentityKey | ApprovalKey], agreement: Sequence[AgreementKey]
) -> Iterator[AgreementRefusal]:
    checks = [partial(check_key, key) for key in signing]
    checks += [partial(check_public_key, PartyKey(party, key)) for key in agreement]
    for check in checks:
        try:
            check()
        except (SignatureRefusal, RoundRefusal) as refusal:
            yield UnboundKey(got=f"{refusal.got}, of {party}", wanted=refusal.wanted, act=refusal.act)


def _roles(covenant: Covenant) -> Iterator[AgreementRefusal]:
    if sum(party.role is Role.COORDINATOR for party in covenant.parties) != 1:
        yield WrongRole(got="no coordinator or several", wanted="exactly one", act=_ACT)
    for party in covenant.parties:
        if not _fits_role(party):
            yield WrongRole(
                got=f"{party.role} {party.id} with keys, type or cap of another role",
                wanted="a partner with agreement key, type and cap; a witness with agreement key only; "
                "a coordinator with none of the three",
                act=_ACT,
            )


def _fits_role(party: Party) -> bool:
    has = (party.agreement_key is not None, party.type is not None, party.yearly_cap > 0)
    match party.role:
        case Role.PARTNER:
            return has == (True, True, True)
        case Role.WITNESS:
            return has == (True, False, False)
        case Role.COORDINATOR:
            return has == (False, False, False) and not party.run_by_coordinator


def _witnesses(covenant: Covenant) -> Iterator[AgreementRefusal]:
    members = [party for party in covenant.parties if party.role is not Role.COORDINATOR]
    own_nodes = sum(party.run_by_coordinator for party in members)
    if covenant.colluders < 1 + own_nodes:
        yield TooFewParticipants(
            got=f"t = {covenant.colluders} with {own_nodes} nodes run by the coordinator's organisation",
            wanted=f"t of at least {1 + own_nodes}: those nodes count among the colluders",
            act=_ACT,
        )
    least = least_participants(len(members), covenant.colluders)
    if not least <= covenant.minimum_participants <= len(members):
        yield TooFewParticipants(
            got=f"n_min = {covenant.minimum_participants} of {len(members)} participants with t = {covenant.colluders}",
            wanted=f"{least} to the number of participants",
            act="the coordinator must add a partner or a witness node, or raise n_min",
        )


def _caps(covenant: Covenant) -> Iterator[AgreementRefusal]:
    partners = [party for party in covenant.parties if party.role is Role.PARTNER]
    if sum(party.yearly_cap for party in partners) > covenant.joint_cap:
        yield CapAboveJointCap(
            got="yearly caps that add up to more than the joint cap",
            wanted="a sum of at most the joint cap",
            act="the parties must agree on lower caps or a higher joint cap",
        )
    if covenant.partners_per_unit is not None and covenant.partners_per_unit > len(partners):
        yield WrongRole(got="more partners for one unit than there are partners", wanted="at most all", act=_ACT)


def _grounds(covenant: Covenant) -> Iterator[AgreementRefusal]:
    for party in covenant.parties:
        if (party.type is PartnerType.POLITIE) != (party.wpg_permission is not None):
            yield MissingPermission(
                got=f"party {party.id} whose Wpg permission does not fit its type",
                wanted="a permission {issuer, date, scope} for the police, and for nobody else",
                act=f"{party.id} must ask the burgemeester or the minister (Wpg art. 22)",
            )
        if party.role is Role.PARTNER and not party.officers:
            yield MissingOfficer(
                got=f"partner {party.id} without officers", wanted="at least one named officer", act=_ACT
            )


def _dates(covenant: Covenant) -> Iterator[AgreementRefusal]:
    days = (covenant.valid_until - covenant.valid_from).days + 1
    if not 1 <= days <= MAX_VALID_DAYS:
        yield WrongValidity(
            got=f"validity from {covenant.valid_from} until {covenant.valid_until}",
            wanted=f"1 to {MAX_VALID_DAYS} days: agreement keys live a year",
            act=_ACT,
        )
    if (covenant.version == 1) != (covenant.previous is None):
        yield WrongVersion(
            got=f"version {covenant.version} with{'out' if covenant.previous is None else ''} a predecessor",
            wanted="the digest of the version before, from version 2 on",
            act=_ACT,
        )
