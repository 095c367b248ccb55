"""Ours and a second implementation in one round: `tests/reference/honest_party.py`, written from the document alone."""

from functools import cache
from pathlib import Path

import pytest

from protocol.ratio import Ratio
from protocol.study.study import Study
from protocol.words.ids import CodeListId, Line, PartyId
from protocol.words.period import Period
from simulations.party import SimulatedParty
from tests import example
from tests.house import ROOT, imports_in
from tests.mixed_rounds import MixedWorld, noised_sum, our_party, parsed_header, reference_party, world
from tests.reference import honest_wire
from tests.reference.honest_party import HonestParty
from tests.reference.honest_wire import canonical
from tests.rounds import EVERYONE, START_S, true_counts

VT, POLICE, WITNESS, SCHOOLS = example.VT, example.POLICE, example.WITNESS, example.SCHOOLS
PERIODS = (example.QUARTER, Period("2026-Q2"))


def wide_study() -> Study:
    """Return a study with what the example lacks: 64 bits, four contributors, noise of two tables, bare RESULTs."""
    joint = example.table("verzuim-breed", "verzuim", (POLICE, *SCHOOLS), variance=900)
    joint = joint.model_copy(update={"joined_types_reason": Line("Een oefening"), "categories": CodeListId("aard")})
    loud = example.table("aanhoudingen", "meldingen", (POLICE,)).model_copy(
        update={"variance": Ratio(numerator=2**26 + 1, denominator=3), "lateness": 2}
    )
    tables = (loud, *example.study().tables[:2], joint)
    return example.study().model_copy(update={"tables": tables, "ring_bits": 64, "max_upload_bytes": 5_000})


STUDIES = {"example": example.study(), "wide": wide_study()}
JOINT_CELLS = {"example": slice(12, 15), "wide": slice(21, 27)}
ABOVE_NOISE = 200  # 12 sigma of the example's variance of 200, rounded up further


@cache
def all_of_the_second_team(study: str) -> MixedWorld:
    """Return a world of reference parties alone that has run both periods."""
    second = world(EVERYONE, STUDIES[study])
    for period in PERIODS:
        second.run(period)
    return second


@pytest.mark.parametrize(
    ("references", "study"),
    [
        ((), "example"),
        ((VT,), "example"),
        ((SCHOOLS[0],), "example"),
        ((WITNESS,), "example"),
        ((SCHOOLS[1], VT), "example"),
        (EVERYONE, "example"),
        ((POLICE,), "wide"),
        ((SCHOOLS[1], VT), "wide"),
        (EVERYONE, "wide"),
    ],
)
def test_rounds_with_reference_parties_open_to_exactly_what_all_of_them_contributed(
    references: tuple[PartyId, ...], study: str
) -> None:
    a_world = world(references, STUDIES[study])
    for period in PERIODS:
        assert a_world.run(period) == noised_sum(all_of_the_second_team(study), period)
    ours = [party for party in a_world.parties.values() if isinstance(party, SimulatedParty)]
    assert all(len(party.durable.charged) == 2 for party in ours)


def test_the_expected_sum_is_the_true_counts_with_some_noise() -> None:
    cells = noised_sum(all_of_the_second_team("example"), example.QUARTER)
    assert all(0 <= abs(cell - true) < ABOVE_NOISE for cell, true in zip(cells[:12], range(500, 512), strict=True))
    assert all(abs(cell - true) < ABOVE_NOISE for cell, true in zip(cells[12:], (936, 939, 942), strict=True))
    assert cells[:12] != list(range(500, 512))


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("party", EVERYONE)
def test_the_reference_party_sends_the_same_bytes_as_ours(party: PartyId, study: str) -> None:
    """M18: READY, UPLOAD and VERDICT over two periods, from the same seed, nonce, opening and counts."""
    a_world = world((), STUDIES[study])
    for period in PERIODS:
        a_world.run(period)
    second = reference_party(party, STUDIES[study])
    heard = [one for one in a_world.heard if one.party == party]
    for one in heard:
        assert second.receive(one.message, START_S) == one.answers
        assert second.receive(one.message, START_S) == one.answers  # repeated, it gets the same bytes
    ours = a_world.parties[party]
    for one in heard:
        assert second.receive(one.message, START_S) == ours.receive(one.message, START_S)
    results = [header for header in (parsed_header(one.message) for one in heard) if header["kind"] == "result"]
    assert [header["has_vectors"] for header in results] == [study == "example"] * 2
    kinds = [parsed_header(answer)["kind"] for one in heard for answer in one.answers]
    assert kinds == ["ready", "upload", "verdict"] * 2


def until_repair(references: tuple[PartyId, ...], gone: PartyId, study: str) -> MixedWorld:
    """All but one upload; the one aborts."""
    a_world = world(references, STUDIES[study])
    a_world.deliver(a_world.propose(example.QUARTER))
    slot = a_world.slot(example.QUARTER)
    a_world.deliver(a_world.coordinator.advance(slot), without=(gone,))
    for body in a_world.parties[gone].give_up(slot):
        a_world.coordinator.take(slot, body)
    return a_world


def repaired(references: tuple[PartyId, ...], gone: PartyId, study: str) -> tuple[MixedWorld, list[int]]:
    a_world = until_repair(references, gone, study)
    step = a_world.coordinator.repair(a_world.slot(example.QUARTER))
    return a_world, a_world.run(example.QUARTER, step)


@cache
def repaired_sum(gone: PartyId, study: str) -> tuple[int, ...]:
    """Return what the survivors among reference parties alone noised and topped up."""
    second, _ = repaired(EVERYONE, gone, study)
    return tuple(noised_sum(second, example.QUARTER))


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize(
    ("gone", "references"),
    [
        (WITNESS, (SCHOOLS[0], POLICE)),
        (SCHOOLS[2], (SCHOOLS[0], POLICE)),
        (SCHOOLS[2], (SCHOOLS[2], VT)),
        (SCHOOLS[2], EVERYONE),
        (POLICE, (SCHOOLS[1], WITNESS)),
        (VT, (VT, SCHOOLS[1])),
    ],
)
def test_after_a_repair_the_survivors_sum_is_exact(references: tuple[PartyId, ...], gone: PartyId, study: str) -> None:
    """R06: a reference party survives, or is itself the one that leaves."""
    expected = repaired_sum(gone, study)
    _, cells = repaired(references, gone, study)
    joint = JOINT_CELLS[study]
    void = study == "example" and gone in SCHOOLS  # two schools are fewer than t + 2
    for cell, (opened, contributed) in enumerate(zip(cells, expected, strict=True)):
        if not (void and joint.start <= cell < joint.stop):
            assert opened == contributed
    if gone == VT:
        own = slice(0, 12) if study == "example" else slice(9, 21)
        assert cells[own] == [0] * 12


@pytest.mark.parametrize("gone", [WITNESS, SCHOOLS[2], POLICE])
def test_a_correction_of_the_reference_party_has_the_same_bytes_as_ours(gone: PartyId) -> None:
    """Four contributors, so that those who are left top up: variance 900 / 2 - 900 / 3 = 150."""
    a_world, _ = repaired((), gone, "wide")
    for party in EVERYONE:
        if party == gone:
            continue
        second = reference_party(party, STUDIES["wide"])
        for one in a_world.heard:
            if one.party == party:
                assert second.receive(one.message, START_S) == one.answers
        (slot,) = second.slots.values()
        tops_up = gone != WITNESS and party in {POLICE, *SCHOOLS}
        assert any(slot.extra) is tops_up
        assert not any(slot.extra[: JOINT_CELLS["wide"].start])


def test_an_abort_of_the_reference_party_has_the_same_bytes_as_ours() -> None:
    ours, second = our_party(VT, example.study()), reference_party(VT, example.study())
    a_world = world(())
    step = a_world.propose(example.QUARTER)
    body = step.messages[0][1]
    assert ours.receive(body, START_S) == second.receive(body, START_S)
    assert ours.give_up(step.slot.slot) == second.give_up(step.slot.slot)


@pytest.mark.parametrize("references", [(VT,), (VT, SCHOOLS[0]), EVERYONE], ids=["one", "two", "all"])
def test_a_reference_party_that_gets_the_second_commit_too_late_lets_the_others_repair(
    references: tuple[PartyId, ...],
) -> None:
    """R06: its ABORT proves growth from the READY that they locked on, which has ended meanwhile."""
    a_world = world(references)
    a_world.run(PERIODS[0])
    step = a_world.propose(PERIODS[1])
    a_world.deliver(step)
    commit = a_world.coordinator.advance(step.slot.slot)
    a_world.deliver(commit, without=(VT,))
    after = parsed_header(step.messages[0][1])["offer"]["expires_s"] + 1
    (abort,) = a_world.parties[VT].receive(commit.messages[0][1], after)
    a_world.coordinator.take(step.slot.slot, abort)
    cells = a_world.run(PERIODS[1], a_world.coordinator.repair(step.slot.slot))
    assert cells[:12] == [0] * 12
    assert cells[12:] == noised_sum(all_of_the_second_team("example"), PERIODS[1])[12:]


def test_a_reference_log_may_grow_between_two_rounds() -> None:
    """An officer decides on another study: an entry that no round proves, between an UPLOAD and the next READY."""
    a_world = world(EVERYONE)
    a_world.run(PERIODS[0])
    _decide(a_world, VT)
    assert a_world.run(PERIODS[1]) == noised_sum(a_world, PERIODS[1])


def test_a_log_that_proves_its_growth_from_readies_only_is_refused() -> None:
    """The control of the test before: proofs from the sizes of READYs alone leave the UPLOAD's head unproven."""
    a_world = world(EVERYONE)
    a_world.run(PERIODS[0])
    _decide(a_world, VT)
    forgetful = a_world.parties[VT]
    assert isinstance(forgetful, HonestParty)
    forgetful.shown.remove(1)
    with pytest.raises(honest_wire.Refused, match="a proof of growth from the head that was seen"):
        a_world.run(PERIODS[1])


def _decide(a_world: MixedWorld, party_id: PartyId) -> None:
    party = a_world.parties[party_id]
    assert isinstance(party, HonestParty)
    decision = {"version": 1, "kind": "approval", "study_digest": "ab" * 32, "approval_digest": "cd" * 32}
    party.log.leaves.append(canonical(decision))


def test_x_is_zero_where_a_party_contributes_nothing() -> None:
    """10.4: in x and so in the commitment to it, not in the vector alone."""
    a_world = world(EVERYONE)
    a_world.run(example.QUARTER)
    for name in (POLICE, WITNESS):
        party = a_world.parties[name]
        assert isinstance(party, HonestParty)
        (slot,) = party.slots.values()
        assert slot.counts == [0] * 15
        assert true_counts(name).all()


def test_the_second_participant_shares_no_code_with_the_house() -> None:
    """With a control: the same search finds what the files of the tests import."""
    ours = {"protocol", "privacy", "partner_node", "coordinator", "simulations"}

    def packages(path: Path) -> set[str]:
        return {found.module.split(".")[0] for found in imports_in(path.read_text(), path.name)}

    files = sorted((ROOT / "tests/reference").glob("honest_*.py"))
    assert len(files) == 5
    assert not set().union(*map(packages, files)) & ours
    assert packages(ROOT / "tests/mixed_rounds.py") >= {"protocol", "simulations"}
