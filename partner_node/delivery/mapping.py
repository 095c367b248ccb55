"""Computes: the mapping from a partner's own columns to a profile's, as TOML, parsed strictly.

    format = 1
    profile = "veilig-thuis"
    route = "household"

    [record.melding]
    files = ["meldingen*.csv"]
    columns = { meldingnummer = "Meldingnr", datum-melding = "Datum" }
    values = { melder = { "Politie" = "01" } }

Nothing in it is ever run, opened or filled in: names are compared with names, byte for byte.
"""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from partner_node.closed_toml import ClosedToml
from partner_node.errors import DeliveryRefusal
from partner_node.profiles.profile import Column, ColumnKind, DateForm, Profile, RecordType, Route
from partner_node.vault.keyed_by import keyed_by
from protocol.errors import refuse_all

MAX_BYTES = 1 << 20  # 2,000 codes translated for each of 20 columns come to half of it
MAX_COLUMNS = 200
MAX_SHOWN = 60  # characters of a name from outside: enough to know it by
MAX_NAMED = 20  # an error names the first problems, not a flood of them
_MEND = "the partner must mend the mapping"

_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]
_Header = Annotated[str, StringConstraints(min_length=1, max_length=200)]
# A pattern for names, never a path: the node opens what its configuration lists, and nothing that stands here.
_File = Annotated[str, StringConstraints(pattern=r"^[^/\\\x00-\x1f\x7f]+$", max_length=200)]


class MalformedMapping(DeliveryRefusal):
    """A mapping that is not the TOML of this version: a key is unknown, missing or of the wrong type."""


class WrongMapping(DeliveryRefusal):
    """A mapping that does not fit its profile."""


class MissingFile(DeliveryRefusal):
    """A record type for which no file was delivered."""


class UnmappedFile(DeliveryRefusal):
    """A file that belongs to no record type of the mapping, or to several."""


class RecordMapping(ClosedToml):
    """Where one record type's columns are.

    columns: the profile's name to the partner's header. values: by column, the partner's own words to the codes that
    they stand for.
    """

    files: Annotated[tuple[_File, ...], Field(min_length=1, max_length=100, strict=False)]
    columns: Annotated[dict[_Name, _Header], Field(min_length=1, max_length=MAX_COLUMNS)]
    values: Annotated[dict[_Name, dict[_Header, _Header]], Field(max_length=MAX_COLUMNS)] = Field(default_factory=dict)


class Mapping(ClosedToml):
    """A partner's files in the words of a profile.

    dates: where the partner writes days otherwise than the profile says. separator: between several codes in one cell.
    dummy_ids: what this partner writes for "no unit", besides what is known.
    """

    format: Annotated[int, Field(ge=1, le=1)]  # not Literal[1]: to that, `true` is 1
    profile: _Name
    route: Annotated[Route, Field(strict=False)]
    dates: Annotated[DateForm, Field(strict=False)] | None = None
    separator: Literal["|", ",", "/", "+", " "] = "|"
    dummy_ids: Annotated[tuple[_Header, ...], Field(max_length=1_000, strict=False)] = ()
    record: Annotated[dict[_Name, RecordMapping], Field(min_length=1, max_length=50)]


def parse_mapping(text: str) -> Mapping:
    """Return the mapping that a TOML text says.

    Raises: MalformedMapping.
    """
    return Mapping.from_toml(
        text, source="a mapping, format 1", refusal=MalformedMapping, act=_MEND, max_characters=MAX_BYTES
    )


def check_mapping(mapping: Mapping, profile: Profile) -> None:
    """Refuse a mapping that names what the profile does not have, or leaves out what it needs.

    Raises: WrongMapping, several together as Refusals.
    """
    problems = [WrongMapping(got=got, wanted=wanted, act=_MEND) for got, wanted in _problems(mapping, profile)]
    refuse_all(tuple(problems[:MAX_NAMED]), subject="mapping")


def record_of(file: str, mapping: Mapping) -> str:
    """Return the record type that a file holds.

    Raises: UnmappedFile.
    """
    found = [
        name for name, record in mapping.record.items() if any(fnmatchcase(file, pattern) for pattern in record.files)
    ]
    if len(found) != 1:
        raise UnmappedFile(
            got=f"the file {shown(file)}, which fits {'several record types' if found else 'no record type'}",
            wanted="each file to fit the files of one record type",
            act=_MEND,
        )
    return found[0]


def unit_columns(record: RecordType, route: Route) -> tuple[str, ...]:
    """Return the columns that lead to a record's unit; none where the type has no such route."""
    match route:
        case Route.HOUSEHOLD:
            return () if record.household is None else (record.household,)
        case Route.PERSON:
            return () if record.person is None else (record.person,)
        case Route.ADDRESS:
            kinds = (ColumnKind.POSTCODE, ColumnKind.HOUSE_NUMBER)
            found = tuple(column.name for column in record.of_kind(*kinds))
            return found if len(found) == len(kinds) else ()


def mapped_keys(mapping: Mapping, profile: Profile) -> str:
    """Return what the unit keys of a delivery are made of, as the vault remembers it for a covenant year.

    Not promised: that the partner's column under a name of the profile holds the ids that it held before.
    """
    mapped = [record for record in profile.records if record.id in mapping.record]
    return keyed_by(mapping.route, {record.id: _key_columns(record, mapping) for record in mapped})


def shown(name: str) -> str:
    """Return a name from outside so that it can do nothing in a log, a terminal or a page, and fits a line."""
    plain = re.sub(r"[^ \w.,:;()*@#%&+=/-]", "?", name)
    return plain if len(plain) <= MAX_SHOWN else plain[: MAX_SHOWN - 3] + "..."


def _key_columns(record: RecordType, mapping: Mapping) -> tuple[str, ...]:
    """Return the columns of the unit, and of an address the addition too, which a mapping may leave out."""
    columns = unit_columns(record, mapping.route)
    if not columns or mapping.route is not Route.ADDRESS:
        return columns
    additions = (column.name for column in record.of_kind(ColumnKind.ADDITION))
    return columns + tuple(name for name in additions if name in mapping.record[record.id].columns)


def _problems(mapping: Mapping, profile: Profile) -> Iterator[tuple[str, str]]:
    if mapping.profile != profile.id:
        yield f"a mapping for the profile {mapping.profile}", profile.id
    if mapping.route not in profile.routes:
        yield f"the route {mapping.route}", f"one of {', '.join(profile.routes)}"
    known = {record.id: record for record in profile.records}
    for name, mapped in mapping.record.items():
        if name not in known:
            yield f"the record type {name}", f"one of {', '.join(known)}"
            continue
        yield from _record_problems(known[name], mapped, mapping.route)


def _record_problems(record: RecordType, mapped: RecordMapping, route: Route) -> Iterator[tuple[str, str]]:
    columns = {column.name: column for column in record.columns}
    needed = {column.name for column in record.columns if column.required} | set(unit_columns(record, route))
    needed -= _other_routes(record, route)
    for name in sorted(set(mapped.columns) - set(columns)):
        yield f"the column {name} of {record.id}", "a column of the profile"
    for name in sorted(needed - set(mapped.columns)):
        yield f"no header for the column {name} of {record.id}", "one, because counting needs it"
    if not any(_is_area(columns[name]) for name in mapped.columns if name in columns):
        yield f"no column of {record.id} with an area", "an area code or a postcode"
    headers = list(mapped.columns.values())
    for header in sorted({header for header in headers if headers.count(header) > 1}):
        yield f"the header {shown(header)} for two columns of {record.id}", "a header of its own for each"
    for name in sorted(mapped.values):
        if name not in mapped.columns or (name in columns and not _takes_words(columns[name])):
            yield f"words for the column {name} of {record.id}", "a mapped column of codes, areas or flags"


def _other_routes(record: RecordType, route: Route) -> set[str]:
    """Return the unit columns that this route does not use: they may stay unmapped."""
    others = {name for other in Route for name in unit_columns(record, other) if other is not Route.ADDRESS}
    return others - set(unit_columns(record, route))


def _is_area(column: Column) -> bool:
    return column.kind in {ColumnKind.AREA, ColumnKind.POSTCODE}


def _takes_words(column: Column) -> bool:
    return column.kind in {ColumnKind.CODE, ColumnKind.AREA, ColumnKind.FLAG}
