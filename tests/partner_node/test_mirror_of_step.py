"""The mirror of a step: a partner's own sums at the coefficients of the offer, and what came in since."""

from dataclasses import replace
from functools import cache
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from coordinator.release import make_release
from partner_node.counting import Counted
from partner_node.delivery.faults import Faults
from partner_node.mirror import Delivered, Mirror, NothingSpent, mirror
from partner_node.records import Records
from partner_node.stepping import count_offer, model_rows
from protocol.release import Release
from protocol.round.coordinator_round import CoordinatorSlot
from protocol.round.messages import StepSpec
from simulations.models.agreement import OUTCOME, PERIOD
from simulations.models.households import invent
from simulations.models.with_rounds import ModelParty, model_world, run_step
from simulations.models.without_rounds import ArrayBook
from tests.coordinator.models.small import agreed, records, true
from tests.privacy.audit.test_model_steps import declared

PARTY = agreed().partners[0]


@cache
def held() -> Records:
    return records(invent(true(), 6_000, seed=9), agreed().partners)[PARTY]


@cache
def played() -> tuple[CoordinatorSlot, Release, ModelParty]:
    """Return the second step of a small model, whose coefficients are not 0; a gradient alone."""
    world = model_world(agreed(), records(invent(true(), 6_000, seed=9), agreed().partners), seed=9)
    slot = [run_step(world, agreed(), step) for step in (1, 2)][-1]
    declarations = tuple(declared(agreed(), party, slot) for party in agreed().partners)
    session, party = world.coordinator.session, world.parties[PARTY]
    release = make_release(slot, session.opened(slot.slot), member=session.member, declarations=declarations)
    assert isinstance(party, ModelParty)
    return slot, release, party


def asked() -> tuple[int, ...]:
    spec = played()[0].offer.spec
    assert isinstance(spec, StepSpec)
    assert any(spec.parameters)
    return spec.parameters


def counted(delivered: Records) -> Counted:
    slot, _, party = played()
    return count_offer(delivered, party.member, slot.offer, known=NothingSpent(ArrayBook()), secret=bytes(32))


def report(delivered: Records, then: list[int]) -> Mirror:
    """Return the report over a delivery, as the command makes it."""
    _, release, party = played()
    rows = {"melding": len(delivered.unit)}
    return mirror(
        release,
        agreed().study,
        party.member.grid(agreed().study_digest, release.period),
        party=PARTY,
        then=np.array(then),
        paid=counted(held()).charges,
        now=Delivered(counted(delivered), Faults({}), rows, rows),
    )


def clipped_slowly(row: list[int]) -> list[int]:
    norm, squares = agreed().plan.model.clip_norm, sum(value * value for value in row)
    if squares <= norm * norm:
        return row
    root = isqrt(squares - 1) + 1
    return [(abs(value) * norm // root) * (1 if value > 0 else -1) for value in row]


def gradient_slowly() -> list[int]:
    """Return what this partner adds to the gradient at what was asked, row by row in Python's integers."""
    model, curve = agreed().plan.model, agreed().plan.curve
    rows, total = model_rows(held(), model, "model", PERIOD, {}), [0] * model.columns
    for coded, outcome, apart in zip(rows.coded.tolist(), rows.outcome.tolist(), rows.held_out.tolist(), strict=True):
        if apart:
            continue
        place = sum(value * parameter for value, parameter in zip(coded, asked(), strict=True))
        left, beyond = divmod(place, 1 << 20)
        low, high = (curve.knots[left + len(curve.knots) // 2 + right] for right in (0, 1))
        mean = low + ((high - low) * beyond + (1 << 19) >> 20)
        for column, value in enumerate(clipped_slowly(coded)):
            total[column] += value * (outcome * curve.per_one - mean)
    return total


def test_an_unchanged_delivery_mirrors_the_sums_at_what_was_asked_beside_what_was_released() -> None:
    then = gradient_slowly()
    found = report(held(), then)
    (table,) = found.tables
    assert [cell.then for cell in table.cells] == then
    assert [cell.now for cell in table.cells] == then
    assert [cell.released for cell in table.cells] == [cell.value for cell in played()[1].tables[0].cells]
    assert (found.left_out, table.late) == (0, 0)


def test_a_report_that_came_since_is_in_the_column_of_now_and_nowhere_else() -> None:
    """A household without its outcome: each column of the gradient moves by minus its row, times a whole one."""
    then, row, unit = gradient_slowly(), *outcome_of_somebody()
    without = held().counted[OUTCOME].copy()
    without[row] = False
    (table,) = report(replace(held(), counted={**held().counted, OUTCOME: without}), then).tables
    z = clipped_slowly(coded()[unit].tolist())
    assert [cell.now - cell.then for cell in table.cells] == [-value * agreed().plan.curve.per_one for value in z]
    assert [cell.then for cell in table.cells] == then


def coded() -> NDArray[np.int64]:
    return model_rows(held(), agreed().plan.model, "model", PERIOD, {}).coded


def outcome_of_somebody() -> tuple[int, int]:
    """Return the row of a repeated report of a household that is fitted on, and which household that is."""
    apart = model_rows(held(), agreed().plan.model, "model", PERIOD, {}).held_out
    for row in np.flatnonzero(held().counted[OUTCOME]).tolist():
        if not apart[held().unit[row]]:
            return row, int(held().unit[row])
    raise AssertionError("somebody has the outcome")
