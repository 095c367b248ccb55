"""A mapping made from headers: exact names only, any sign in a name, and never one that the profile refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partner_node.delivery.mapping import WrongMapping, parse_mapping
from partner_node.delivery.suggest import (
    MappedRecord,
    exact_columns,
    likely_record,
    mapping_text,
    pattern_of,
    possible_routes,
)
from partner_node.profiles.catalogue import PROFILES
from partner_node.profiles.profile import Route
from protocol.errors import Refusals

SCHOOL, VT = PROFILES["school"], PROFILES["veilig-thuis"]
RECORD = SCHOOL.record("verzuimmelding")
HEADERS = tuple(column.header for column in RECORD.columns)


@given(st.lists(st.text(min_size=1, max_size=30), min_size=3, max_size=3, unique=True))
def test_any_header_stands_in_the_toml_as_it_is(headers: list[str]) -> None:
    """Quotes, backslashes, escapes, DEL, emoji; half a surrogate is no text and cannot stand in a file."""
    columns = dict(zip(("meldingnummer", "datum", "buurt"), headers, strict=True))
    columns["huishouden"] = "".join(headers) + "h"
    text = mapping_text(SCHOOL, Route.HOUSEHOLD, [MappedRecord(RECORD, "verzuim*.csv", columns)])
    assert parse_mapping(text).record["verzuimmelding"].columns == columns


def test_columns_are_matched_letter_for_letter() -> None:
    assert exact_columns(RECORD, ["Gezinsnummer", "datum melding", "Buurtcode "]) == {"huishouden": "Gezinsnummer"}


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("meldingen.csv", "meldingen*.csv"),
        ("meldingen_2025Q4.csv", "meldingen_*.csv"),
        ("2025.csv", "*.csv"),
        ("a*b[1].xlsx", "a*.xlsx"),
    ],
)
def test_the_pattern_fits_the_next_delivery_too(file: str, pattern: str) -> None:
    assert pattern_of(file) == pattern


def test_a_file_is_known_by_its_name_else_by_its_header() -> None:
    assert likely_record(VT, "diensten_2025.csv", ()).id == "dienst"
    headers = [column.header for column in VT.record("advies").columns]
    assert likely_record(VT, "export.csv", headers).id == "advies"


def test_a_route_is_possible_only_with_its_columns() -> None:
    def routes(*names: str) -> tuple[Route, ...]:
        return possible_routes(SCHOOL, [MappedRecord(RECORD, "*", dict.fromkeys(names, "x"))])

    assert routes("huishouden") == (Route.HOUSEHOLD,)
    assert routes("postcode", "huisnummer", "leerling") == (Route.ADDRESS, Route.PERSON)
    assert routes("postcode") == ()


def test_a_mapping_that_lacks_what_counting_needs_is_refused() -> None:
    whole = exact_columns(RECORD, HEADERS)
    mapping_text(SCHOOL, Route.HOUSEHOLD, [MappedRecord(RECORD, "*", whole)])  # negative control
    without = {name: header for name, header in whole.items() if name not in {"datum", "huishouden"}}
    with pytest.raises(Refusals) as caught:
        mapping_text(SCHOOL, Route.HOUSEHOLD, [MappedRecord(RECORD, "*", without)])
    assert all(isinstance(problem, WrongMapping) for problem in caught.value.problems)
