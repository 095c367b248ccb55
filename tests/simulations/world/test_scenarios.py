"""Every scenario that ships comes out as it says, and would be caught if it did not."""

from dataclasses import replace

import pytest

from protocol.round.transitions import State
from simulations.world.expected import differences
from simulations.world.outcome import Errors, covered_least, planned_spread
from simulations.world.shipped import load_scenario, shipped_names
from tests.simulations.world.playing import play, played

NAMES = (
    "boundaries-change",
    "caps-nearly-reached",
    "change-without-consent",
    "hostile-partner",
    "late-school",
    "lost-messages",
    "lying-coordinator",
    "new-partner-joins",
    "node-restarts",
    "partner-leaves-after-lock",
    "partner-refuses-study",
    "partner-silent",
    "quiet-year",
    "restored-node",
    "wrong-level-delivery",
)
WITH_EXPECT = tuple(name for name in NAMES if load_scenario(name).expect)


def test_the_scenarios_that_ship_are_these() -> None:
    assert shipped_names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_comes_out_as_it_says(name: str) -> None:
    result = played(name)
    assert result.differences == ()
    assert len(result.rounds) == 4 * load_scenario(name).years
    # A year's whole bundle holds, unless the coordinator published a figure of its own.
    assert all(result.verified.values()) == (name != "lying-coordinator")
    assert set(result.verified) == set(range(1, load_scenario(name).years + 1))


@pytest.mark.parametrize("name", WITH_EXPECT)
def test_what_happens_in_a_scenario_is_seen_and_not_only_expected(name: str) -> None:
    """Negative control: without its expectations the same rounds differ, in each round that it names but for caps."""
    scenario = load_scenario(name)
    found = differences(scenario.model_copy(update={"expect": ()}), played(name).rounds)
    named = {number for expect in scenario.expect for number in expect.rounds}
    seen = {number for number in named if any(line.startswith(f"ronde {number} ") for line in found)}
    assert seen == named


def test_each_kind_of_difference_is_caught() -> None:
    """Negative control, on a year in which nothing happens."""
    scenario, rounds = load_scenario("quiet-year"), played("quiet-year").rounds
    first = rounds[0]
    changed = {
        "toestand": replace(first, state=State.OPENED),
        "controle": replace(first, verified=False),
        "zonder": replace(first, participants=first.participants[1:]),
        "niet geleverd": replace(first, not_delivered=first.participants[:1]),
        "weggelaten": replace(first, left_out_percent=1.5),
        "weigering": replace(first, refusals=("forked-log",)),
    }
    for word, spoiled in changed.items():
        (line,) = differences(scenario, (spoiled, *rounds[1:]))
        assert word in line


def test_noise_that_is_not_as_planned_is_caught() -> None:
    """Negative control: a tenth more or less variance over 7,840 cells is six standard deviations."""
    scenario, rounds = load_scenario("quiet-year"), played("quiet-year").rounds
    assert sum(found.errors.cells for found in rounds) == 7_840  # 10 measures, 98 areas, 2 periods, 4 rounds
    for factor in (0.9, 1.1):
        spoiled = tuple(
            replace(found, errors=replace(found.errors, standardised=factor * found.errors.cells)) for found in rounds
        )
        (line,) = differences(scenario, spoiled)
        assert line == f"ruis {factor:.3f} maal de geplande variantie"
    narrow = tuple(
        replace(found, errors=replace(found.errors, covered=int(0.93 * found.errors.cells))) for found in rounds
    )
    (line,) = differences(scenario, narrow)
    assert line == "92.9 % van de cijfers binnen de marge, beloofd is 95 %"


def test_the_limits_of_chance_are_five_standard_deviations() -> None:
    assert planned_spread(5_000) == pytest.approx(0.1)  # 5 sqrt(2 / 5000)
    assert covered_least(1_900) == pytest.approx(0.925)  # 0.95 - 5 sqrt(0.0475 / 1900)
    assert Errors(0, 0.0, 0.0, 0, 0, 0.0, 0.0).variance_ratio == 1.0


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(2, 12))
def test_ten_other_worlds_come_out_the_same(seed: int) -> None:
    for name in NAMES:
        assert play(load_scenario(name), seed=seed).differences == (), name


@pytest.mark.nightly
def test_three_standard_years_are_all_released_and_as_planned() -> None:
    """Issue 7, Show: every round released and verified, error variances as planned."""
    scenario = load_scenario("quiet-year").model_copy(update={"years": 3})
    result = play(scenario)
    assert result.as_expected
    assert [found.state for found in result.rounds] == [State.DONE] * 12
    assert all(found.verified for found in result.rounds)
