"""Computes: the geography of a year: a region's own, or one in which some buurten have become one with a neighbour."""

from collections.abc import Mapping
from dataclasses import dataclass

from protocol.words.geography import AreaCode, Geography, Level
from protocol.words.ids import GeographyId


@dataclass(frozen=True, slots=True)
class Borders:
    """A geography and where its former buurten went, by code."""

    geography: Geography
    moved: Mapping[AreaCode, AreaCode]

    def code_of(self, buurt: AreaCode) -> AreaCode:
        """Return the code that an address of a region's buurt has now."""
        return self.moved.get(buurt, buurt)


def merge_buurten(borders: Borders) -> Borders:
    """Return the borders of the next year: the last buurt of the fullest wijk is one with the buurt before it."""
    geography = borders.geography
    buurten = geography.codes_at(Level.BUURT)
    by_wijk: dict[str, list[AreaCode]] = {}
    for code in buurten:
        by_wijk.setdefault(code[:8], []).append(code)
    fullest = max(by_wijk.values(), key=len)
    gone, into = fullest[-1], fullest[-2]
    # Where buurten that went before ended in this one, they go along.
    moved = {old: into if new == gone else new for old, new in borders.moved.items()} | {gone: into}
    return Borders(
        Geography(
            id=GeographyId(f"{geography.id.removesuffix(f'-{geography.year}')}-{geography.year + 1}"),
            year=geography.year + 1,
            areas=tuple(area for area in geography.areas if area.code != gone),
        ),
        moved,
    )
