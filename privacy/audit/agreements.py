"""Computes: what was agreed before any round: covenant, studies, approvals, and what the plan can cost one unit."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from privacy.accountant import DeclaredPlan, PlannedRound, worst_year
from privacy.errors import AuditRefusal
from privacy.terms import planned_round
from protocol.bundle import Bundle
from protocol.covenant.covenant import Covenant
from protocol.covenant.party import Role
from protocol.covenant.rules import check_rules
from protocol.covenant.signed import SignedCovenant, check_signatures
from protocol.digest import digest_of
from protocol.errors import Refusal
from protocol.round.member import Reader
from protocol.study.approval import SignedApproval, check_approval
from protocol.study.rules import check_signed_study
from protocol.study.study import SignedStudy, Study
from protocol.words.ids import Digest, PartyId
from protocol.words.period import Period


class OtherCovenant(AuditRefusal):
    """A bundle under another covenant than the one that this party pinned."""


class NotApprovedByAll(AuditRefusal):
    """A partner that contributed to a table without an approval of the study that held when the round opened."""


@dataclass(frozen=True, slots=True)
class YearlyCharge:
    """The most that the studies in a bundle can charge one unit at one partner in a covenant year, beside its cap."""

    party: PartyId
    year: int
    within_cap: bool


def check_pin(signed: SignedCovenant, pinned: Digest) -> None:
    """Refuse a covenant with another digest than the pinned one.

    Raises: OtherCovenant.
    """
    if digest_of(signed.covenant) != pinned:
        raise OtherCovenant(got="a covenant with another digest", wanted="the one that the party pinned")


def read_covenant(signed: SignedCovenant) -> Covenant:
    """Return the covenant, once its rules and the signatures of all parties hold. Its dates are the studies' affair.

    Raises: the refusals of `check_rules` and `check_signatures`.
    """
    check_rules(signed.covenant)
    check_signatures(signed)
    return signed.covenant


def read_study(signed: SignedStudy, bundle: Bundle) -> Study:
    """Return a study that the coordinator signed, whose rules hold, and whose grids the geography can fill.

    Raises: the refusals of `check_signed_study` and of `build_grid`.
    """
    check_signed_study(signed, bundle.covenant.covenant)
    study = signed.study
    reader = reader_of(bundle, {digest_of(study): study})
    for scheduled in study.schedule:
        reader.grid(digest_of(study), scheduled.period)
    return study


def reader_of(bundle: Bundle, studies: Mapping[Digest, Study]) -> Reader:
    """Return the reader that checks in the coordinator's place: no own table, no own frame."""
    covenant = bundle.covenant.covenant
    return Reader(covenant.coordinator.id, covenant, bundle.geography, bundle.code_lists, studies)


def check_approvals(
    approvals: Sequence[SignedApproval],
    study: Study,
    covenant: Covenant,
    *,
    period: Period,
    participants: Sequence[PartyId],
) -> None:
    """Refuse unless each participant that contributes to a table of this period approved the study for the round.

    A bundle does not say on which day of its schedule a round ran: an approval counts that holds on any of them.
    Raises: NotApprovedByAll, and for the only approval of a partner what `check_approval` raises.
    """
    scheduled = study.round_for(period)
    due = {party for table in study.tables_for(period) for party in table.contributors} & set(participants)
    for party in sorted(due):
        given = [signed for signed in approvals if signed.approval.party == party]
        refusals: list[Refusal] = []
        for signed in given:
            try:
                on = min(max(scheduled.opens, signed.approval.decided_on), scheduled.due)
                check_approval(signed, study, covenant, on=on)
            except Refusal as refusal:
                refusals.append(refusal)
        if len(refusals) == 1 == len(given):
            raise refusals[0]
        if len(refusals) == len(given):
            raise NotApprovedByAll(
                got=f"no approval of study {study.id} by {party} for {scheduled.opens} to {scheduled.due}",
                wanted="one of each contributor",
            )


def yearly_charges(studies: Mapping[Digest, Study], reader: Reader) -> Iterator[YearlyCharge]:
    """Yield for each partner and covenant year whether the plan alone stays within the cap."""
    for party in reader.covenant.parties:
        if party.role is not Role.PARTNER:
            continue
        for year, rounds in sorted(_rounds_of(party.id, studies, reader).items()):
            yield YearlyCharge(party.id, year, worst_year(DeclaredPlan(tuple(rounds))) <= party.yearly_cap)


def _rounds_of(party: PartyId, studies: Mapping[Digest, Study], reader: Reader) -> Mapping[int, Sequence[PlannedRound]]:
    by_year: defaultdict[int, list[PlannedRound]] = defaultdict(list)
    for digest, study in studies.items():
        for scheduled in study.schedule:
            grid = reader.grid(digest, scheduled.period)
            planned = planned_round(study, reader.covenant, grid, period=scheduled.period, party=party)
            if planned.tables:
                by_year[scheduled.covenant_year].append(planned)
    return by_year
