"""Computes: a profile from TOML, for a partner of a kind that the node has no profile for; parsed strictly.

    format = 1
    id = "ggd"
    label = { nl = "GGD", en = "Municipal health service" }
    partner = "ggd"
    ground = "..."
    dates = "dd-mm-jjjj"
    routes = ["address", "person"]

    [[list]]
    id = "ggd-signaal"
    ...

What comes with the node stands in `profiles/custom/`. Nothing in it is ever run or opened.
"""

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from partner_node.closed_toml import ClosedToml
from partner_node.profiles.profile import (
    Column,
    ColumnKind,
    Condition,
    DateForm,
    Profile,
    ProfileList,
    ProfileMeasure,
    Provenance,
    RecordType,
    Route,
)
from protocol.covenant.party import PartnerType
from protocol.errors import AgreementRefusal
from protocol.study.measure import MeasureKind
from protocol.words.code_list import MAX_CODES, CodeItem, CodeList
from protocol.words.ids import Code, CodeListId, Line, MeasureId

MAX_BYTES = 1 << 20  # 2,000 codes with two labels for each of five lists
_ACT = "the author of the profile must mend it"

_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]
# A partner's export is a CSV; the name is an example, never a path.
_File = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*\.csv$", max_length=60)]
_Loose = Field(strict=False)  # TOML has texts and lists, no words of ours and no tuples


class MalformedProfile(AgreementRefusal):
    """A profile that is not the TOML of this version: a key is unknown, missing or of the wrong type."""


class _Label(ClosedToml):
    nl: Line
    en: Line


class _Item(ClosedToml):
    code: Code
    nl: Line
    en: Line


class _List(ClosedToml):
    id: CodeListId
    version: Annotated[int, Field(ge=1, le=10_000)] = 1
    valid_from: date
    valid_until: date | None = None
    provenance: Annotated[Provenance, _Loose]
    source: Line
    items: Annotated[tuple[_Item, ...], Field(min_length=1, max_length=MAX_CODES, strict=False)]

    def made(self) -> ProfileList:
        items = tuple(CodeItem(code=item.code, label_nl=item.nl, label_en=item.en) for item in self.items)
        codes = CodeList(
            id=self.id, version=self.version, valid_from=self.valid_from, valid_until=self.valid_until, items=items
        )
        return ProfileList(codes, self.provenance, self.source)


class _Column(ClosedToml):
    name: _Name
    header: Line
    kind: Annotated[ColumnKind, _Loose]
    description: Line
    required: bool = True
    lists: Annotated[tuple[CodeListId, ...], Field(max_length=20, strict=False)] = ()
    several: bool = False
    largest: Annotated[int, Field(ge=0, le=10**9)] = 0

    def made(self) -> Column:
        return Column(
            self.name,
            self.header,
            self.kind,
            self.description,
            required=self.required,
            lists=self.lists,
            several=self.several,
            largest=self.largest,
        )


class _Record(ClosedToml):
    id: _Name
    label: _Label
    file: _File
    event: _Name
    day: _Name
    household: _Name | None = None
    person: _Name | None = None
    column: Annotated[tuple[_Column, ...], Field(min_length=1, max_length=200, strict=False)]

    def made(self) -> RecordType:
        return RecordType(
            id=self.id,
            label_nl=self.label.nl,
            label_en=self.label.en,
            file=self.file,
            columns=tuple(column.made() for column in self.column),
            event=self.event,
            day=self.day,
            household=self.household,
            person=self.person,
        )


class _Only(ClosedToml):
    column: _Name
    codes: Annotated[tuple[Code, ...], Field(max_length=MAX_CODES, strict=False)] = ()


class _Measure(ClosedToml):
    id: MeasureId
    kind: Annotated[MeasureKind, _Loose]
    record: _Name
    question: _Label
    only: Annotated[tuple[_Only, ...], Field(max_length=20, strict=False)] = ()
    amount: _Name | None = None
    lists: Annotated[tuple[CodeListId, ...], Field(max_length=20, strict=False)] = ()
    most_per_cell: Annotated[int, Field(ge=1, le=10**6)] = 1
    most_options: Annotated[int, Field(ge=1, le=MAX_CODES)] | None = None

    def made(self) -> ProfileMeasure:
        return ProfileMeasure(
            id=self.id,
            kind=self.kind,
            record=self.record,
            question_nl=self.question.nl,
            question_en=self.question.en,
            only=tuple(Condition(each.column, each.codes) for each in self.only),
            amount=self.amount,
            lists=self.lists,
            most_per_cell=self.most_per_cell,
            most_options=self.most_options,
        )


class _Profile(ClosedToml):
    format: Annotated[int, Field(ge=1, le=1)]  # not Literal[1]: to that, `true` is 1
    id: _Name
    label: _Label
    partner: Annotated[PartnerType, _Loose]
    ground: Line
    dates: Annotated[DateForm, _Loose]
    routes: Annotated[tuple[Annotated[Route, _Loose], ...], Field(min_length=1, max_length=3, strict=False)]
    list: Annotated[tuple[_List, ...], Field(max_length=50, strict=False)] = ()
    record: Annotated[tuple[_Record, ...], Field(min_length=1, max_length=20, strict=False)]
    measure: Annotated[tuple[_Measure, ...], Field(min_length=1, max_length=200, strict=False)]


def parse_profile(text: str) -> Profile:
    """Return the profile that a TOML text says. Whoever holds police data needs the Wpg permission, whatever it says.

    Raises: MalformedProfile, WrongProfile, UnsortedCodes.
    """
    said = _Profile.from_toml(
        text, source="a profile, format 1", refusal=MalformedProfile, act=_ACT, max_characters=MAX_BYTES
    )
    return Profile(
        id=said.id,
        label_nl=said.label.nl,
        label_en=said.label.en,
        partner=said.partner,
        ground=said.ground,
        date_form=said.dates,
        routes=said.routes,
        records=tuple(record.made() for record in said.record),
        lists=tuple(each.made() for each in said.list),
        measures=tuple(measure.made() for measure in said.measure),
        wpg=said.partner is PartnerType.POLITIE,
    )
