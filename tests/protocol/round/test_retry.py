"""R15: noise is drawn once, whatever crashes and repeats; and the shares add up to what was promised."""

from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from itertools import count
from random import Random

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from partner_node import session as session_module
from partner_node.pipeline import contribution_parts, noise_source, noised, top_up, top_up_parts
from privacy.counts import CellCounts
from privacy.randomness import RandomSource
from protocol.round.member import Member
from protocol.round.memory import SlotMemory, Step
from protocol.round.messages import Attempt, Offer
from protocol.round.ring import MaskedVector
from protocol.round.transitions import State
from protocol.study import plan as plan_module
from protocol.study.plan import repair_plan, round_plan
from protocol.words.ids import Digest, PartyId
from simulations.party import SimulatedParty
from simulations.round_world import RoundWorld
from simulations.seeded import seeded_source
from tests import example
from tests.protocol.round.stages import VT, Halt, kind_of
from tests.protocol.round.test_repair import SCHOOL, left_after, until_repair
from tests.rounds import EVERYONE, propose, ready, send, slot_of, true_counts, world

RUNS = 20
EVENTS = 12
SCHOOL_A = example.SCHOOLS[0]
FALSE_ALARM = 1e-6  # of each statistical test below; they are seeded besides

# --- the same bytes --------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Made:
    """Every vector that ever came to exist, by maker and context, whether or not it was stored or sent."""

    vectors: dict[tuple[object, ...], set[bytes]] = field(default_factory=dict)

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """See each vector at the moment before it is stored."""
        for name in ("contribute", "correct"):
            monkeypatch.setattr(session_module, name, self._watched(name, getattr(session_module, name)))

    def check(self) -> None:
        """Raise if two different vectors exist under one context: their difference would be one of noise or counts."""
        for under, vectors in self.vectors.items():
            assert len(vectors) == 1, f"{len(vectors)} different vectors under one context: {under}"

    def _watched(self, name: str, make: Callable[..., Step]) -> Callable[..., Step]:
        def watched(slot: SlotMemory, masked: MaskedVector, *, member: Member, **named: object) -> Step:
            self.vectors.setdefault((name, member.id, slot.context, slot.gone), set()).add(masked.encode())
            return make(slot, masked, member=member, **named)

        return watched


def _shaken(party: SimulatedParty, chance: Random, bodies: tuple[bytes, ...], now_s: int) -> set[bytes]:
    """Crash, restart and repeat at random, then let the party finish; return every frame that it sent.

    After a crash the party would draw other chance and find other counts, so that whatever is drawn anew shows.
    """
    sent: set[bytes] = set()
    for event in range(EVENTS + 1):
        left = [chance.randrange(1, 8) if event < EVENTS else 1_000]

        def cut(_point: str, left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise Halt

        party.crash_at = cut
        try:
            answers = party.restart(now_s)
            sent.update(answers, *(party.receive(chance.choice(bodies), now_s) for _ in range(3)))
            if event == EVENTS:
                sent.update(party.receive(bodies[0], now_s))
        except Halt:
            party.name_of_chance = f"after crash {event}"
            values = true_counts(party.member.id) + event
            party.counts = partial(_counts, values)
    party.crash_at = lambda _point: None
    return sent


def _counts(values: NDArray[np.int64], _offer: Offer) -> NDArray[np.int64]:
    return values


def _uploads_and_corrections(monkeypatch: pytest.MonkeyPatch, runs: int) -> Made:
    """Shake Veilig Thuis through a COMMIT and a school through a REPAIR, many times."""
    everything = Made()
    for run in range(runs):
        made = Made()
        with monkeypatch.context() as patch:
            made.watch(patch)
            a_world = world(seed=1_000 + run)
            body = propose(a_world)
            send(a_world, [party for party in EVERYONE if party != VT], body)
            (answer,) = a_world.parties[VT].receive(body, a_world.now_s)
            a_world.coordinator.take(slot_of(a_world), answer)
            commit = a_world.coordinator.advance(slot_of(a_world)).messages[0][1]
            sent = _shaken(a_world.parties[VT], Random(run), (commit, body), a_world.now_s)
            assert len({frame for frame in sent if kind_of(frame) == "upload"}) == 1
            assert a_world.parties[VT].durable.charged == [slot_of(a_world)]
            corrected = _repair(run)
            assert len({frame for frame in corrected if kind_of(frame) == "correction"}) == 1
        everything.vectors |= {(run, *under): found for under, found in made.vectors.items()}
    return everything


def _repair(run: int) -> set[bytes]:
    a_world: RoundWorld = until_repair(SCHOOL)
    body = a_world.coordinator.repair(slot_of(a_world)).messages[0][1]
    return _shaken(a_world.parties[SCHOOL_A], Random(run), (body,), a_world.now_s)


def test_no_retry_restart_or_repeat_draws_noise_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """R15, R20: crashes at random points of COMMIT and REPAIR; one vector exists under each context."""
    made = _uploads_and_corrections(monkeypatch, RUNS)
    # In each run: the shaken upload; five in the world that is repaired; the shaken correction.
    assert len(made.vectors) == RUNS * 7
    made.check()


def test_fresh_noise_on_a_retry_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """R15, seeded bug: two uploads under one context; the masks fall out of their difference, which shows noise."""
    keys = count()
    monkeypatch.setattr(
        session_module, "noise_source", lambda _seed, **_bound: RandomSource(next(keys).to_bytes(32, "big"))
    )
    made = _uploads_and_corrections(monkeypatch, RUNS)
    with pytest.raises(AssertionError, match="different vectors under one context"):
        made.check()
    pairs = [tuple(found)[:2] for under, found in made.vectors.items() if len(found) > 1 and VT in under]
    one, other = (np.frombuffer(body, dtype="<i4") for body in pairs[0])
    difference = one - other
    assert difference[:12].any()
    assert np.all(np.abs(difference) < 12 * 20 * 2)  # sigma is 14.1; a mask would be anywhere in 2^32
    assert not difference[12:].any()  # Veilig Thuis adds nothing to the schools' table, and its noise shows even that


def test_an_abort_that_a_crash_kept_back_is_announced_afterwards() -> None:
    """Its entry was durable and its message never made: all others would wait for ever."""
    for point in ("after commit", "before work"):
        a_world = world()
        commit = ready(a_world)
        party, later_s = a_world.parties[VT], a_world.now_s + 4_000
        party.receive(commit, later_s)  # the READY has ended; the same COMMIT again is a late one

        def cut(at: str, point: str = point) -> None:
            if at == point:
                raise Halt

        party.crash_at = cut
        with pytest.raises(Halt):
            party.receive(commit, later_s)
        party.crash_at = lambda _point: None
        assert party.durable.memory.slots[slot_of(a_world)].state is State.ABORTED
        backup = party.copy_of_disk()
        (after_restart,) = party.restart(later_s)
        party.durable = backup
        (after_repeat,) = party.receive(commit, later_s)
        assert after_restart == after_repeat
        assert kind_of(after_repeat) == "abort"
        assert party.receive(commit, later_s) == (after_repeat,)
        assert (party.restart(later_s), party.durable.log.size) == ((), 1)


# --- enough noise, whoever knows a part of it ------------------------------------------------------------------------

ROUNDS = 2_500
CONTRIBUTORS = tuple(PartyId(f"school-{letter}") for letter in "abcd")
VARIANCE = Fraction(200)


def _shares(rounds: int, gone: tuple[PartyId, ...] = ()) -> dict[PartyId, NDArray[np.int64]]:
    """Return each contributor's noise of many rounds, with its top-up after a repair; int64, shape (rounds * cells,).

    The real plan, seeds and sampler; counts of zero, so that noise is all there is.
    """
    joint = example.study().tables[2].model_copy(update={"contributors": CONTRIBUTORS})
    study = example.study().model_copy(update={"tables": (joint,)})
    grid = example.grid(study)
    plans = round_plan(study, example.covenant(), example.QUARTER, CONTRIBUTORS)
    repairs = repair_plan(plans, example.covenant(), gone) if gone else ()
    left = tuple(party for party in CONTRIBUTORS if party not in gone)
    found: dict[PartyId, list[NDArray[np.int64]]] = {party: [] for party in left}
    for number in range(rounds):
        for party in left:
            seeds, slot = seeded_source(7, "seeds", party, str(number)), Digest(f"{number:064x}")
            zeros = CellCounts(np.zeros(grid.size, dtype=np.int64))
            source = _source(seeds, slot)
            share = noised(zeros, contribution_parts(plans, grid, party), source).values
            if gone:
                share = share + top_up(grid.size, top_up_parts(repairs, grid, party), _source(seeds, slot))
            found[party].append(share)
    return {party: np.concatenate(parts) for party, parts in found.items()}


def _source(seeds: RandomSource, slot: Digest) -> RandomSource:
    bound_to = Digest(seeds.take(32, lane=0).hex())
    return noise_source(seeds.take(32, lane=0), slot=slot, attempt=Attempt(0), bound_to=bound_to)


def _check_honest_part(shares: dict[PartyId, NDArray[np.int64]]) -> None:
    """Raise unless what a colluder does not know has the table's variance, and no two shares go together.

    Under the promised variance the sum of squares over the variance is chi-square with one degree a draw.
    """
    for colluder in shares:
        rest = np.sum([share for party, share in shares.items() if party != colluder], axis=0)
        squares = float((rest.astype(np.float64) ** 2).sum()) / float(VARIANCE)
        assert stats.chi2.cdf(squares, rest.size) > FALSE_ALARM, "less noise than promised is left against a colluder"
    matrix = np.corrcoef(list(shares.values()))
    off_diagonal = matrix[~np.eye(len(shares), dtype=bool)]
    limit = stats.norm.isf(FALSE_ALARM / off_diagonal.size / 2) / np.sqrt(next(iter(shares.values())).size)
    assert np.abs(off_diagonal).max() < limit, "shares that go together"


@pytest.mark.parametrize("gone", [(), CONTRIBUTORS[3:]], ids=["whole", "repaired"])
def test_who_knows_their_own_share_still_faces_the_whole_variance(gone: tuple[PartyId, ...]) -> None:
    """R15: t = 1 of four contributors, or of three after a repair with its top-up; 7,500 cells."""
    _check_honest_part(_shares(ROUNDS, gone))


def test_shares_by_all_contributors_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seeded bug: sigma^2 / c in place of sigma^2 / (c - t)."""
    monkeypatch.setattr(plan_module, "joint_share", lambda variance, contributors, **_t: variance / contributors)
    with pytest.raises(AssertionError, match="less noise than promised"):
        _check_honest_part(_shares(ROUNDS // 4))


def test_a_top_up_that_repeats_the_first_noise_is_caught() -> None:
    """Seeded bug: two contributors with one seed; the one that colludes knows the other's noise."""
    shares = _shares(ROUNDS // 4)
    shares[CONTRIBUTORS[0]] = shares[CONTRIBUTORS[1]]
    with pytest.raises(AssertionError, match="shares that go together"):
        _check_honest_part(shares)


def test_the_school_that_stays_is_among_those_left() -> None:
    """The control of the repair above: the shaken school is a survivor, and the one that left is not."""
    assert SCHOOL_A in left_after(SCHOOL)
    assert SCHOOL not in left_after(SCHOOL)
