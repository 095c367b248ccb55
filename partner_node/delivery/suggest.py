"""Computes: a mapping from the headers of a partner's own files, as TOML: what fits exactly, and what was chosen."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from partner_node.delivery.mapping import check_mapping, parse_mapping, unit_columns
from partner_node.profiles.profile import Profile, RecordType, Route

_LEADING = re.compile(r"[^\d*?\[\]]*")
_UNUSABLE = re.compile(r"[\\/\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class MappedRecord:
    """One record type: a pattern for its files, and the profile's column names with the partner's headers."""

    record: RecordType
    pattern: str
    columns: Mapping[str, str]


def exact_columns(record: RecordType, headers: Sequence[str]) -> dict[str, str]:
    """Return the columns whose usual header stands in the file, letter for letter."""
    return {column.name: column.header for column in record.columns if column.header in headers}


def likely_record(profile: Profile, file: str, headers: Sequence[str]) -> RecordType:
    """Return the record type that a file seems to hold: by its name, else the one with most of its headers."""
    for record in profile.records:
        if PurePath(file).stem.startswith(PurePath(record.file).stem):
            return record
    return max(profile.records, key=lambda record: len(exact_columns(record, headers)))


def pattern_of(file: str) -> str:
    """Return a pattern that the next delivery's file of this name fits too: what stands before the first digit."""
    path = PurePath(file)
    start = (_LEADING.match(path.stem) or [""])[0]
    return f"{_UNUSABLE.sub('?', start)}*{path.suffix}"


def possible_routes(profile: Profile, records: Sequence[MappedRecord]) -> tuple[Route, ...]:
    """Return the routes for which every record type that has one has its columns mapped, in order of preference."""
    return tuple(route for route in profile.routes if all(_has(each, route) for each in records))


def mapping_text(profile: Profile, route: Route, records: Sequence[MappedRecord]) -> str:
    """Return the mapping as TOML, having seen that it parses and fits the profile.

    Raises: MalformedMapping, WrongMapping, several together as Refusals.
    """
    lines = ["format = 1", f"profile = {_quoted(profile.id)}", f"route = {_quoted(route)}"]
    for each in records:
        lines += ["", f"[record.{each.record.id}]", f"files = [{_quoted(each.pattern)}]"]
        lines += [f"[record.{each.record.id}.columns]"]
        lines += [f"{name} = {_quoted(header)}" for name, header in each.columns.items()]
    text = "\n".join(lines) + "\n"
    check_mapping(parse_mapping(text), profile)
    return text


def _has(mapped: MappedRecord, route: Route) -> bool:
    return set(unit_columns(mapped.record, route)) <= set(mapped.columns)


def _quoted(text: str) -> str:
    # JSON's string is TOML's, but for one sign that TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
