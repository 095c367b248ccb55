"""Computes: where a series breaks, from what was signed and declared: code lists, areas, rules, and who delivered.

Nobody has to tell a break that the released values show. What they do not show, such as a new law or a campaign, the
operator tells (`context_file.py`).
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from coordinator.estimates.indicators import Indicator, tables_of
from coordinator.estimates.trend import Break, BreakKind
from protocol.covenant.covenant import Covenant
from protocol.digest import digest_of
from protocol.study.declaration import Coverage, Shortfall, SignedDeclaration
from protocol.study.study import Study
from protocol.words.ids import Digest, PartyId


@dataclass(frozen=True, slots=True)
class Origin:
    """What the figures of one period stand on.

    geography, measure: digests of the areas and of the question with its bounds; code_list: of the answers, None
    without any. delivered: whose counts are in it. changed: who declared that its source is not what it was.
    """

    geography: Digest
    measure: Digest
    code_list: Digest | None
    delivered: frozenset[PartyId]
    changed: frozenset[PartyId]


def origins_of(
    indicator: Indicator, study: Study, covenant: Covenant, declared: Collection[SignedDeclaration]
) -> tuple[Origin | None, ...]:
    """Return what each period of an indicator stands on; None where nothing was counted.

    declared: of every round, in the order in which they were signed; the last of each partner counts.
    """
    tables = tables_of(indicator, study)
    lists = {each.id: each.digest for each in covenant.code_lists}
    code_list = None if indicator.category is None or tables[0].categories is None else lists[tables[0].categories]
    measure, names = digest_of(study.measure_of(tables[0])), {table.id for table in tables}
    found: list[Origin | None] = []
    for period, counted in zip(indicator.periods, indicator.counted.tolist(), strict=True):
        told = {
            signed.declaration.party: [entry for entry in signed.declaration.tables if entry.table in names]
            for signed in declared
            if signed.declaration.period == period
        }
        given = {
            party: [each for each in tables if each.coverage is not Coverage.NONE] for party, tables in told.items()
        }
        changed = (
            party
            for party, entries in given.items()
            if any(each.shortfall is Shortfall.SOURCE_CHANGED for each in entries)
        )
        delivered = frozenset(party for party, entries in given.items() if entries)
        origin = Origin(covenant.geography.digest, measure, code_list, delivered, frozenset(changed))
        found.append(origin if counted else None)
    return tuple(found)


def breaks_of(origins: Sequence[Origin | None]) -> tuple[Break, ...]:
    """Return every break between a period and the last one before it in which anything was counted.

    A partner that was away breaks the series twice: where it goes, and where it comes back. Of a period that it
    delivered in part the coverage tells; that is no break.
    """
    found: list[Break] = []
    former: Origin | None = None
    for place, origin in enumerate(origins):
        if origin is not None:
            found += [] if former is None else [Break(place, kind) for kind in _kinds(former, origin)]
            former = origin
    return tuple(found)


def with_told(derived: Sequence[Break], told: Sequence[Break]) -> tuple[Break, ...]:
    """Return the breaks of both, each once, in order."""
    return tuple(sorted({*derived, *told}, key=lambda each: (each.first, each.kind)))


def _kinds(former: Origin, origin: Origin) -> Iterator[BreakKind]:
    if former.code_list != origin.code_list:
        yield BreakKind.CODE_LIST
    if former.geography != origin.geography:
        yield BreakKind.BOUNDARY
    if former.delivered != origin.delivered:
        yield BreakKind.PARTNER
    if former.measure != origin.measure:
        yield BreakKind.LAW
    if origin.changed - former.changed:
        yield BreakKind.SOURCE
