"""Computes nothing: a profile, what one kind of partner holds and what may be counted of it; a frozen value.

A record type has one deciding date: it says in which period a record counts, for every measure of that type.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from protocol.covenant.party import PartnerType
from protocol.errors import AgreementRefusal
from protocol.study.measure import MeasureKind
from protocol.words.code_list import CodeList
from protocol.words.ids import Code, CodeListId, MeasureId


class WrongProfile(AgreementRefusal):
    """A profile that contradicts itself: a name that nothing carries, or a column without its list."""


class ColumnKind(StrEnum):
    """What the text of a column means."""

    ID = "id"
    DATE = "date"
    CODE = "code"
    AREA = "area"
    POSTCODE = "postcode"
    HOUSE_NUMBER = "house-number"
    ADDITION = "addition"
    AMOUNT = "amount"
    FLAG = "flag"


class DateForm(StrEnum):
    """How a partner writes a day."""

    JJJJMMDD = "jjjjmmdd"
    DD_MM_JJJJ = "dd-mm-jjjj"


class Route(StrEnum):
    """How a record leads to its unit; the first that a partner can follow is the one to map (DESIGN 4)."""

    HOUSEHOLD = "household"
    ADDRESS = "address"
    PERSON = "person"


class Provenance(StrEnum):
    """Where the codes of a list come from."""

    OFFICIAL = "official"  # codes and labels of the law or the agency
    LABELS = "labels"  # published labels; the official numbers are not known to us, the numbering is our own
    OWN = "own"  # neither is published: a draft, to be replaced by the partner's own list


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a record type.

    header: what exports usually call it. lists: the code lists whose codes it may carry, one valid at a time. several:
    whether one cell may hold several codes. largest: of an amount.
    """

    name: str
    header: str
    kind: ColumnKind
    description_nl: str
    required: bool = True
    lists: tuple[CodeListId, ...] = ()
    several: bool = False
    largest: int = 0


@dataclass(frozen=True, slots=True)
class RecordType:
    """One kind of record. event: the column with its own id. day: the deciding date.

    household, person: columns with the unit's id, where the type has them. A type that has no column for the route in
    use makes each of its records a unit of its own.
    """

    id: str
    label_nl: str
    label_en: str
    file: str
    columns: tuple[Column, ...]
    event: str
    day: str
    household: str | None = None
    person: str | None = None

    def column(self, name: str) -> Column:
        """Return the column of this name.

        Raises: WrongProfile.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise _wrong(f"record type {self.id} without the column {name}", "that column")

    def of_kind(self, *kinds: ColumnKind) -> tuple[Column, ...]:
        """Return the columns of these kinds, in order."""
        return tuple(column for column in self.columns if column.kind in kinds)


@dataclass(frozen=True, slots=True)
class Condition:
    """A row counts only if this column carries one of these codes (a flag: is set, with no codes)."""

    column: str
    codes: tuple[Code, ...] = ()


@dataclass(frozen=True, slots=True)
class ProfileMeasure:
    """One question that this kind of partner can answer.

    lists: the code lists by which it may be split. amount: the column that a `sum` adds. most_per_cell, most_options:
    the bounds that a study starts from.
    """

    id: MeasureId
    kind: MeasureKind
    record: str
    question_nl: str
    question_en: str
    only: tuple[Condition, ...] = ()
    amount: str | None = None
    lists: tuple[CodeListId, ...] = ()
    most_per_cell: int = 1
    most_options: int | None = None


@dataclass(frozen=True, slots=True)
class ProfileList:
    """A code list with where its codes come from."""

    codes: CodeList
    provenance: Provenance
    source: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What one kind of partner holds.

    routes: in order of preference. wpg: whether the police's permission (Wpg 22) must stand in the partner's register.
    Raises: WrongProfile.
    """

    id: str
    label_nl: str
    label_en: str
    partner: PartnerType
    ground: str
    date_form: DateForm
    routes: tuple[Route, ...]
    records: tuple[RecordType, ...]
    lists: tuple[ProfileList, ...]
    measures: tuple[ProfileMeasure, ...]
    wpg: bool = False

    def __post_init__(self) -> None:
        problem = next(_problems(self), None)
        if problem is not None:
            raise _wrong(problem, "a profile whose names all lead somewhere")

    def record(self, name: str) -> RecordType:
        """Return the record type of this id.

        Raises: WrongProfile.
        """
        for record in self.records:
            if record.id == name:
                return record
        raise _wrong(f"no record type {name}", ", ".join(record.id for record in self.records))

    def code_lists(self) -> tuple[CodeList, ...]:
        """Return the code lists, in order."""
        return tuple(listed.codes for listed in self.lists)


def _problems(profile: Profile) -> Iterator[str]:
    listed = {item.codes.id: item.codes for item in profile.lists}
    for record in profile.records:
        names = [column.name for column in record.columns]
        if len(set(names)) != len(names):
            yield f"a column twice in {record.id}"
        for name in filter(None, (record.event, record.day, record.household, record.person)):
            if name not in names:
                yield f"{record.id} without the column {name}"
        used = [name for column in record.columns for name in column.lists]
        if len(set(used)) != len(used):
            yield f"a code list at two columns of {record.id}"
        yield from (f"the unknown code list {name} in {record.id}" for name in used if name not in listed)
    for measure in profile.measures:
        yield from _measure_problems(profile, measure)


def _measure_problems(profile: Profile, measure: ProfileMeasure) -> Iterator[str]:
    records = [record for record in profile.records if record.id == measure.record]
    if not records:
        yield f"measure {measure.id} of no record type"
        return
    columns = {column.name: column for column in records[0].columns}
    used = {name for column in columns.values() for name in column.lists}
    wanted = [condition.column for condition in measure.only] + ([measure.amount] if measure.amount else [])
    yield from (f"measure {measure.id} without its column {name}" for name in wanted if name not in columns)
    yield from (f"measure {measure.id} split by an absent list {name}" for name in measure.lists if name not in used)
    if (measure.kind is MeasureKind.SUM) is (measure.amount is None):
        yield f"measure {measure.id} with a wrong amount column"
    if (measure.kind is MeasureKind.MULTI) is (measure.most_options is None):
        yield f"measure {measure.id} with wrong options"


def _wrong(got: str, wanted: str) -> WrongProfile:
    return WrongProfile(got=got, wanted=wanted, act="the author of the profile must mend it")
