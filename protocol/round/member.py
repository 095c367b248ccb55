"""Computes: who a party is in a covenant and what it may take part in: the public values and keys of every step."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from protocol.covenant.covenant import Covenant
from protocol.errors import RoundRefusal
from protocol.round.context import spec_of
from protocol.round.messages import Offer, RoundSpec, StepSpec
from protocol.round.ring import Ring
from protocol.signing import SigningKey
from protocol.study.grid import Grid, build_grid
from protocol.study.model import StepTable
from protocol.study.study import Study
from protocol.words.code_list import CodeList
from protocol.words.geography import Geography
from protocol.words.ids import Digest, PartyId
from protocol.words.period import Period


class NotApprovedHere(RoundRefusal):
    """A study that no officer of this party has approved."""


class WrongSpec(RoundRefusal):
    """An offer whose plan is not the one that this party works out from covenant and study."""


class WrongParticipants(RoundRefusal):
    """Participants that are too few, doubled, strangers, or without this party."""


class ParticipantsChanged(RoundRefusal):
    """Participants that differ a little from the last round's, without an officer's word."""


@dataclass(frozen=True, repr=False)
class Reader:
    """Who can work out and check all that a round signs, and sign nothing: every member, and an officer who audits.

    id: in whose place the checks are made. studies: those that are approved (partner) or signed (coordinator), by
    digest.
    """

    id: PartyId
    covenant: Covenant
    geography: Geography
    code_lists: tuple[CodeList, ...]
    studies: Mapping[Digest, Study]

    @cached_property
    def _grids(self) -> dict[tuple[Digest, Period], Grid]:
        return {}

    def study(self, digest: Digest) -> Study:
        """Return an approved study.

        Raises: NotApprovedHere.
        """
        found = self.studies.get(digest)
        if found is None:
            raise NotApprovedHere(
                got="a study that is not approved here",
                wanted="one that an officer of this party approved",
                act=f"an officer of {self.id} must read the study and decide",
                hint="samenzicht-node approve STUDY",
            )
        return found

    def grid(self, study_digest: Digest, period: Period) -> Grid:
        """Return the grid of a round; built once."""
        place = (study_digest, period)
        if place not in self._grids:
            self._grids[place] = build_grid(
                self.study(study_digest),
                period,
                covenant=self.covenant,
                geography=self.geography,
                code_lists=self.code_lists,
            )
        return self._grids[place]

    def spec(self, study_digest: Digest, period: Period, parameters: Sequence[int] = ()) -> RoundSpec | StepSpec:
        """Return the spec of a round as this party works it out. parameters: of a step, as they were offered."""
        grid = self.grid(study_digest, period)
        return spec_of(self.study(study_digest), self.covenant, period, grid, parameters=parameters)

    def ring(self, offer: Offer, parties: Collection[PartyId]) -> Ring:
        """Return the ring of a round with these parties, wide enough for each table of the study."""
        tables = self.study(offer.spec.study_digest).tables_for(offer.spec.period)
        return Ring(
            offer.spec.ring_bits,
            len(parties),
            max(table.cell_bound for table in tables),
            max(table.variance.fraction for table in tables),
        )


@dataclass(frozen=True, repr=False)
class Member(Reader):
    """One party and what it agreed to, with its key.

    permitted: per slot, the participants to which an officer agreed although few changed.
    """

    key: SigningKey
    permitted: Mapping[Digest, tuple[PartyId, ...]] = field(default_factory=dict)


def check_offer(offer: Offer, member: Reader) -> None:
    """Refuse an offer whose plan or participants are not what this party agreed to.

    Raises: NotApprovedHere, WrongSpec, WrongParticipants, UnknownPeriod, WrongGeography.
    """
    spec = offer.spec
    offered = spec.parameters if isinstance(spec, StepSpec) else ()
    _check_parameters(len(offered), member.study(spec.study_digest), spec.period)
    if member.spec(spec.study_digest, spec.period, offered) != spec:
        raise WrongSpec(
            got="a plan with another covenant, slot, grid, size or ring",
            wanted="the plan that follows from the covenant and the approved study",
            act="the coordinator must propose the round again from the signed study",
        )
    check_participants(offer.participants, member)


def _check_parameters(offered: int, study: Study, period: Period) -> None:
    """Refuse parameters that the tables of a step do not take: a round of counts takes none."""
    study.round_for(period)
    steps = (table for table in study.tables_for(period) if isinstance(table, StepTable))
    wanted = sum(study.model_of(table).parameters(table) for table in steps)
    if offered != wanted:
        raise WrongSpec(
            got=f"a step with {offered} parameters",
            wanted=f"the {wanted} that its tables take",
            act="the coordinator must propose the round again from the signed study",
        )


def check_participants(participants: tuple[PartyId, ...], member: Reader) -> None:
    """Refuse participants that are too few, doubled, out of order, strangers, or without this party.

    Raises: WrongParticipants.
    """
    covenant = member.covenant
    allowed = tuple(party for party in covenant.participants if party in participants)
    if allowed != participants or len(participants) < covenant.minimum_participants:
        raise WrongParticipants(
            got=f"{len(participants)} participants that are too few, doubled, out of order or strangers",
            wanted=f"at least {covenant.minimum_participants} participants of the covenant, each once, in order",
            act="the coordinator must propose other participants",
        )
    if member.id != covenant.coordinator.id and member.id not in participants:
        raise WrongParticipants(
            got=f"participants without {member.id}", wanted="this party among them", act="the coordinator must add it"
        )


def check_change(offer: Offer, member: Member, last: Sequence[PartyId] | None) -> None:
    """Refuse participants that differ from the last round's by fewer than h_min, unless an officer agreed.

    Two rounds that differ by one partner would let their difference be read as that partner's.
    Raises: ParticipantsChanged.
    """
    changed = len(set(offer.participants) ^ set(last)) if last is not None else 0
    agreed = member.permitted.get(offer.spec.slot) == offer.participants
    if 1 <= changed < member.covenant.minimum_change and not agreed:
        raise ParticipantsChanged(
            got=f"participants that differ by {changed} from the last round of this study",
            wanted=f"the same, or at least {member.covenant.minimum_change} changes, or an officer's agreement",
            act=f"an officer of {member.id} must agree to these participants, or the coordinator take others",
        )
