"""Computes: invented sample files of a profile, in the form that a partner's own export has: a clean and a faulty set.

The faulty set is the clean one with, for every fault that the reader knows and that a column of the profile can have,
rows added at the end. A profile whose first route is the address has addresses in its samples, others have none.
Nothing in a sample is about anybody: numbers are drawn from a seed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

from partner_node.profiles.profile import Column, ColumnKind, DateForm, Profile, RecordType, Route
from partner_node.profiles.spoiled import (
    AMOUNTS,
    CODES,
    DATES,
    FLAGS,
    NO_HOUSE_NUMBERS,
    ODD_AREAS,
    POSTCODES,
    UNITS,
)
from protocol.words.code_list import CodeList
from protocol.words.geography import AreaCode
from protocol.words.ids import CodeListId

DAYS = 400  # that a sample covers: a year and what came late
_STRFTIME = {DateForm.JJJJMMDD: "%Y%m%d", DateForm.DD_MM_JJJJ: "%d-%m-%Y"}
SEPARATOR = ";"
SEVERAL = "|"
_ADDRESS = (ColumnKind.POSTCODE, ColumnKind.HOUSE_NUMBER, ColumnKind.ADDITION)


@dataclass(frozen=True, slots=True)
class Address:
    """A postcode and a house number."""

    postcode: str
    house_number: int


@dataclass(frozen=True, slots=True)
class SamplePlaces:
    """Where sample rows may be. areas: codes that they may carry. former: codes of earlier years.

    postcodes: of which each address lies in one known buurt. institutions: addresses that are never one household.
    """

    areas: Sequence[AreaCode]
    former: Sequence[AreaCode]
    postcodes: Sequence[str]
    institutions: Sequence[Address]


@dataclass(frozen=True, slots=True)
class Planted:
    """How many rows of a file carry a fault. reason: as the quality report names it."""

    file: str
    column: str
    reason: str
    rows: int


@dataclass(frozen=True, slots=True)
class Samples:
    """Files by name, as text, with the mapping that reads them.

    planted: every fault in the faulty files. first_day, last_day: what the delivery says it covers.
    """

    clean: Mapping[str, str]
    faulty: Mapping[str, str]
    mapping: str
    planted: tuple[Planted, ...]
    first_day: date
    last_day: date


def sample(profile: Profile, *, seed: int, rows: int, places: SamplePlaces, today: date) -> Samples:
    """Return invented files of `rows` rows for each record type, in which areas and days are plausible.

    today: the reader's.
    """
    clean, faulty = {}, {}
    planted: list[Planted] = []
    for record in profile.records:
        maker = _Maker(profile, record, _Picks(f"{seed} {record.id}"), places, today)
        lines = [maker.row() for _ in range(rows)]
        clean[record.file] = maker.text(lines)
        extra: list[dict[str, str]] = []
        for column, reason, texts in _faults(profile, record, places, today):
            extra.extend(maker.row() | {column: text} for text in texts)
            planted.append(Planted(record.file, column, reason, len(texts)))
        if _by_address(profile) and all(record.of_kind(kind) for kind in _ADDRESS[:2]):
            extra.extend(_address_rows(maker, record, places, planted))
        twice = [dict(extra_row) for extra_row in lines[:2]]
        other = lines[2] | {record.day: maker.written(maker.first_day)}
        planted.append(Planted(record.file, record.event, "doubled", len(twice)))
        planted.append(Planted(record.file, record.event, "doubled-otherwise", 1))
        faulty[record.file] = maker.text([*lines, *extra, *twice, other])
    return Samples(clean, faulty, sample_mapping(profile), tuple(planted), today - timedelta(days=DAYS), today)


def sample_mapping(profile: Profile) -> str:
    """Return the mapping, as TOML, of exports that have the profile's own headers."""
    lines = ["format = 1", f'profile = "{profile.id}"', f'route = "{profile.routes[0]}"', ""]
    for record in profile.records:
        stem = record.file.removesuffix(".csv")
        lines += [f"[record.{record.id}]", f'files = ["{stem}*.csv"]', f"[record.{record.id}.columns]"]
        lines += [f'{column.name} = "{column.header}"' for column in _columns(record, profile)]
        lines.append("")
    return "\n".join(lines)


class _Picks:
    """Picks that look like chance and belong to a seed: they invent rows, and have no other use."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._picks = 0

    def below(self, limit: int) -> int:
        """Return a number from 0 to limit - 1."""
        self._picks += 1
        return int.from_bytes(sha256(f"{self._seed} {self._picks}".encode()).digest()[:8], "big") % limit

    def one(self, texts: Sequence[str]) -> str:
        """Return one of the texts."""
        return texts[self.below(len(texts))]


class _Maker:
    """Makes rows of one record type."""

    def __init__(
        self, profile: Profile, record: RecordType, chance: "_Picks", places: SamplePlaces, today: date
    ) -> None:
        self._profile, self._record, self._chance, self._places = profile, record, chance, places
        self._shelters = {each.house_number for each in places.institutions}
        self._lists = {each.id: each for each in profile.code_lists()}
        self._number = 0
        # A day that no row carries: a doubled row with it is never the latest.
        self.first_day = today - timedelta(days=DAYS)
        self._today = today

    def row(self) -> dict[str, str]:
        """Return one row by the profile's names; every cell is filled and right."""
        self._number += 1
        day = self._today - timedelta(days=1 + self._chance.below(365))
        return {column.name: self._cell(column, day) for column in _columns(self._record, self._profile)}

    def text(self, rows: Sequence[Mapping[str, str]]) -> str:
        """Return the file."""
        columns = _columns(self._record, self._profile)
        lines = [SEPARATOR.join(column.header for column in columns)]
        lines += [SEPARATOR.join(row[column.name] for column in columns) for row in rows]
        return "\r\n".join(lines) + "\r\n"

    def written(self, day: date) -> str:
        """Return a day in the partner's form."""
        return day.strftime(_STRFTIME[self._profile.date_form])

    def _cell(self, column: Column, day: date) -> str:
        chance = self._chance
        match column.kind:
            case ColumnKind.ID if column.name == self._record.event:
                return f"{self._record.id[:2].upper()}{10_000 + self._number}"
            case ColumnKind.ID:
                # About one household in four comes back, as in the published figures.
                return f"H{1_000 + chance.below(1 + 3 * self._number // 4)}"
            case ColumnKind.DATE:
                return self.written(day)
            case ColumnKind.AREA:
                return chance.one(self._places.areas)
            case ColumnKind.POSTCODE:
                return chance.one(self._places.postcodes)
            case ColumnKind.HOUSE_NUMBER:
                number = 1 + chance.below(1 + self._number)
                return str(number if number not in self._shelters else max(self._shelters) + 1)
            case ColumnKind.ADDITION:
                return chance.one(("", "", "", "A", "hs"))
            case ColumnKind.AMOUNT:
                return str(min(chance.below(5), column.largest))
            case ColumnKind.FLAG:
                return chance.one("JJJN")
            case _:
                codes = _valid(column, self._lists, day)
                many = 1 + chance.below(2) if column.several else 1
                return SEVERAL.join(sorted({chance.one(codes) for _ in range(many)}))


def _by_address(profile: Profile) -> bool:
    return profile.routes[0] is Route.ADDRESS


def _columns(record: RecordType, profile: Profile) -> tuple[Column, ...]:
    """Return the columns of a sample: those of the first route, so persons are left out and mostly addresses too."""
    absent = () if _by_address(profile) else _ADDRESS
    new = (column for column in record.columns if column.kind not in absent and column.name != record.person)
    return tuple(column for column in new if column.kind is not ColumnKind.CODE or not _is_past(column))


def _is_past(column: Column) -> bool:
    """Tell whether a column of codes belongs to protocol 1.0 alone."""
    return all(name.startswith("vt1-") for name in column.lists)


def _valid(column: Column, lists: Mapping[CodeListId, CodeList], day: date) -> list[str]:
    """Return the codes that a cell may carry on a day."""
    found = (lists[name] for name in column.lists)
    return [
        str(code)
        for each in found
        if each.valid_from <= day and (each.valid_until is None or day <= each.valid_until)
        for code in each.codes
    ]


def _address_rows(
    maker: _Maker, record: RecordType, places: SamplePlaces, planted: list[Planted]
) -> Iterator[dict[str, str]]:
    """Yield rows with faults in their address, and note what they are. A row without a postcode has no unit either."""
    postcode, number = (record.of_kind(kind)[0].name for kind in _ADDRESS[:2])
    for reason, texts in POSTCODES.items():
        planted.append(Planted(record.file, postcode, reason, len(texts)))
        yield from (maker.row() | {postcode: text} for text in texts)
    without = sum(len(texts) for reason, texts in POSTCODES.items() if reason != "unknown-postcode")
    planted.append(Planted(record.file, number, "empty", without + len(NO_HOUSE_NUMBERS)))
    yield from (maker.row() | {number: text} for text in NO_HOUSE_NUMBERS)
    if places.institutions:
        planted.append(Planted(record.file, number, "institution", len(places.institutions)))
    for each in places.institutions:
        yield maker.row() | {postcode: each.postcode, number: str(each.house_number)}


def _faults(
    profile: Profile, record: RecordType, places: SamplePlaces, today: date
) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield column, reason and the texts to plant, for every fault of one cell that this record type can have."""
    for column in _columns(record, profile):
        table: Mapping[str, tuple[str, ...]] = {}
        match column.kind:
            case ColumnKind.ID:
                table = {"empty": ("",)} if column.name == record.event else UNITS
            case ColumnKind.DATE if column.name == record.day:
                table = _day_faults(profile.date_form, today)
            case ColumnKind.AREA:
                old = {"old-area": (str(places.former[0]),)} if places.former else {}
                table = ODD_AREAS | {"unknown-area": (f"WK{places.areas[0][2:6]}98",)} | old
            case ColumnKind.CODE:
                table = CODES | _past_codes(column, profile, today)
            case ColumnKind.AMOUNT:
                table = AMOUNTS
            case ColumnKind.FLAG:
                table = FLAGS
            case _:
                pass
        for reason, texts in table.items():
            yield column.name, reason, texts


def _day_faults(form: DateForm, today: date) -> dict[str, tuple[str, ...]]:
    """Return what to plant in a deciding date."""
    last_month = today.replace(day=1) - timedelta(days=1)
    table = {
        reason: tuple(text.format(year=last_month.year, month=f"{last_month.month:02d}") for text in texts)
        for reason, texts in DATES[form].items()
    }
    table["future-date"] = ((today + timedelta(days=1)).strftime(_STRFTIME[form]),)
    table["outside-span"] = ((today - timedelta(days=DAYS + 1)).strftime(_STRFTIME[form]),)
    table["empty"] = ("",)
    return table


def _past_codes(column: Column, profile: Profile, today: date) -> dict[str, tuple[str, ...]]:
    """Return a code of a list of the column that is no longer valid, where there is one."""
    lists = {each.id: each for each in profile.code_lists()}
    past = [
        str(each.codes[-1])
        for name in column.lists
        if (each := lists[name]).valid_until is not None and each.valid_until < today
    ]
    return {"code-not-valid": (past[0],)} if past else {}
