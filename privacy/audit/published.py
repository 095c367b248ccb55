"""Computes: whether a release says what its round says: cell by cell, and with the plan's variance."""

from privacy.errors import AuditRefusal
from privacy.publication import Delivery, reasons_not_shown, variances
from protocol.covenant.covenant import Covenant
from protocol.release import Release, ReleasedCell
from protocol.round.memory import SlotMemory
from protocol.round.messages import Offer
from protocol.round.opening import Opened
from protocol.study.grid import Grid
from protocol.study.study import Study
from protocol.words.ids import Digest


class OtherRound(AuditRefusal):
    """A release that names another covenant, study, slot, attempt, grid or participants than its round."""


class OtherContributions(AuditRefusal):
    """A release that names other contributions than the participants signed."""


class OtherFigure(AuditRefusal):
    """A released cell that is not the sum of the uploads."""


class OtherVariance(AuditRefusal):
    """A table whose stated variance is not the one that the plan, or the repair, gives."""


class OtherHidden(AuditRefusal):
    """A cell that is shown where the rule hides it, the reverse, or hidden for another reason."""


def check_same_round(release: Release, offer: Offer, memory: SlotMemory) -> None:
    """Refuse a release of another round than the one whose frames stand beside it.

    Raises: OtherRound.
    """
    spec = offer.spec
    named = (release.covenant_digest, release.study_digest, release.period, release.slot, release.attempt)
    wanted = (spec.covenant_digest, spec.study_digest, spec.period, spec.slot, offer.attempt)
    if (named, release.grid_digest, release.participants) != (wanted, spec.grid_digest, memory.survivors):
        raise OtherRound(
            got="a release of another round", wanted="covenant, study, slot, attempt, grid and survivors of the round"
        )


def check_contributions(release: Release, contributions: tuple[Digest, ...]) -> None:
    """Refuse a release that names other contributions than those in the RESULT.

    Raises: OtherContributions.
    """
    if release.contributions != contributions:
        raise OtherContributions(got="digests of other contributions", wanted="those that the participants signed")


def check_variances(release: Release, *, study: Study, covenant: Covenant, delivery: Delivery) -> None:
    """Refuse a release that states another variance than the plan gives.

    Raises: OtherVariance.
    """
    wanted = variances(study, covenant, delivery)
    for table in release.tables:
        stated = None if table.variance is None else table.variance.fraction
        if stated != wanted.get(table.table):
            raise OtherVariance(got=f"another variance of table {table.table}", wanted="the one that the plan gives")


def check_figures(release: Release, opened: Opened) -> None:
    """Refuse a shown cell that is not the opened sum.

    Raises: OtherFigure.
    """
    values = opened.values.tolist()
    for cell in _cells(release):
        if cell.value is not None and cell.value != values[cell.index]:
            raise OtherFigure(got=f"another figure in cell {cell.index}", wanted="the sum of the uploads")


def check_hidden(
    release: Release, opened: Opened, grid: Grid, *, study: Study, covenant: Covenant, delivery: Delivery
) -> None:
    """Refuse a release that hides or shows other cells than the rule does.

    Raises: OtherHidden.
    """
    wanted = reasons_not_shown(opened, grid, study=study, covenant=covenant, delivery=delivery)
    for cell, reason in zip(_cells(release), wanted, strict=True):
        if cell.not_shown is not reason:
            raise OtherHidden(
                got=f"cell {cell.index} shown or hidden against the rule", wanted="what margin and delivery decide"
            )


def _cells(release: Release) -> tuple[ReleasedCell, ...]:
    return tuple(cell for table in release.tables for cell in table.cells)
