"""Random events among five participants and a coordinator that lies: nothing opens but the agreed sum, and once."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from protocol.covenant.rules import check_rules
from protocol.digest import digest_of
from protocol.round import context as context_module
from protocol.round import partner_round, transitions
from protocol.round.frame import Frame
from protocol.round.member import Member
from protocol.round.memory import FreezeWork, Memory, Step
from protocol.round.messages import Offer, Propose
from protocol.round.participant import commit as commit_module
from protocol.round.participant import ready as ready_module
from protocol.round.transitions import Event, Side, State
from protocol.study.rules import check_study
from protocol.wire import WireValue
from protocol.words.ids import Digest
from tests.protocol.round.events import REACHED, Rounds
from tests.protocol.round.five_nodes import PARTIES, PERIODS, covenant, study
from tests.protocol.round.liar import Broken, Liar
from tests.protocol.round.stages import VT


def campaign(number: int, *, examples: int, steps: int) -> None:
    """Run the machine; equal numbers give equal runs."""
    run_state_machine_as_test(
        seed(number)(Rounds),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_agreement_of_these_rounds_holds() -> None:
    check_rules(covenant())
    check_study(study(), covenant())


def test_nothing_opens_but_the_agreed_sum() -> None:
    """R01, R04, R10, R12, R21, R23, R31: 100 runs of 30 events, with repairs, restored and cloned nodes among them."""
    REACHED.clear()
    campaign(1, examples=100, steps=30)
    assert REACHED["slots opened"] > 30
    assert min(REACHED[what] for what in ("Correction", "Abort", "Verdict", "evidence", "suspects")) > 10, REACHED


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(8))
def test_nothing_opens_but_the_agreed_sum_in_many_rounds(part: int) -> None:
    """2,000 runs of 50 events."""
    campaign(1_000 + part, examples=250, steps=50)


def _sent_restored_and_given_up(liar: Liar) -> None:
    """Veilig Thuis uploads; its disk of before is put back; its READY ends, and it gives up what it had sent."""
    node = next(node for node in liar.nodes if node.id == VT)
    offer = liar.offer(PERIODS[0], 0, PARTIES, 1_000, 0)
    liar.propose(offer, liar.nodes)
    before = node.party.copy_of_disk()
    liar.commit(offer, 0, liar.nodes)
    node.party.durable = before
    liar.now_s += 2_000
    for _ in range(2):
        liar.commit(offer, 0, [node])
    ((_, context),) = liar.contexts
    liar.repair(offer, context, (VT,), 0, [other for other in liar.nodes if other is not node])


def test_a_slot_opens_twice_only_where_a_restored_node_contradicts_itself() -> None:
    """R10: the survivors cannot know that it had sent; the coordinator holds its UPLOAD and its ABORT, both signed."""
    liar = Liar(suspects={VT})
    _sent_restored_and_given_up(liar)
    ((slot, openings),) = liar.opened.items()
    assert [parties for parties, _ in openings] == [frozenset(PARTIES), frozenset(PARTIES) - {VT}]
    assert liar.contradicts_itself(slot, VT)
    with pytest.raises(Broken, match="one slot opened to two sums"):  # the control: nobody is known to be restored
        _sent_restored_and_given_up(Liar())


# --- that these rounds can fail --------------------------------------------------------------------------------------


def no_own_ready(patch: pytest.MonkeyPatch) -> None:
    """A COMMIT is taken without comparing the own READY in it: a restored node uploads again under an old context."""
    patch.setattr(commit_module, "_check_own", lambda _body, _slot: None)


def no_offer(patch: pytest.MonkeyPatch) -> None:
    """The digest of an offer says nothing about it, and so neither do READYs and contexts."""

    def blind(value: WireValue) -> Digest:
        return Digest("0" * 64) if isinstance(value, Offer) else digest_of(value)

    for module in (context_module, commit_module, ready_module):
        patch.setattr(module, "digest_of", blind)


def sent_gives_up(patch: pytest.MonkeyPatch) -> None:
    """A sent slot can be given up."""
    patch.setitem(transitions._NEXT, (Side.PARTICIPANT, State.SENT, Event.GIVE_UP), State.ABORTED)  # noqa: SLF001 - the bug


def second_lock(patch: pytest.MonkeyPatch) -> None:
    """A slot that was locked answers a newer attempt."""

    def on_propose(frame: Frame, header: Propose, memory: Memory, member: Member, now_s: int) -> Step:
        known = memory.slots.get(header.slot)
        if known is not None and known.state not in {State.FREE, State.READY} and header.attempt > known.attempt:
            return Step(work=FreezeWork(frame.encode(), header.offer))
        return ready_module.on_propose(frame, header, memory, member, now_s)

    patch.setattr(partner_round, "on_propose", on_propose)


@pytest.mark.parametrize("seeded_bug", [no_own_ready, no_offer, sent_gives_up, second_lock])
def test_a_seeded_bug_is_caught(seeded_bug: Callable[[pytest.MonkeyPatch], None]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        seeded_bug(patch)
        with pytest.raises(Broken):
            campaign(1, examples=200, steps=30)
