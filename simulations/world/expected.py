"""Computes: whether what came out of a world is what its scenario says, each difference as one line."""

from collections.abc import Iterator, Sequence
from functools import reduce
from operator import add

from protocol.round.transitions import State
from simulations.world.agreement import WITNESS
from simulations.world.outcome import NO_ERRORS, RoundOutcome, covered_least, planned_spread
from simulations.world.scenario import ROUNDS_A_YEAR, Expect, Scenario


def differences(scenario: Scenario, rounds: Sequence[RoundOutcome]) -> tuple[str, ...]:
    """Return where the rounds, or their errors taken together, are not as the scenario says; none if they are."""
    lines = [line for found in rounds for line in _round(scenario, found)]
    return (*lines, *_errors(rounds))


def _round(scenario: Scenario, found: RoundOutcome) -> Iterator[str]:
    expect = scenario.expected(found.number)
    name = f"ronde {found.number} ({found.period})"
    if found.state is not expect.state:
        yield f"{name}: toestand {found.state}, verwacht {expect.state}"
        return
    yield from (f"{name}: {line}" for line in _refusals(expect, found))
    if found.state is not State.DONE:
        return
    if found.verified is not expect.verified:
        yield f"{name}: controle {'klopt' if found.verified else 'klopt niet'}, verwacht het andere"
    year = (found.number - 1) // ROUNDS_A_YEAR + 1
    members = {str(name) for name in scenario.members(year)} | {str(WITNESS)}
    without = members - set(found.participants)
    if without != set(expect.without):
        yield f"{name}: zonder {_named(without)}, verwacht zonder {_named(expect.without)}"
    if set(found.not_delivered) != set(expect.not_delivered):
        yield f"{name}: niet geleverd {_named(found.not_delivered)}, verwacht {_named(expect.not_delivered)}"
    low, high = expect.left_out_percent
    if not low <= found.left_out_percent <= high:
        yield f"{name}: {found.left_out_percent:.2f} % door de jaargrens weggelaten, verwacht {low} tot {high} %"


def _refusals(expect: Expect, found: RoundOutcome) -> Iterator[str]:
    given = set(found.refusals)
    if missing := set(expect.refusals) - given:
        yield f"geen weigering {_named(missing)}"
    if others := given - set(expect.refusals) - set(expect.may_refuse):
        yield f"weigering {_named(others)} niet verwacht"


def _errors(rounds: Sequence[RoundOutcome]) -> Iterator[str]:
    errors = reduce(add, (found.errors for found in rounds), NO_ERRORS)
    if abs(errors.variance_ratio - 1) > planned_spread(errors.cells):
        yield f"ruis {errors.variance_ratio:.3f} maal de geplande variantie"
    if errors.coverage < covered_least(errors.cells):
        yield f"{100 * errors.coverage:.1f} % van de cijfers binnen de marge, beloofd is 95 %"


def _named(names: Sequence[str] | set[str] | frozenset[str]) -> str:
    return ", ".join(sorted(names)) or "niemand"
