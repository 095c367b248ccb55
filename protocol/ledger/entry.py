"""Computes: the closed set of ledger entries. A log takes nothing else, and an auditor stops at anything else.

An entry holds integers and strings only; no count of people, no duration, no id of a record or unit. A LOCK carries a
salted commitment to its charges, never the charges (DESIGN 9).
"""

import json
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from protocol.cost import NanoRho
from protocol.errors import LedgerRefusal
from protocol.ledger.leaf import MAX_LEAF_BYTES, check_leaf
from protocol.wire import WireValue
from protocol.words.ids import Digest


class UnknownEntry(LedgerRefusal):
    """A leaf of a kind or version that this log does not know: append is refused, an audit stops."""


Attempt = Annotated[int, Field(ge=0, le=1_000_000)]


class Entry(WireValue):
    """What every entry has: its form's version. The kind is each entry's own."""

    max_bytes: ClassVar[int] = MAX_LEAF_BYTES

    version: Literal[1] = 1


class CovenantEntry(Entry):
    """A covenant version that this party pinned."""

    kind: Literal["covenant"] = "covenant"
    covenant_digest: Digest


class ApprovalEntry(Entry):
    """An officer's decision on a study, by the digest of the signed approval."""

    kind: Literal["approval"] = "approval"
    study_digest: Digest
    approval_digest: Digest


class LockEntry(Entry):
    """A slot was locked to one attempt; charges and seen marks are committed to with a salt."""

    kind: Literal["lock"] = "lock"
    slot: Digest
    attempt: Attempt
    context: Digest
    charges_commitment: Digest


class AbortEntry(Entry):
    """A slot was given up before anything was uploaded."""

    kind: Literal["abort"] = "abort"
    slot: Digest
    attempt: Attempt


class Disclosure(Entry):
    """What was let out and at what cost: the upload's digest, and the most that any one unit can have lost.

    worst_cost comes from the plan, never from data.
    """

    kind: Literal["disclosure"] = "disclosure"
    study_digest: Digest
    slot: Digest
    attempt: Attempt
    grid_digest: Digest
    contribution_digest: Digest
    worst_cost: NanoRho


class ReleaseEntry(Entry):
    """A release was published."""

    kind: Literal["release"] = "release"
    slot: Digest
    release_digest: Digest


class WithdrawalReason(StrEnum):
    """Why a release was withdrawn."""

    WRONG_DELIVERY = "wrong-delivery"
    WRONG_CALCULATION = "wrong-calculation"
    OBJECTION = "objection"


class WithdrawalEntry(Entry):
    """A release was withdrawn; the old table stays readable in the log."""

    kind: Literal["withdrawal"] = "withdrawal"
    slot: Digest
    release_digest: Digest
    reason: WithdrawalReason


class CorrectionEntry(Entry):
    """A release was replaced by another."""

    kind: Literal["correction"] = "correction"
    slot: Digest
    old_release_digest: Digest
    new_release_digest: Digest


class YearClosedEntry(Entry):
    """A covenant year was closed for ever: its slots are refused from here on."""

    kind: Literal["year-closed"] = "year-closed"
    covenant_year: Annotated[int, Field(ge=1990, le=2199)]


class ResumedBy(StrEnum):
    """Why a vault goes on in another file."""

    RESTORED = "restored"
    MOVED = "moved"


class ResumedEntry(Entry):
    """This party's vault went on in another file; the nonce makes two files that went on from one show two heads."""

    kind: Literal["resumed"] = "resumed"
    cause: ResumedBy
    nonce: Digest


AnyEntry = (
    CovenantEntry
    | ApprovalEntry
    | LockEntry
    | AbortEntry
    | Disclosure
    | ReleaseEntry
    | WithdrawalEntry
    | CorrectionEntry
    | YearClosedEntry
    | ResumedEntry
)
ENTRIES: dict[str, type[AnyEntry]] = {
    "abort": AbortEntry,
    "approval": ApprovalEntry,
    "correction": CorrectionEntry,
    "covenant": CovenantEntry,
    "disclosure": Disclosure,
    "lock": LockEntry,
    "release": ReleaseEntry,
    "resumed": ResumedEntry,
    "withdrawal": WithdrawalEntry,
    "year-closed": YearClosedEntry,
}


def parse_entry(body: bytes, *, source: str = "leaf") -> AnyEntry:
    """Return the entry that a leaf holds.

    Raises: UnknownEntry, and the refusals of `check_leaf` and `WireValue.parse`.
    """
    check_leaf(body, source=source)
    leaf = json.loads(body)
    kind = ENTRIES.get(leaf["kind"])
    if kind is None or leaf["version"] != 1:
        raise UnknownEntry(
            got=f"an entry of unknown kind or version from {source}",
            wanted=f"version 1 of {', '.join(ENTRIES)}",
            act="the reader must stop, and use the version of this software that wrote the log",
        )
    return kind.parse(body, source=source)
