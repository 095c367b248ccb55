"""The covenant's rules, and that two rounds always share an honest witness."""

from datetime import date
from itertools import combinations

import pytest

from protocol.covenant.covenant import Covenant, UnknownParty
from protocol.covenant.party import PartnerType, Role
from protocol.covenant.rules import (
    CapAboveJointCap,
    TooFewParticipants,
    UnboundKey,
    UnsortedParties,
    WrongRole,
    WrongVersion,
    check_rules,
    least_participants,
)
from protocol.covenant.signed import OutsideValidity, check_successor, check_valid_on
from protocol.digest import digest_of
from protocol.errors import Refusal, Refusals
from protocol.words.ids import PartyId
from tests import example


@pytest.mark.parametrize("colluders", [1, 2])
@pytest.mark.parametrize("participants", range(4, 11))
def test_two_sets_of_n_min_always_share_an_honest_witness(participants: int, colluders: int) -> None:
    least = least_participants(participants, colluders)
    sets = [set(chosen) for chosen in combinations(range(participants), min(least, participants))]
    assert all(len(left & right) > colluders for left in sets for right in sets)
    assert least >= colluders + 3


def test_with_one_less_two_sets_can_miss_each_other_by_one_witness() -> None:
    """Control: N = 10, t = 1, n_min = 7; with 5 two sets share nobody."""
    assert least_participants(10, 1) == 7
    left, right = set(range(5)), set(range(5, 10))
    assert not left & right


def test_the_example_obeys_every_rule() -> None:
    check_rules(example.covenant())


def test_every_problem_is_listed_at_once() -> None:
    wrong = _changed(joint_cap=1, version=2, minimum_participants=2)
    with pytest.raises(Refusals) as caught:
        check_rules(wrong)
    assert {problem.code for problem in caught.value.problems} == {
        "cap-above-joint-cap",
        "wrong-version",
        "too-few-participants",
    }
    assert "3 problems in covenant" in str(caught.value)


def test_one_cap_above_the_joint_cap_is_refused() -> None:
    with pytest.raises(CapAboveJointCap):
        check_rules(_changed(joint_cap=249_999_999))


def test_a_node_of_the_coordinators_organisation_counts_among_the_colluders() -> None:
    parties = tuple(
        party.model_copy(update={"run_by_coordinator": party.id == example.WITNESS})
        for party in example.covenant().parties
    )
    with pytest.raises(TooFewParticipants, match="t of at least 2"):
        check_rules(_changed(parties=parties))
    check_rules(_changed(parties=parties, colluders=2))


@pytest.mark.parametrize(
    ("place", "change"),
    [
        (0, {"yearly_cap": 1}),
        (0, {"role": Role.WITNESS}),
        (5, {"agreement_key": None}),
        (5, {"type": None}),
        (5, {"yearly_cap": 0}),
        (6, {"type": PartnerType.SCHOOL}),
        (6, {"role": Role.COORDINATOR}),
    ],
)
def test_keys_type_and_cap_must_fit_the_role(place: int, change: dict[str, object]) -> None:
    parties = list(example.covenant().parties)
    parties[place] = parties[place].model_copy(update=change)
    with pytest.raises(Refusal) as caught:
        check_rules(_changed(parties=tuple(parties)))
    problems = caught.value.problems if isinstance(caught.value, Refusals) else (caught.value,)
    assert any(isinstance(problem, WrongRole) for problem in problems)


def test_a_party_named_twice_is_refused() -> None:
    parties = example.covenant().parties
    with pytest.raises(Refusals) as caught:
        check_rules(_changed(parties=(*parties, parties[-1])))
    assert any(isinstance(problem, UnsortedParties) for problem in caught.value.problems)


def test_a_covenant_holds_on_its_days_only() -> None:
    covenant = example.covenant()
    for day in (date(2026, 1, 1), date(2026, 12, 31)):
        check_valid_on(covenant, day)
    for day in (date(2025, 12, 31), date(2027, 1, 1)):
        with pytest.raises(OutsideValidity):
            check_valid_on(covenant, day)


def test_a_new_version_follows_the_old_one() -> None:
    old = example.covenant()
    new = _changed(version=2, previous=digest_of(old))
    check_rules(new)
    check_successor(old, new)
    for wrong in (_changed(version=3, previous=digest_of(old)), _changed(version=2, previous=digest_of(new)), old):
        with pytest.raises(WrongVersion):
            check_successor(old, wrong)


def test_a_stranger_is_no_party() -> None:
    assert example.covenant().party(example.VT).id == example.VT
    with pytest.raises(UnknownParty):
        example.covenant().party(PartyId("stranger"))


def test_the_coordinator_is_never_a_participant() -> None:
    assert example.covenant().coordinator.id == example.COORDINATOR
    assert example.covenant().participants == (
        "politie-noord",
        "school-a",
        "school-b",
        "school-c",
        "vt-noord",
        "witness-fg",
    )


def _changed(**changes: object) -> Covenant:
    return example.covenant().model_copy(update=changes)


@pytest.mark.parametrize("key", ["00" * 32, "01" + "00" * 31, "ed" + "ff" * 30 + "7f", "ff" * 32])
def test_an_agreement_key_of_small_order_or_in_another_dress_is_refused(key: str) -> None:
    """R02: no node would start a round with it, so nobody should sign it."""
    parties = list(example.covenant().parties)
    parties[5] = parties[5].model_copy(update={"agreement_key": key})
    with pytest.raises(UnboundKey):
        check_rules(_changed(parties=tuple(parties)))
