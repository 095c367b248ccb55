"""Computes: code lists from plain rows of a profile."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from partner_node.profiles.profile import ProfileList, Provenance
from protocol.words.code_list import CodeItem, CodeList
from protocol.words.ids import Code, CodeListId, Line


@dataclass(frozen=True, slots=True)
class Edition:
    """From when until when lists hold, and where they come from."""

    valid_from: date
    valid_until: date | None
    provenance: Provenance
    source: str
    version: int = 1


def code_list(name: str, edition: Edition, rows: Sequence[str]) -> ProfileList:
    """Return a list. rows: `code Dutch label = English label`, in order of code."""
    items = []
    for row in rows:
        code, _, labels = row.partition(" ")
        dutch, _, english = labels.partition(" = ")
        items.append(CodeItem(code=Code(code), label_nl=Line(dutch), label_en=Line(english)))
    codes = CodeList(
        id=CodeListId(name),
        version=edition.version,
        valid_from=edition.valid_from,
        valid_until=edition.valid_until,
        items=tuple(items),
    )
    return ProfileList(codes, edition.provenance, edition.source)
