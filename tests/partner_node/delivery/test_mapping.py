"""The mapping: strict, and inert whatever it says."""

from dataclasses import replace

import pytest

from partner_node.delivery.mapping import (
    MalformedMapping,
    UnmappedFile,
    WrongMapping,
    check_mapping,
    mapped_keys,
    parse_mapping,
    record_of,
    shown,
)
from partner_node.profiles.school import SCHOOL, VERZUIMMELDING
from protocol.errors import Refusals

GOOD = """
format = 1
profile = "school"
route = "household"
[record.verzuimmelding]
files = ["verzuim*.csv"]
columns = { meldingnummer = "Nr", huishouden = "Gezin", buurt = "Buurt", datum = "Datum" }
"""


def test_a_mapping_that_fits_is_taken() -> None:
    mapping = parse_mapping(GOOD)
    check_mapping(mapping, SCHOOL)
    assert record_of("verzuim-2026.csv", mapping) == "verzuimmelding"


def test_unit_keys_are_told_by_the_profiles_words_and_not_by_the_partners_headers() -> None:
    by_household = "Route: household; verzuimmelding: huishouden"
    assert mapped_keys(parse_mapping(GOOD), SCHOOL) == by_household
    assert mapped_keys(parse_mapping(GOOD.replace('"Gezin"', '"Gezinsnr"')), SCHOOL) == by_household
    by_person = GOOD.replace('"household"', '"person"').replace("huishouden =", "leerling =")
    assert mapped_keys(parse_mapping(by_person), SCHOOL) == "Route: person; verzuimmelding: leerling"
    address = GOOD.replace('"household"', '"address"').replace(
        'huishouden = "Gezin"', 'postcode = "PC", huisnummer = "Nr2"'
    )
    assert mapped_keys(parse_mapping(address), SCHOOL) == "Route: address; verzuimmelding: postcode huisnummer"
    more = address.replace('"Nr2"', '"Nr2", toevoeging = "Toev"')
    assert mapped_keys(parse_mapping(more), SCHOOL) == "Route: address; verzuimmelding: postcode huisnummer toevoeging"


def test_a_record_type_without_the_route_has_no_column_of_it() -> None:
    loose = replace(VERZUIMMELDING, household=None)
    assert mapped_keys(parse_mapping(GOOD), replace(SCHOOL, records=(loose,))) == "Route: household; verzuimmelding: "


@pytest.mark.parametrize(
    "change",
    [
        ("format = 1", "format = 2"),
        ("format = 1", "format = true"),
        ("format = 1", "format = 1\nextra = 1"),
        ('route = "household"', 'route = "street"'),
        ('route = "household"', 'route = "household"\nseparator = "ab"'),
        ("columns = {", "code = '!!python/object:os.system'\ncolumns = {"),
        ('"verzuim*.csv"', '"../verzuim.csv"'),
        ('"verzuim*.csv"', '"/etc/passwd"'),
        ('"verzuim*.csv"', '"C:\\\\verzuim.csv"'),
        ('"Nr"', "7"),
        ('"Nr"', '""'),
        ("meldingnummer", '"Melding\\u001b[31m"'),
        ('profile = "school"', "profile = &a [*a, *a]"),
        ('profile = "school"', 'profile = "${HOME}"'),
    ],
)
def test_a_mapping_that_is_not_this_version_is_refused_without_its_values(change: tuple[str, str]) -> None:
    """D11, D12: unknown keys, wrong types, paths, tags, anchors and variables."""
    assert change[0] in GOOD
    with pytest.raises(MalformedMapping) as refused:
        parse_mapping(GOOD.replace(*change, 1))
    assert not set("\x1b$!&\\") & set(str(refused.value))
    assert "passwd" not in str(refused.value)


def test_odd_characters_in_a_header_are_only_a_name() -> None:
    """D11: SQL, formulas and format strings are compared, never run."""
    odd = "Nr'); DROP TABLE unit; -- {0} %s =1+1 <b>"
    mapping = parse_mapping(GOOD.replace('"Nr"', f'"{odd}"'))
    check_mapping(mapping, SCHOOL)
    assert mapping.record["verzuimmelding"].columns["meldingnummer"] == odd


def test_all_problems_with_a_profile_are_named_together() -> None:
    wrong = GOOD.replace('datum = "Datum"', 'dag = "Datum"').replace('buurt = "Buurt",', "").replace('"Gezin"', '"Nr"')
    with pytest.raises(Refusals) as refused:
        check_mapping(parse_mapping(wrong), SCHOOL)
    assert {type(problem) for problem in refused.value.problems} == {WrongMapping}
    text = str(refused.value)
    for part in ("the column dag", "no header for the column datum", "with an area", "the header Nr for two columns"):
        assert part in text


def test_a_file_of_no_or_two_record_types_is_refused() -> None:
    with pytest.raises(UnmappedFile, match="no record type"):
        record_of("leerlingen.csv", parse_mapping(GOOD))
    twice = GOOD + '[record.ander]\nfiles = ["*.csv"]\ncolumns = { nummer = "Nr" }\n'
    with pytest.raises(UnmappedFile, match="several record types"):
        record_of("verzuim.csv", parse_mapping(twice))


@pytest.mark.parametrize("name", ["a\x1b[31mb", "a\nb", "a\u202eb", "a<b>", "a{0}b", "a`b", "a'b"])
def test_a_shown_name_is_inert(name: str) -> None:
    """D14: escape codes, line breaks, direction marks, HTML and format strings."""
    assert not set("\x1b\n\u202e<>{}`'") & set(shown(name))
    assert len(shown(name * 100)) == 60
