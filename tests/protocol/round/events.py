"""Computes: what a lying coordinator and careless administrators can do, as events that Hypothesis picks at random."""

from collections import Counter
from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from protocol.errors import Refusal
from protocol.ledger.checkpoint import Checkpoint
from protocol.ledger.note import Note
from protocol.round.messages import Abort, Upload
from protocol.words.ids import Digest, PartyId
from tests.protocol.round.five_nodes import PARTIES, PERIODS, Node, clone_of, with_history
from tests.protocol.round.liar import Broken, Liar
from tests.protocol.round.stages import Halt, frame_of

MAX_SUSPECTS = 2  # two sets of four of five share three, so that one of them was neither restored nor cloned
STORED = ("upload", "correction", "verdict", "abort")
MAX_RESTORES, MAX_CLONES = 3, 1  # each may add a vector to a slot, and `liar.MAX_VECTORS` must hold them all
LIFETIMES_S = (1_000, 3_000)
JUMPS_S = (-4_000, 500, 4_000, 400_000)  # within a READY's lifetime and beyond it
# All five, or one of them left out.
SETS = (PARTIES, *(tuple(party for party in PARTIES if party != absent) for absent in PARTIES), PARTIES[:3])

some = st.integers(0, 31)  # which nodes, as bits; 0 stands for all, so that it comes often
small = st.integers(0, 7)

REACHED: Counter[str] = Counter()  # what a campaign came to, over all its runs


class Rounds(RuleBasedStateMachine):
    """Every rule is something that a lying coordinator or a careless administrator can do."""

    def __init__(self) -> None:
        super().__init__()
        self.liar = Liar()
        self.restores = 0
        self.stored: dict[tuple[int, Digest, str], bytes] = {}

    def chosen(self, bits: int) -> list[Node]:
        nodes = self.liar.nodes
        return [node for place, node in enumerate(nodes) if bits >> place & 1] if bits else list(nodes)

    def attempt(self, period: int, step: int) -> int:
        """Return the newest attempt of a slot, the next one, or an old one."""
        made = [offer.attempt for offer in self.liar.offers if offer.spec.period == PERIODS[period]]
        return max(0, max(made, default=-1) + (1, 1, 0, -1)[step % 4])

    # --- the coordinator

    @initialize(period=some, steps=st.integers(0, 3), parties=some)
    def begin(self, period: int, steps: int, parties: int) -> None:
        """Begin anywhere in an honest round, so that the lies start from every state."""
        self.go_on_honestly(period, steps, parties)

    @rule(period=some, steps=st.integers(1, 3), parties=some)
    def go_on_honestly(self, period: int, steps: int, parties: int) -> None:
        """PROPOSE to a set of participants; then COMMIT; then RESULT. Mostly the set is everybody."""
        liar, when = self.liar, period % 2
        participants = SETS[parties] if parties < len(SETS) - 1 else PARTIES
        nodes = self.on_time(participants)
        offer = liar.offer(PERIODS[when], self.attempt(when, 0), participants, 3_000, 0)
        if steps > 0:
            liar.propose(offer, nodes)
        if steps > 1:
            liar.commit(offer, 0, nodes)
        contexts = [context for known, context in liar.contexts if known == offer]
        if steps > 2 and contexts:
            liar.result(offer, contexts[0], (), 0, nodes)

    @rule(period=some, who=some, steps=st.integers(1, 3))
    def one_leaves(self, period: int, who: int, steps: int) -> None:
        """All but one upload, the one gives up; then REPAIR; then RESULT."""
        liar, when = self.liar, period % 2
        gone = PARTIES[who % len(PARTIES)]
        nodes = self.on_time(PARTIES)
        offer = liar.offer(PERIODS[when], self.attempt(when, 0), PARTIES, 3_000, 0)
        liar.propose(offer, nodes)
        others = [node for node in nodes if node.id != gone]
        liar.commit(offer, 0, others)
        for node in liar.nodes:
            if node.id == gone:
                self.administrator_gives_up(node, offer.spec.slot)
        contexts = [context for known, context in liar.contexts if known == offer]
        if steps > 1 and contexts:
            liar.repair(offer, contexts[0], (gone,), 0, others)
        if steps > 2 and contexts:
            liar.result(offer, contexts[0], (gone,), 0, others)

    def on_time(self, participants: Sequence[PartyId]) -> list[Node]:
        """Let every open READY end, and set the clocks of these parties' nodes."""
        self.liar.now_s += 4_000
        nodes = [node for node in self.liar.nodes if node.id in participants]
        for node in nodes:
            node.clock_s = 0
        return nodes

    @rule(period=st.integers(0, 1), step=small, parties=small, lifetime=small, log=small, to=some)
    def propose(self, period: int, step: int, parties: int, lifetime: int, log: int, to: int) -> None:
        participants = SETS[parties] if parties < len(SETS) else PARTIES
        offer = self.liar.offer(
            PERIODS[period], self.attempt(period, step), participants, LIFETIMES_S[lifetime % 2], int(log == 1)
        )
        self.liar.propose(offer, self.chosen(to))

    @rule(period=st.integers(0, 1), variant=small, to=st.integers(1, 30))
    def propose_two(self, period: int, variant: int, to: int) -> None:
        """Two offers for one attempt, another expiry, ledger or set of participants; then one COMMIT to everybody."""
        liar, attempt = self.liar, self.attempt(period, 0)
        everybody = self.on_time(PARTIES)
        one = liar.offer(PERIODS[period], attempt, PARTIES, 3_000, 0)
        other = (
            liar.offer(PERIODS[period], attempt, PARTIES, 2_000, 0),
            liar.offer(PERIODS[period], attempt, PARTIES, 3_000, 1),
            liar.offer(PERIODS[period], attempt, SETS[1 + variant % 5], 3_000, 0),
        )[variant % 3]
        first = self.chosen(to)
        liar.propose(one, first)
        liar.propose(other, [node for node in everybody if node not in first])
        liar.commit(one, 0, everybody)

    @precondition(lambda self: self.liar.offers)
    @rule(back=small, choice=some, to=some)
    def commit(self, back: int, choice: int, to: int) -> None:
        """Any READYs of one attempt, to anybody."""
        offers = self.liar.offers
        self.liar.commit(offers[-1 - back // 3 % len(offers)], choice, self.chosen(to))

    @precondition(lambda self: self.liar.contexts)
    @rule(which=small, gone=st.integers(1, 31), choice=some, to=some)
    def repair(self, which: int, gone: int, choice: int, to: int) -> None:
        """For those of the bits that aborted, or for all that did."""
        offer, context = self.liar.contexts[which % len(self.liar.contexts)]
        aborted = [party for party in offer.participants if self.liar.choose(Abort, offer, (party,), 0)]
        chosen = tuple(party for place, party in enumerate(aborted) if gone >> place & 1) or tuple(aborted)
        self.liar.repair(offer, context, chosen, choice, self.chosen(to))

    @precondition(lambda self: self.liar.contexts)
    @rule(which=small, gone=some, choice=some, to=some)
    def result(self, which: int, gone: int, choice: int, to: int) -> None:
        offer, context = self.liar.contexts[which % len(self.liar.contexts)]
        without = tuple(party for place, party in enumerate(offer.participants) if gone >> place & 1)
        self.liar.result(offer, context, without if len(without) < 2 else (), choice, self.chosen(to))

    @precondition(lambda self: self.liar.said)
    @rule(which=some, to=some)
    def repeat(self, which: int, to: int) -> None:
        said = self.liar.said[which % len(self.liar.said)]
        for node in self.chosen(to):
            self.liar.hear(node, said)

    @precondition(lambda self: self.liar.said)
    @rule(which=small)
    def replay_all(self, which: int) -> None:
        """Show one node everything that was ever said, in order."""
        node = self.liar.nodes[which % len(self.liar.nodes)]
        for said in list(self.liar.said):
            self.liar.hear(node, said)

    # --- the nodes

    @rule(which=small, points=st.integers(1, 6))
    def crash_soon(self, which: int, points: int) -> None:
        left = [points]

        def cut(_point: str) -> None:
            left[0] -= 1
            if left[0] == 0:
                raise Halt

        self.liar.nodes[which % len(self.liar.nodes)].party.crash_at = cut

    @rule(which=small)
    def restart(self, which: int) -> None:
        self.liar.hear(self.liar.nodes[which % len(self.liar.nodes)], None)

    @rule(which=small, slot=st.integers(0, 1))
    def give_up(self, which: int, slot: int) -> None:
        """An administrator gives a slot up, where the node lets him."""
        node = self.liar.nodes[which % len(self.liar.nodes)]
        known = sorted(node.party.durable.memory.slots)
        if known:
            self.administrator_gives_up(node, known[slot % len(known)])

    def administrator_gives_up(self, node: Node, slot: Digest) -> None:
        try:
            answers = node.party.give_up(slot)
        except (Refusal, KeyError):  # nothing known of it
            return
        except Halt:
            node.is_down = True
            node.party.crash_at = lambda _point: None
            return
        for answer in answers:
            self.liar.keep(node, answer)

    @rule(which=small)
    def back_up(self, which: int) -> None:
        node = self.liar.nodes[which % len(self.liar.nodes)]
        node.backups.append(node.party.copy_of_disk())

    @precondition(lambda self: self.restores < MAX_RESTORES)
    @rule(which=small, backup=small)
    def restore(self, which: int, backup: int) -> None:
        """Put back a disk: as it was at the last backup, or before anything happened."""
        node = self.liar.nodes[which % len(self.liar.nodes)]
        if not self.suspected(node.id):
            return
        self.restores += 1
        older = [type(node.party.durable)(), *node.backups]
        node.party.durable = older[-1 - backup % len(older)]
        node.party.durable = node.party.copy_of_disk()
        with_history(node, history=f"restored {self.restores}", add=1_000 * self.restores)

    @precondition(lambda self: len(self.liar.nodes) < len(PARTIES) + MAX_CLONES)
    @rule(which=small)
    def clone(self, which: int) -> None:
        node = self.liar.nodes[which % len(self.liar.nodes)]
        if self.suspected(node.id):
            self.liar.nodes.append(clone_of(node, history="clone", add=5_000))

    @rule(jump=small, which=some)
    def jump(self, jump: int, which: int) -> None:
        """Time passes for all, or one clock is wrong."""
        if which < len(self.liar.nodes):
            self.liar.nodes[which].clock_s = JUMPS_S[jump % len(JUMPS_S)]
        else:
            self.liar.now_s += abs(JUMPS_S[jump % len(JUMPS_S)])

    def teardown(self) -> None:
        """Count what was reached, so that a campaign that reaches nothing fails."""
        liar = self.liar
        REACHED.update(kind.__name__ for kind, *_ in liar.heard)
        REACHED["slots opened"] += len(liar.opened)
        REACHED["evidence"] += sum(len(node.party.durable.evidence) for node in liar.nodes)
        REACHED["suspects"] += len(liar.suspects)
        REACHED["slots opened twice by a suspect"] += sum(len(set(found)) > 1 for found in liar.opened.values())
        REACHED["examples"] += 1

    def suspected(self, party: PartyId) -> bool:
        """Whether this party may be restored or cloned: two of five at most."""
        suspects = self.liar.suspects
        if party not in suspects and len(suspects) == MAX_SUSPECTS:
            return False
        suspects.add(party)
        return True

    # --- what must hold; which sums open is checked as each vector comes in

    @invariant()
    def charged_once_and_never_changed(self) -> None:
        for place, node in enumerate(self.liar.nodes):
            if node.id in self.liar.suspects:
                continue
            charged = node.party.durable.charged
            if len(set(charged)) != len(charged):
                raise Broken("a slot was charged twice")
            for digest, slot in node.party.durable.memory.slots.items():
                for name in STORED:
                    self.check_stored(place, digest, name, getattr(slot, name))

    def check_stored(self, place: int, digest: Digest, name: str, now: bytes) -> None:
        before = self.stored.setdefault((place, digest, name), now)
        if before and before != now:
            raise Broken(f"stored bytes changed: {name}")
        self.stored[place, digest, name] = now

    @invariant()
    def a_sent_slot_never_aborts(self) -> None:
        by = {kind: {(slot, who) for of, slot, _, who in self.liar.heard if of is kind} for kind in (Upload, Abort)}
        both = {who for _, who in by[Upload] & by[Abort]}
        if both - self.liar.suspects:
            raise Broken("a party that was never restored or cloned uploaded and aborted one slot")

    @invariant()
    def nobody_else_is_accused(self) -> None:
        """Evidence names the coordinator or a suspect; of anybody else it is at most an older head of one log."""
        for node in self.liar.nodes:
            for evidence in node.party.durable.evidence:
                accused, heads = _accused(evidence)
                if accused in PARTIES and accused not in self.liar.suspects and len(set(heads)) < 2:
                    raise Broken(f"evidence against {accused}, which did nothing")


def _accused(evidence: Sequence[object]) -> tuple[str, list[int]]:
    """Return whom a piece of evidence is against, and the sizes of the heads in it."""
    if isinstance(evidence[0], bytes):
        return str(frame_of(evidence[0]).header.sender), []
    heads = [Checkpoint.parse(Note.parse(str(note).encode()).text) for note in evidence]
    return heads[0].origin.rpartition("/")[2], [head.size for head in heads]
