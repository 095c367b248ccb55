"""Samples of every profile: the clean files have no fault, and of the faulty ones each planted fault is counted."""

from collections import Counter
from datetime import date

import pytest

from partner_node.delivery.delivery import Delivery, read_delivery
from partner_node.delivery.faults import Reason
from partner_node.delivery.mapping import parse_mapping
from partner_node.delivery.values import Span
from partner_node.profiles.catalogue import PROFILES
from partner_node.profiles.profile import Profile
from partner_node.profiles.sample import Address, SamplePlaces, Samples, sample
from protocol.words.geography import AreaCode
from tests.partner_node.delivery.files import area_table, from_csv, geography

TODAY = date(2026, 7, 15)
PLACES = SamplePlaces(
    areas=tuple(AreaCode(code) for code in ("BU99010001", "BU99010002", "BU99010101")),
    former=(AreaCode("BU99010099"),),
    postcodes=("1901AA", "1902AA"),
    institutions=(Address("1902AA", 99),),
)


def samples_of(profile: Profile) -> Samples:
    return sample(profile, seed=7, rows=60, places=PLACES, today=TODAY)


def read(profile: Profile, samples: Samples, *, faulty: bool) -> Delivery:
    files = samples.faulty if faulty else samples.clean
    return read_delivery(
        [from_csv(name, text) for name, text in files.items()],
        profile,
        parse_mapping(samples.mapping),
        geography(),
        profile.code_lists(),
        area_table=area_table(),
        secret=bytes(32),
        today=TODAY,
        span=Span(samples.first_day, samples.last_day),
    )


@pytest.mark.parametrize("name", PROFILES)
def test_a_clean_sample_has_no_fault_and_every_row_is_used(name: str) -> None:
    delivery = read(PROFILES[name], samples_of(PROFILES[name]), faulty=False)
    assert not delivery.faults.rows
    assert delivery.used == delivery.read
    assert set(delivery.read.values()) == {60}


@pytest.mark.parametrize("name", PROFILES)
def test_of_a_faulty_sample_each_planted_fault_is_counted_and_no_other(name: str) -> None:
    """D03, D04, D06, D07: counts by file, column and reason equal what was planted."""
    samples = samples_of(PROFILES[name])
    delivery = read(PROFILES[name], samples, faulty=True)
    found = Counter({(key.file, key.column, str(key.reason)): rows for key, rows in delivery.faults.rows.items()})
    planted: Counter[tuple[str, str, str]] = Counter()
    for fault in samples.planted:
        planted[fault.file, fault.column, fault.reason] += fault.rows
    assert found == planted


@pytest.mark.parametrize("name", PROFILES)
def test_a_sample_is_the_same_for_the_same_seed(name: str) -> None:
    assert samples_of(PROFILES[name]) == samples_of(PROFILES[name])


def test_the_samples_together_plant_every_fault() -> None:
    planted = {fault.reason for profile in PROFILES.values() for fault in samples_of(profile).planted}
    assert planted == {str(reason) for reason in Reason}


def test_a_planted_fault_that_is_not_counted_would_be_seen() -> None:
    """Negative control: one planted row taken out of the file changes the counts."""
    profile = PROFILES["school"]
    samples = samples_of(profile)
    name = "verzuim.csv"
    rows = samples.faulty[name].splitlines()
    fewer = "\n".join(row for row in rows if "misschien" not in row and "1e308" not in row)
    assert fewer != "\n".join(rows)
    changed = Samples(
        samples.clean, {name: fewer}, samples.mapping, samples.planted, samples.first_day, samples.last_day
    )
    assert read(profile, changed, faulty=True).faults.rows != read(profile, samples, faulty=True).faults.rows
