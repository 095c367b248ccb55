"""A scenario is parsed strictly: what is unknown, impossible or not in it is named, all of it together."""

import re

import pytest

from protocol.errors import Refusals
from simulations.registers.faults import ImpossibleFaults
from simulations.world.scenario import (
    MAX_BYTES,
    EventKind,
    Expect,
    ImpossibleScenario,
    MalformedScenario,
    Scenario,
    check_years,
    parse_scenario,
)
from tests.house import ROOT
from tests.simulations.world.playing import SMALL


def test_a_small_scenario_is_what_it_says() -> None:
    scenario = parse_scenario(
        SMALL + 'joins = { school = 1 }\n[[event]]\nround = 3\nkind = "silent"\nparty = "school"\n'
    )
    assert scenario.members(1) == ("politie", "school", "veilig-thuis")
    assert [event.kind for event in scenario.events(3)] == ["silent"]
    assert scenario.events(2) == ()
    assert scenario.expected(3).state == "done"
    assert scenario.cap_rho * 4 == 1


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ("colour = 1", "colour"),
        ("[faults]\nlate = 1.5", "faults.late"),
        ("[faults]\nlater = 0.1", "faults.later"),
        ("[channel]\ndrop = 0.6", "channel.drop"),
        ("[channel]\ndrop = -0.1", "channel.drop"),
        ("cap = 0.25", "cap"),
        ('cap = "a quarter"', "cap"),
        ("lateness = 3", "lateness"),
        ("borders = [0]", "borders.0"),
        ("joins = { brandweer = 1 }", "joins.brandweer"),
        ('[[event]]\nround = 1\nkind = "vanishes"', "event.0.kind"),
        ('[[event]]\nkind = "silent"', "event.0.round"),
        ('[[event]]\nround = "1"\nkind = "silent"', "event.0.round"),
        ('[[expect]]\nrounds = [1]\nstate = "published"', "expect.0.state"),
        ("[[expect]]\nrounds = []", "expect.0.rounds"),
        ("format = 2", "TOML"),  # a key that stands twice
    ],
)
def test_what_is_unknown_or_of_the_wrong_type_is_named(more: str, named: str) -> None:
    with pytest.raises(MalformedScenario, match=named):
        parse_scenario(f"{SMALL}{more}\n")


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ('[[event]]\nround = 1\nkind = "silent"\nparty = "ggd"', "ggd, which is not among the partners"),
        ('[[expect]]\nrounds = [1]\nwithout = ["ggd"]', "ggd, which is not among the partners"),
        ('[[event]]\nround = 5\nkind = "silent"\nparty = "school"', "round 5 in 1 years"),
        ("[[expect]]\nrounds = [6]", "round 6 in 1 years"),
        ("borders = [2]", "something in year 2 of 1"),
        ('[[event]]\nround = 1\nkind = "silent"', "silent without a party"),
        ('[[event]]\nround = 1\nkind = "forked-log"\nparty = "school"', "forked-log with a party"),
        ("joins = { school = 2 }", "fewer than three partners"),
    ],
)
def test_what_is_not_in_the_scenario_is_refused(more: str, named: str) -> None:
    with pytest.raises((ImpossibleScenario, Refusals), match=named):
        parse_scenario(f"{SMALL}{more}\n")


@pytest.mark.parametrize(
    ("partners", "named"),
    [
        ('["politie", "school"]', "missing: partners"),
        ('["politie", "brandweer", "veilig-thuis"]', r"partners\.1"),
        ('["politie", "politie", "veilig-thuis", "school"]', "named twice"),
        ("[]", "missing: partners"),
    ],
)
def test_parties_that_miss_do_not_exist_or_stand_twice_are_refused(partners: str, named: str) -> None:
    with pytest.raises((MalformedScenario, ImpossibleScenario), match=named):
        parse_scenario(SMALL.replace('["politie", "school", "veilig-thuis"]', partners))


def test_rates_that_leave_no_row_right_are_refused() -> None:
    with pytest.raises(ImpossibleFaults):
        parse_scenario(f"{SMALL}[faults]\nlate = 0.9\nwrong_level = 0.9\n")


def test_all_problems_are_named_together() -> None:
    text = SMALL + '[[event]]\nround = 9\nkind = "silent"\nparty = "ggd"\n'
    with pytest.raises(Refusals) as caught:
        parse_scenario(text)
    assert [problem.got for problem in caught.value.problems] == [
        "ggd, which is not among the partners",
        "round 9 in 1 years",
    ]


def test_a_text_that_is_no_toml_or_too_long_is_refused() -> None:
    with pytest.raises(MalformedScenario, match="not TOML"):
        parse_scenario("title = ")
    with pytest.raises(MalformedScenario, match="characters"):
        parse_scenario(SMALL + "#" * MAX_BYTES)


def test_years_are_those_that_the_scenario_needs_or_more() -> None:
    scenario = parse_scenario(SMALL.replace("years = 1", "years = 2"))
    check_years(scenario, 2)
    check_years(scenario, 10)
    for years in (1, 11):
        with pytest.raises(ImpossibleScenario, match=f"got {years} years, wanted 2 to 10"):
            check_years(scenario, years)


def test_the_scenario_in_the_document_is_one() -> None:
    (block,) = re.findall(r"^```toml\n(.*?)^```", (ROOT / "docs/world.md").read_text(), re.MULTILINE | re.DOTALL)
    assert parse_scenario(block).events(2)[0].kind is EventKind.LEAVES_AFTER_LOCK


def test_the_document_names_every_kind_of_event_and_every_key() -> None:
    page = (ROOT / "docs/world.md").read_text()
    missing = [name for name in (*EventKind, *Scenario.model_fields, *Expect.model_fields) if f"`{name}`" not in page]
    assert missing == ["format", "title", "years"]  # in the example
