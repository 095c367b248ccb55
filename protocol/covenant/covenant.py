"""Computes: the covenant as a value. Parsing one proves its form; `rules.py` and `signed.py` say whether it holds."""

from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field

from protocol.cost import NanoRho
from protocol.covenant.party import Party, Role
from protocol.errors import AgreementRefusal
from protocol.wire import WireValue
from protocol.words.code_list import CodeListReference
from protocol.words.geography import GeographyReference
from protocol.words.ids import CovenantId, Digest, PartyId

MAX_PARTIES = 1_000  # the mask benchmark's largest round; the Netherlands has 25 Veilig Thuis regions
MAX_CODE_LISTS = 200


class UnknownParty(AgreementRefusal):
    """A party that the covenant does not name."""


class Unit(StrEnum):
    """Who is protected."""

    HOUSEHOLD = "household"
    PERSON = "person"


class Covenant(WireValue):
    """The agreement that all parties sign; its digest is pinned in every node's configuration.

    colluders: t, how many participants may collude or know their own share. minimum_participants: n_min.
    minimum_change: h_min, a smaller change of participants between periods needs an officer's signature.
    partners_per_unit: at how many partners of one joint table one unit may appear; None for all of them.
    """

    kind: Literal["covenant"] = "covenant"
    format: Literal[1] = 1
    id: CovenantId
    version: Annotated[int, Field(ge=1, le=10_000)]
    previous: Digest | None
    valid_from: date
    valid_until: date
    unit: Unit
    geography: GeographyReference
    code_lists: Annotated[tuple[CodeListReference, ...], Field(max_length=MAX_CODE_LISTS)]
    parties: Annotated[tuple[Party, ...], Field(min_length=1, max_length=MAX_PARTIES)]
    joint_cap: NanoRho
    colluders: Annotated[int, Field(ge=1, le=MAX_PARTIES)]
    minimum_participants: Annotated[int, Field(ge=1, le=MAX_PARTIES)]
    minimum_change: Annotated[int, Field(ge=1, le=MAX_PARTIES)]
    partners_per_unit: Annotated[int, Field(ge=1, le=MAX_PARTIES)] | None
    retention_years: Annotated[int, Field(ge=1, le=100)]

    @cached_property
    def _by_id(self) -> dict[PartyId, Party]:
        return {party.id: party for party in self.parties}

    def party(self, party_id: PartyId) -> Party:
        """Return the party.

        Raises: UnknownParty.
        """
        if party_id not in self._by_id:
            raise UnknownParty(
                got=f"party {party_id}",
                wanted=f"a party of covenant {self.id} version {self.version}",
                act="the coordinator must add it in a new version that all sign",
            )
        return self._by_id[party_id]

    @cached_property
    def coordinator(self) -> Party:
        """The one coordinator."""
        return next(party for party in self.parties if party.role is Role.COORDINATOR)

    @cached_property
    def participants(self) -> tuple[PartyId, ...]:
        """Everyone who may take part in a round, in order: partners and witnesses."""
        return tuple(party.id for party in self.parties if party.role is not Role.COORDINATOR)
