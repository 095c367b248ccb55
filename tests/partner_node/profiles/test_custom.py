"""Profiles in TOML: strictly read, and nothing in one takes away what a partner's kind demands."""

from datetime import date
from importlib.resources import files

import pytest

from partner_node.profiles.catalogue import IN_TOML, PROFILES
from partner_node.profiles.custom import MAX_BYTES, MalformedProfile, parse_profile
from partner_node.profiles.profile import (
    Column,
    ColumnKind,
    DateForm,
    Profile,
    ProfileList,
    ProfileMeasure,
    Provenance,
    RecordType,
    Route,
    WrongProfile,
)
from protocol.covenant.party import PartnerType
from protocol.errors import Refusal
from protocol.study.measure import MeasureKind
from protocol.words.code_list import CodeItem, CodeList, UnsortedCodes
from protocol.words.ids import Code, CodeListId, Line, MeasureId
from simulations.registers.layouts import LAYOUTS

TEXT = """
format = 1
id = "corporatie"
label = { nl = "Corporatie", en = "Housing association" }
partner = "corporatie"
ground = "Eigen grondslag"
dates = "jjjjmmdd"
routes = ["address"]

[[list]]
id = "corporatie-soort"
valid_from = 2020-01-01
provenance = "own"
source = "draft"
items = [
  { code = "C1", nl = "Overlast", en = "Nuisance" },
  { code = "C2", nl = "Schuld", en = "Debt" },
]

[[record]]
id = "klacht"
label = { nl = "Klachten", en = "Complaints" }
file = "klachten.csv"
event = "nummer"
day = "datum"
[[record.column]]
name = "nummer"
header = "Nr"
kind = "id"
description = "Eigen nummer"
[[record.column]]
name = "datum"
header = "Datum"
kind = "date"
description = "Dag van de klacht"
[[record.column]]
name = "soort"
header = "Soort"
kind = "code"
description = "Soort klacht"
required = false
lists = ["corporatie-soort"]

[[measure]]
id = "corporatie-klachten"
kind = "events"
record = "klacht"
question = { nl = "Hoeveel klachten?", en = "How many complaints?" }
lists = ["corporatie-soort"]
only = [{ column = "soort", codes = ["C1"] }]
most_per_cell = 3
"""


def test_a_profile_says_what_its_toml_says() -> None:
    profile = parse_profile(TEXT)
    codes = CodeList(
        id=CodeListId("corporatie-soort"),
        version=1,
        valid_from=date(2020, 1, 1),
        valid_until=None,
        items=(
            CodeItem(code=Code("C1"), label_nl=Line("Overlast"), label_en=Line("Nuisance")),
            CodeItem(code=Code("C2"), label_nl=Line("Schuld"), label_en=Line("Debt")),
        ),
    )
    assert profile.id == "corporatie"
    assert profile.partner is PartnerType.CORPORATIE
    assert profile.date_form is DateForm.JJJJMMDD
    assert profile.routes == (Route.ADDRESS,)
    assert profile.lists == (ProfileList(codes, Provenance.OWN, "draft"),)
    assert profile.records == (
        RecordType(
            "klacht",
            "Klachten",
            "Complaints",
            "klachten.csv",
            (
                Column("nummer", "Nr", ColumnKind.ID, "Eigen nummer"),
                Column("datum", "Datum", ColumnKind.DATE, "Dag van de klacht"),
                Column("soort", "Soort", ColumnKind.CODE, "Soort klacht", required=False, lists=(codes.id,)),
            ),
            event="nummer",
            day="datum",
        ),
    )
    measure = profile.measures[0]
    assert isinstance(measure, ProfileMeasure)
    assert (measure.id, measure.kind) == (MeasureId("corporatie-klachten"), MeasureKind.EVENTS)
    assert (measure.only[0].column, measure.only[0].codes) == ("soort", ("C1",))
    assert (measure.most_per_cell, measure.lists) == (3, (codes.id,))
    assert not profile.wpg


def test_police_data_needs_the_wpg_permission_whatever_the_profile_is_called() -> None:
    text = TEXT.replace('partner = "corporatie"', 'partner = "politie"')
    assert parse_profile(text).wpg
    with pytest.raises(MalformedProfile, match="wpg"):
        parse_profile(text.replace("format = 1", "format = 1\nwpg = false"))


@pytest.mark.parametrize(
    ("old", "new", "refusal", "named"),
    [
        ("format = 1", "format = 2", MalformedProfile, "format"),
        ("format = 1", "format = true", MalformedProfile, "format"),
        ("format = 1", "format = 1\nunknown = 1", MalformedProfile, "unknown"),
        ('kind = "id"', 'kind = "name"', MalformedProfile, "record.0.column.0.kind"),
        ('partner = "corporatie"', 'partner = "bakker"', MalformedProfile, "partner"),
        ('routes = ["address"]', "routes = []", MalformedProfile, "routes"),
        ('file = "klachten.csv"', 'file = "../klachten.csv"', MalformedProfile, "record.0.file"),
        ("required = false", 'required = "no"', MalformedProfile, "record.0.column.2.required"),
        ("valid_from = 2020-01-01", 'valid_from = "2020-01-01"', MalformedProfile, "list.0.valid_from"),
        ("most_per_cell = 3", "most_per_cell = 0", MalformedProfile, "measure.0.most_per_cell"),
        ("format = 1", "format = ", MalformedProfile, "not TOML"),
        ('event = "nummer"', 'event = "nergens"', WrongProfile, "klacht without the column nergens"),
        ('record = "klacht"', 'record = "brief"', WrongProfile, "measure corporatie-klachten of no record type"),
        ('code = "C2"', 'code = "C0"', UnsortedCodes, "corporatie-soort"),
    ],
)
def test_a_profile_that_is_not_of_this_form_is_refused_by_its_place(
    old: str, new: str, refusal: type[Refusal], named: str
) -> None:
    assert TEXT.count(old) >= 1
    with pytest.raises(refusal, match=named):
        parse_profile(TEXT.replace(old, new, 1))


def test_an_endless_profile_is_not_parsed() -> None:
    with pytest.raises(MalformedProfile, match="characters"):
        parse_profile("#" * (MAX_BYTES + 1))


def test_a_refusal_shows_a_key_from_outside_without_what_a_terminal_would_obey() -> None:
    with pytest.raises(MalformedProfile) as refused:
        parse_profile(TEXT.replace("format = 1", 'format = 1\n"\\u001b[31mrood\\u202e" = 1'))
    assert "\x1b" not in str(refused.value)
    assert "\u202e" not in str(refused.value)
    assert "rood" in str(refused.value)


def test_every_toml_in_the_package_is_in_the_catalogue() -> None:
    folder = files("partner_node.profiles") / "custom"
    assert sorted(each.name for each in folder.iterdir()) == sorted(f"{name}.toml" for name in IN_TOML)


@pytest.mark.parametrize("partner", sorted({layout.partner for layout in LAYOUTS}))
def test_each_simulated_partner_has_a_profile_with_its_record_types_and_headers(partner: str) -> None:
    """IM-08: every column that counting needs is one that the partner writes already."""
    profile: Profile = PROFILES[partner]
    own = {"Aanhouding", "Huisverbod", "Zorgmelding"}  # the police writes more than is counted
    for layout in LAYOUTS:
        if layout.partner == partner:
            headers = {column.header for column in profile.record(layout.record).columns}
            written = {header for _, header in layout.headers}
            assert written - own <= headers, layout.record
            assert {each.header for each in profile.record(layout.record).columns if each.required} <= written
