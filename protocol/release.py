"""Computes: the published table of a round, with the variance of its noise and its provenance."""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from protocol.covenant.covenant import Covenant
from protocol.errors import AgreementRefusal
from protocol.ratio import Ratio
from protocol.signing import Purpose, verify
from protocol.study.declaration import SignedDeclaration
from protocol.study.grid import MAX_CELLS, Grid
from protocol.wire import MAX_INTEGER, WireValue
from protocol.words.ids import Digest, PartyId, Signature, TableId
from protocol.words.order import is_strictly_ascending
from protocol.words.period import Period


class WrongCells(AgreementRefusal):
    """Cells of a release that are unsorted, doubled, missing or not in the grid."""


class ShownAndHidden(AgreementRefusal):
    """A cell with a value and a reason not to show one, or with neither: suppressed is never zero."""


class NotShown(StrEnum):
    """Why a cell has no value; never zero, in no output."""

    TOO_UNCERTAIN = "too-uncertain"  # the margin is wider than the study wants
    NOT_DELIVERED = "not-delivered"  # nobody delivered this table
    WITHDRAWN = "withdrawn"


class ReleasedCell(WireValue):
    """One cell: its place in the grid, and either its value or why it is not shown."""

    index: Annotated[int, Field(ge=0, lt=MAX_CELLS)]
    value: Annotated[int, Field(ge=-MAX_INTEGER, le=MAX_INTEGER)] | None
    not_shown: NotShown | None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.value is None) == (self.not_shown is None):
            raise ShownAndHidden(
                got=f"cell {self.index} with both a value and a reason, or neither",
                wanted="one of the two",
                act="the coordinator must make the release again",
            )
        return self


class ReleasedTable(WireValue):
    """The cells of one table and period in grid order. variance: of the noise in each cell; None: not delivered."""

    table: TableId
    period: Period
    variance: Ratio | None
    cells: Annotated[tuple[ReleasedCell, ...], Field(min_length=1)]


class Release(WireValue):
    """What the coordinator publishes of one slot.

    participants: those whose uploads are in the sum, without those who aborted. contributions: SHA-256 of the vector
    that each uploaded, in their order. supersedes: the release that this one corrects; None for the first.
    """

    max_bytes: ClassVar[int] = 1 << 30  # 16 million cells of at most 64 bytes

    kind: Literal["release"] = "release"
    format: Literal[1] = 1
    covenant_digest: Digest
    study_digest: Digest
    period: Period
    slot: Digest
    attempt: Annotated[int, Field(ge=0, le=1_000_000)]
    grid_digest: Digest
    participants: tuple[PartyId, ...]
    contributions: tuple[Digest, ...]
    declarations: tuple[SignedDeclaration, ...]
    tables: Annotated[tuple[ReleasedTable, ...], Field(min_length=1)]
    supersedes: Digest | None


class SignedRelease(WireValue):
    """A release with the coordinator's signature."""

    max_bytes: ClassVar[int] = Release.max_bytes + 1_024

    kind: Literal["signed-release"] = "signed-release"
    format: Literal[1] = 1
    release: Release
    signature: Signature


def check_signed_release(signed: SignedRelease, covenant: Covenant) -> None:
    """Refuse a release that the coordinator of this covenant did not sign.

    Raises: BadSignature, WeakKey.
    """
    coordinator = covenant.coordinator
    body = signed.release.encode()
    verify(signed.signature, body, key=coordinator.identity_key, purpose=Purpose.RELEASE, signer=coordinator.id)


def check_release(release: Release, grid: Grid) -> None:
    """Refuse a release that does not hold exactly the cells of its grid, each once and in order.

    Not promised: that the values are the opened sums; the audit recomputes them from the uploads.
    Raises: WrongCells.
    """
    places = [cell.index for table in release.tables for cell in table.cells]
    segments = [(table.table, table.period, len(table.cells)) for table in release.tables]
    names = [(segment.table, segment.period, segment.size) for segment in grid.segments]
    undelivered_shown = any(
        table.variance is None and any(cell.value is not None for cell in table.cells) for table in release.tables
    )
    if (
        release.grid_digest != grid.digest
        or segments != names
        or places != list(range(grid.size))
        or undelivered_shown
        or not is_strictly_ascending(release.participants)
        or len(release.contributions) != len(release.participants)
    ):
        raise WrongCells(
            got=f"a release of {release.period} with other cells or parties than its round",
            wanted="every cell of the grid once, in order, and one contribution a participant",
            act="the coordinator must make the release again",
        )
