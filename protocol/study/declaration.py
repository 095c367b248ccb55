"""Computes: what a person at a partner declares of each table at each delivery; published as coverage."""

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from protocol.covenant.covenant import Covenant
from protocol.digest import digest_of
from protocol.errors import AgreementRefusal
from protocol.signing import Purpose, verify
from protocol.study.approval import named_officer
from protocol.study.study import Study
from protocol.wire import WireValue
from protocol.words.ids import Digest, OfficerId, PartyId, Signature, TableId
from protocol.words.order import is_strictly_ascending
from protocol.words.period import Period


class WrongDeclaration(AgreementRefusal):
    """A declaration of another study, of tables that are not the party's, or with a reason that does not fit."""


class WrongDeclarers(AgreementRefusal):
    """Declarations that are missing, doubled, out of order, for another period or of parties outside the round."""


class Coverage(StrEnum):
    """How much of the period the registrations hold: volledig, deels, geen."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    NONE = "none"


class Shortfall(StrEnum):
    """Why a delivery is not complete. A closed list: free text could hold anything."""

    LATE = "late"
    SOURCE_CHANGED = "source-changed"
    SOURCE_ABSENT = "source-absent"
    WRONG_LEVEL = "wrong-level"
    NO_STAFF = "no-staff"
    NO_PERMISSION = "no-permission"
    OTHER = "other"


class TableCoverage(WireValue):
    """The coverage of one table; shortfall: None when complete."""

    table: TableId
    coverage: Coverage
    shortfall: Shortfall | None


class Declaration(WireValue):
    """What an officer declares of a party's delivery for one round, table by table in order of id."""

    kind: Literal["declaration"] = "declaration"
    format: Literal[1] = 1
    study_digest: Digest
    period: Period
    party: PartyId
    officer: OfficerId
    tables: Annotated[tuple[TableCoverage, ...], Field(min_length=1, max_length=500)]


class SignedDeclaration(WireValue):
    """A declaration with the officer's signature."""

    kind: Literal["signed-declaration"] = "signed-declaration"
    format: Literal[1] = 1
    declaration: Declaration
    signature: Signature


def check_declaration(signed: SignedDeclaration, study: Study, covenant: Covenant) -> None:
    """Refuse unless a named officer declared exactly the party's tables of this round.

    Raises: UnknownParty, UnknownOfficer, BadSignature, WeakKey, UnknownPeriod, WrongDeclaration.
    """
    declaration = signed.declaration
    officer = named_officer(covenant, declaration.party, declaration.officer)
    verify(
        signed.signature,
        declaration.encode(),
        key=officer.key,
        purpose=Purpose.DECLARATION,
        signer=f"officer {officer.id}",
    )
    study.round_for(declaration.period)
    due = {table.id for table in study.tables_for(declaration.period) if declaration.party in table.contributors}
    named = [entry.table for entry in declaration.tables]
    if (
        declaration.study_digest != digest_of(study)
        or not is_strictly_ascending(named)
        or set(named) != due
        or any((entry.coverage is Coverage.COMPLETE) != (entry.shortfall is None) for entry in declaration.tables)
    ):
        raise WrongDeclaration(
            got=f"a declaration of {declaration.party} for {declaration.period} that does not fit study {study.id}",
            wanted="each table of the party once, in order, with a reason where it is not complete",
            act=f"{declaration.party} must declare again",
            hint="samenzicht-node declare",
        )


def check_declarations(
    declarations: Sequence[SignedDeclaration],
    study: Study,
    covenant: Covenant,
    *,
    period: Period,
    participants: Collection[PartyId],
) -> None:
    """Refuse unless each participant that contributes to a table of this period declared it, once and in order.

    participants: those whose uploads are in the sum.
    Raises: WrongDeclarers, and what `check_declaration` raises.
    """
    due = {party for table in study.tables_for(period) for party in table.contributors} & set(participants)
    named = tuple((entry.declaration.party, entry.declaration.period) for entry in declarations)
    if named != tuple((party, period) for party in sorted(due)):
        raise WrongDeclarers(
            got=f"declarations of {period} that are missing, doubled, out of order or of others",
            wanted="one of each contributor whose upload is in the sum, in order of id",
            act="the coordinator must ask each of them for its declaration",
            hint="samenzicht-node declare",
        )
    for entry in declarations:
        check_declaration(entry, study, covenant)
