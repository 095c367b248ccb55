"""Every scenario that ships comes out as it says, and would be caught if it did not."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from protocol.release import SignedRelease
from protocol.round.transitions import State
from simulations.world.expected import differences
from simulations.world.outcome import Errors, RoundOutcome, covered_least, planned_spread
from simulations.world.run import WorldResult
from simulations.world.shipped import load_scenario, shipped_names
from tests.simulations.world.playing import play

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


def test_the_scenarios_that_ship_are_these() -> None:
    assert shipped_names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_comes_out_as_it_says(name: str) -> None:
    """One test for all that is held of a scenario, since playing it is what takes time."""
    scenario, result = load_scenario(name), play(load_scenario(name))
    assert result.differences == ()
    assert len(result.rounds) == 4 * scenario.years
    # A year's whole bundle holds, unless the coordinator published a figure of its own.
    assert all(result.verified.values()) == (name != "lying-coordinator")
    assert set(result.verified) == set(range(1, scenario.years + 1))
    # Negative control: without its expectations the same rounds differ, in each round that must be unlike the others.
    found = differences(scenario.model_copy(update={"expect": ()}), result.rounds)
    named = {number for expect in scenario.expect for number in expect.rounds if expect.left_out_percent[0] == 0}
    assert named <= {number for number in range(1, 9) if any(line.startswith(f"ronde {number} ") for line in found)}
    assert bool(found) == bool(scenario.expect)
    ALSO.get(name, lambda _: None)(result)


def late_cells(result: WorldResult) -> None:
    """Nothing in school's own round; in the late cells of the next a whole quarter, where else is a few per cent."""
    table = "school-huishoudens-wijk"
    before = shown_sum(result, "2022-Q4", (table, "2022-Q4"))
    assert before > 50
    assert shown_sum(result, "2023-Q1", (table, "2023-Q1")) == 0
    assert shown_sum(result, "2023-Q2", (table, "2023-Q1")) > before / 2
    assert shown_sum(result, "2023-Q3", (table, "2023-Q2")) < before / 2


def smaller_grid(result: WorldResult) -> None:
    """Six measures in the first year's 98 areas, then in 97; each with the quarter before."""
    cells = [found.shown + sum(found.not_shown.values()) for found in result.rounds]
    assert cells == [6 * 98 * 2] * 4 + [6 * 97 * 2] * 4


def nothing_unseen(result: WorldResult) -> None:
    """Negative controls on a year in which nothing happens; and a bias that no margin covers, from unusable rows."""
    scenario, rounds = load_scenario("quiet-year"), result.rounds
    assert sum(found.errors.cells for found in rounds) == 7_840  # 10 measures, 98 areas, 2 periods, 4 rounds
    assert sum(found.errors.bias_truth for found in rounds) < 0
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
    # A tenth more or less variance over 7,840 cells is six standard deviations.
    for factor in (0.9, 1.1):
        (line,) = differences(scenario, with_errors(rounds, lambda cells, by=factor: {"standardised": by * cells}))  # type: ignore[misc] # a default binds the factor
        assert line == f"ruis {factor:.3f} maal de geplande variantie"
    (line,) = differences(scenario, with_errors(rounds, lambda cells: {"covered": cells * 9 // 10}))
    assert line == "90.0 % van de cijfers binnen de marge, beloofd is 95 %"


ALSO = {"late-school": late_cells, "boundaries-change": smaller_grid, "quiet-year": nothing_unseen}


def with_errors(
    rounds: tuple[RoundOutcome, ...], change: Callable[[int], dict[str, float]]
) -> tuple[RoundOutcome, ...]:
    return tuple(
        replace(found, errors=replace(found.errors, **change(found.errors.cells)))  # type: ignore[arg-type] # counts are whole
        for found in rounds
    )


def shown_sum(result: WorldResult, period: str, place: tuple[str, str]) -> int:
    """Return the sum of the shown figures of a table and period in a round's release, from the officer's bundle."""
    for bundle in result.bundles.values():
        for path, body in bundle.items():
            if path.endswith("release.json"):
                release = SignedRelease.parse(body, source="the bundle").release
                if release.period == period:
                    (table,) = (each for each in release.tables if (each.table, each.period) == place)
                    return sum(cell.value for cell in table.cells if cell.value is not None)
    raise AssertionError(period)


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
def test_another_seed_is_another_world() -> None:
    scenario = load_scenario("late-school")
    assert play(scenario, seed=1).bundles != play(scenario, seed=2).bundles


@pytest.mark.nightly
def test_three_standard_years_are_all_released_and_as_planned() -> None:
    """Issue 7, Show: every round released and verified, error variances as planned."""
    scenario = load_scenario("quiet-year").model_copy(update={"years": 3})
    result = play(scenario)
    assert result.as_expected
    assert [found.state for found in result.rounds] == [State.DONE] * 12
    assert all(found.verified for found in result.rounds)
