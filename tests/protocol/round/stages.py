"""Computes: one real round with a repair, halted in every state, and a valid message of every kind, for tests.

Veilig Thuis is the receiver, the witness the one that leaves.
"""

from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache
from random import Random

from protocol.covenant.covenant import Covenant
from protocol.digest import digest_of
from protocol.errors import Refusal
from protocol.round.coordinator_round import CoordinatorSlot
from protocol.round.frame import HEADER_LENGTH_BYTES, Frame, digest_of_payload, pack, parse_frame, seal, unpack
from protocol.round.memory import BookCharges, applied
from protocol.round.messages import WITH_PAYLOAD, Header
from protocol.round.participant.halt import halt
from protocol.round.transitions import State
from protocol.signing import Purpose, sign
from protocol.study.study import Study
from protocol.wire import canonical
from protocol.words.ids import Digest, PartyId
from protocol.words.period import Period
from simulations.party import Durable, SimulatedParty
from simulations.round_world import Coordinator, RoundWorld
from tests import example
from tests.rounds import EVERYONE, START_S, member, participant

VT, WITNESS, COORDINATOR = example.VT, example.WITNESS, example.COORDINATOR
LEFT = tuple(party for party in EVERYONE if party != WITNESS)
TO_PARTICIPANT = ("propose", "commit", "repair", "result")
TO_COORDINATOR = ("decline", "ready", "upload", "abort", "correction", "verdict")
EXPIRED = "expired"  # a state of its own for tests: free, with an attempt that was answered
# States in which a vault that is restored from a backup halts its slot.
HALTING = (EXPIRED, State.READY, State.LOCKED, State.SENT, State.REPAIRING)
MAX_BYTES = 1 << 20
# The state in which a valid message of each kind moves its receiver.
HOME: dict[str, str] = {
    "propose": State.FREE,
    "commit": State.READY,
    "repair": State.SENT,
    "result": State.CORRECTED,
    "decline": State.PROPOSED,
    "ready": State.PROPOSED,
    "upload": State.COMMITTED,
    "abort": State.COMMITTED,
    "correction": State.REPAIRING,
    "verdict": State.OPENED,
}


class Halt(Exception):
    """The power went."""


@dataclass(frozen=True, slots=True)
class Stages:
    """A round in every state.

    vaults: what Veilig Thuis has durable. slots: what the coordinator has stored; the message of Veilig Thuis, and the
    ABORT of the witness, are still to come. frames: one valid message of each kind.
    """

    party: SimulatedParty
    coordinator: Coordinator
    vaults: dict[str, Durable]
    slots: dict[str, CoordinatorSlot]
    frames: dict[str, bytes]


def frame_of(body: bytes) -> Frame:
    """Return a valid frame."""
    return parse_frame(body, source="a test", max_payload_bytes=MAX_BYTES)


def kind_of(body: bytes) -> str:
    """Return the kind of a valid frame."""
    return str(frame_of(body).header.model_dump()["kind"])


def signed(header: Header, payload: bytes = b"", *, signer: PartyId | None = None) -> bytes:
    """Return a frame with a true digest of its payload, signed by its sender or by another party."""
    if isinstance(header, WITH_PAYLOAD):
        header = header.model_copy(update={"payload_digest": digest_of_payload(payload)})
    return seal(header, key=example.signing_key(signer or header.sender), payload=payload).encode()


def raw(tree: object, *, signer: PartyId, payload: bytes = b"") -> bytes:
    """Return a signed frame around any JSON, as no code of ours would make it."""
    header = canonical(tree)
    signature = bytes.fromhex(sign(header, key=example.signing_key(signer), purpose=Purpose.ROUND))
    return len(header).to_bytes(HEADER_LENGTH_BYTES, "big") + header + signature + payload


def changed(body: bytes, *, signer: PartyId | None = None, **fields: object) -> bytes:
    """Return a frame with other fields in its header, signed again; the payload stays."""
    frame = frame_of(body)
    return signed(frame.header.model_copy(update=fields), frame.payload, signer=signer)


def repacked(body: bytes, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    """Return a frame that carries other frames, signed again."""
    frame = frame_of(body)
    return signed(frame.header, pack(change(list(unpack(frame.payload, source="a test")))))


@cache
def stages(covenant_version: int = 1, study_id: str = "basis-2026") -> Stages:
    """Return the stages of a round under a version of the example's covenant and a study of this name."""
    world, digest = _world(covenant_version, study_id)
    coordinator, victim = world.coordinator, world.parties[VT]
    vaults: dict[str, Durable] = {State.FREE: victim.copy_of_disk()}
    slots: dict[str, CoordinatorSlot] = {}
    frames: dict[str, bytes] = {}
    slot = coordinator.member.spec(digest, example.QUARTER).slot

    def send(kind: str, parties: tuple[PartyId, ...], state: State) -> None:
        """Send to all but Veilig Thuis, store the state, then halt Veilig Thuis before its work and let it answer."""
        for party in parties:
            if party not in {VT, WITNESS} or (party == WITNESS and kind == "propose"):
                _take(world, world.parties[party].receive(frames[kind], world.now_s), slot)
        slots[state] = coordinator.slots[slot]

    frames["propose"] = coordinator.propose(digest, example.QUARTER, EVERYONE, world.now_s).messages[0][1]
    frames["decline"] = _decline(world, digest, frames["propose"])
    send("propose", EVERYONE, State.PROPOSED)
    (frames["ready"],) = victim.receive(frames["propose"], world.now_s)
    vaults[State.READY] = victim.copy_of_disk()
    _take(world, (frames["ready"],), slot)
    frames["commit"] = coordinator.advance(slot).messages[0][1]
    send("commit", EVERYONE, State.COMMITTED)
    vaults[State.LOCKED] = _halted(victim, frames["commit"])
    (frames["upload"],) = victim.restart(world.now_s)
    vaults[State.SENT] = victim.copy_of_disk()
    _halted(world.parties[WITNESS], frames["commit"])
    (frames["abort"],) = world.parties[WITNESS].give_up(slot)
    _take(world, (frames["upload"], frames["abort"]), slot)
    frames["repair"] = coordinator.repair(slot).messages[0][1]
    send("repair", LEFT, State.REPAIRING)
    vaults[State.REPAIRING] = _halted(victim, frames["repair"])
    (frames["correction"],) = victim.restart(world.now_s)
    vaults[State.CORRECTED] = victim.copy_of_disk()
    _take(world, (frames["correction"],), slot)
    frames["result"] = coordinator.advance(slot).messages[0][1]
    send("result", LEFT, State.OPENED)
    (frames["verdict"],) = victim.receive(frames["result"], world.now_s)
    vaults[State.DONE] = victim.copy_of_disk()
    _take(world, (frames["verdict"],), slot)
    slots[State.DONE] = coordinator.advance(slot).slot
    vaults |= _ended(victim, vaults[State.READY], frames["commit"])
    vaults |= {halted(state): restored(vaults[state]) for state in HALTING}
    return Stages(victim, coordinator, vaults, slots, frames)


def halted(state: str) -> str:
    """Return the name of the vault that was restored in this state."""
    return f"halted {state}"


def restored(vault: Durable) -> Durable:
    """Return a vault as a restore makes it from a backup of this one: no seeds, and the open slot is halted."""
    booked = [command.slot for command in halt(vault.memory) if isinstance(command, BookCharges)]
    memory = applied(vault.memory, halt(vault.memory))
    return Durable(memory, deepcopy(vault.log), [*vault.entries], {}, [*vault.charged, *booked])


def snapshot(vault: Durable) -> tuple[object, ...]:
    """Return everything durable but the evidence, as a value that can be compared."""
    memory = vault.memory
    secrets = {slot: (kept.seed, kept.opening, kept.values.tobytes()) for slot, kept in vault.secrets.items()}
    state = dict(memory.slots), dict(memory.heads), memory.shown, memory.unsettled
    return (*state, vault.log.size, vault.log.root(), tuple(vault.entries), secrets, tuple(vault.charged))


def vault_outcome(party: SimulatedParty, vault: Durable, body: bytes, *, now_s: int = START_S) -> str:
    """Return what a message does to a participant: the code of the refusal, "same" with the stored answer, or "moves".

    A refusal must leave everything durable as it was; anything but a refusal by name is the test's failure.
    """
    party.durable = vault
    party.durable = party.copy_of_disk()
    before = snapshot(party.durable)
    try:
        answers = party.receive(body, now_s)
    except Refusal as refusal:
        code = refusal.code
    else:
        return "moves" if snapshot(party.durable) != before else "same " + ",".join(map(kind_of, answers))
    assert snapshot(party.durable) == before, f"a refusal ({code}) that changed the vault"
    return code


def slot_outcome(coordinator: Coordinator, slot: CoordinatorSlot, body: bytes) -> str:
    """Return what a message does to the coordinator: the code of the refusal, "same", or "moves"."""
    coordinator.slots[slot.slot] = slot
    try:
        coordinator.take(slot.slot, body)
    except Refusal as refusal:
        code = refusal.code
    else:
        return "same" if coordinator.slots[slot.slot] == slot else "moves"
    assert coordinator.slots[slot.slot] is slot, f"a refusal ({code}) that changed the slot"
    return code


def outcome(kind: str, body: bytes, *, state: str | None = None) -> str:
    """Return what a message does to the receiver of this kind, in its home state or another."""
    made, where = stages(), state or HOME[kind]
    if kind in TO_PARTICIPANT:
        return vault_outcome(made.party, made.vaults[where], body)
    return slot_outcome(made.coordinator, made.slots[where], body)


def _world(covenant_version: int, study_id: str) -> tuple[RoundWorld, Digest]:
    covenant: Covenant = example.covenant()
    if covenant_version > 1:
        covenant = covenant.model_copy(update={"version": covenant_version, "previous": digest_of(covenant)})
    study: Study = example.study(covenant).model_copy(update={"id": study_id})
    parties = {party: participant(party) for party in EVERYONE}
    for party in parties.values():
        party.member = replace(party.member, covenant=covenant, studies={digest_of(study): study})
    desk = replace(member(COORDINATOR), covenant=covenant, studies={digest_of(study): study})
    return RoundWorld(Coordinator(desk), parties, Random(1)), digest_of(study)


def _take(world: RoundWorld, answers: tuple[bytes, ...], slot: Digest) -> None:
    for body in answers:
        world.coordinator.take(slot, body)


def _halted(party: SimulatedParty, body: bytes) -> Durable:
    """Let a message in, cut the power before the work that follows, and return what is durable."""

    def cut(point: str) -> None:
        if point == "before work":
            raise Halt

    party.crash_at = cut
    with suppress(Halt):
        party.receive(body, START_S)
    party.crash_at = lambda _point: None
    return party.copy_of_disk()


def _decline(world: RoundWorld, digest: Digest, proposal: bytes) -> bytes:
    """Return the busy answer of a Veilig Thuis that holds the READY of another quarter."""
    twin = participant(VT)
    twin.member = world.parties[VT].member
    other = Coordinator(world.coordinator.member)
    twin.receive(other.propose(digest, Period("2026-Q2"), EVERYONE, world.now_s).messages[0][1], world.now_s)
    (answer,) = twin.receive(proposal, world.now_s)
    return answer


def _ended(victim: SimulatedParty, ready: Durable, commit: bytes) -> dict[str, Durable]:
    """Return the vaults of a READY that expired, and of one that was given up."""
    (slot,) = ready.memory.slots
    victim.durable = ready
    expired = victim.durable = victim.copy_of_disk()
    assert victim.receive(commit, START_S + 4_000) == ()
    victim.durable = ready
    aborted = victim.durable = victim.copy_of_disk()
    victim.give_up(slot)
    return {EXPIRED: expired, State.ABORTED: aborted}
