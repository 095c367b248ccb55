"""Computes: an honest participant up to its UPLOAD, from sections 9 and 10 of docs/protocol.md: PROPOSE and COMMIT.

It keeps no vault: a crash is not its subject. Nothing is shared with the house's code. Slow on purpose.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.reference import honest_round as rules
from tests.reference import honest_vectors as vectors
from tests.reference.honest_wire import (
    Frame,
    Head,
    Json,
    Log,
    canonical,
    check_growth,
    check_settled,
    head_of,
    parsed,
    read_frame,
    require,
    sealed,
    signed_checkpoint,
    unpacked,
)

TWO_WEEKS_S = 14 * 24 * 3600
SIZES_PROVED = 8
SLOTS_SETTLED = 16


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """32 bytes each, fresh for every attempt and every repair; a repair uses opening as the key of its blinds.

    salted: the commitment to the charges, which only its owner can open.
    """

    opening: bytes
    seed: bytes
    nonce: bytes
    salted: bytes


@dataclass(slots=True, repr=False)
class Slot:
    """What is kept of a slot. Empty: not there yet."""

    offer: Json
    secrets: Secrets
    counts: list[int]
    ready: bytes = b""
    ready_size: int = 0
    ready_heads: dict[str, Head] = field(default_factory=dict)
    context: bytes = b""
    noised: list[int] = field(default_factory=list)
    upload: bytes = b""
    abort: bytes = b""
    gone: list[str] = field(default_factory=list)
    extra: list[int] = field(default_factory=list)
    correction: bytes = b""
    verdict: bytes = b""

    @property
    def id(self) -> str:
        """The slot."""
        return str(self.offer["spec"]["slot"])

    @property
    def attempt(self) -> int:
        """Which attempt."""
        return int(self.offer["attempt"])

    @property
    def period(self) -> str:
        """Which period."""
        return str(self.offer["spec"]["period"])

    @property
    def participants(self) -> list[str]:
        """S."""
        return list(self.offer["participants"])

    @property
    def survivors(self) -> list[str]:
        """S without the gone."""
        return [party for party in self.participants if party not in self.gone]

    @property
    def newest(self) -> bytes:
        """The newest message stored for a slot that is sent or aborted."""
        return self.abort or self.verdict or self.correction or self.upload

    @property
    def repair_context(self) -> bytes:
        """The context ctx' of its repair."""
        return rules.repair_context(self.context, self.gone)


@dataclass(slots=True, repr=False)
class RoundStart:
    """A participant until it has sent. counts: of every cell of an offer.

    chance: the secrets to "freeze" a slot and attempt, or to "repair" a slot under ctx'. shown: the sizes of the own
    log that peers saw. unsettled: who has not yet shown its LOCK or ABORT of a slot that is locked here.
    """

    id: str
    agreement: rules.Agreement
    signing_key: Ed25519PrivateKey
    agreement_private: bytes
    counts: Callable[[Json], list[int]]
    chance: Callable[[str, str, str], Secrets]
    log: Log = field(default_factory=Log)
    slots: dict[str, Slot] = field(default_factory=dict)
    heads: dict[str, Head] = field(default_factory=dict)
    shown: set[int] = field(default_factory=set)
    unsettled: dict[str, set[str]] = field(default_factory=dict)

    def propose(self, frame: Frame, now_s: int) -> bytes:
        """Return READY, or DECLINE while another slot is ready."""
        offer = frame.header["offer"]
        slot_id, attempt = offer["spec"]["slot"], offer["attempt"]
        require((frame.header["slot"], frame.header["attempt"]) == (slot_id, attempt), "the offer's slot and attempt")
        known = self.slots.get(slot_id)
        if known and known.newest:
            return known.newest
        self._check_offer(offer, now_s)
        if known and known.offer == offer:
            return known.ready
        require(not known or attempt > known.attempt, "a newer attempt than one that was answered")
        if any(slot.id != slot_id and self._is_ready(slot, now_s) for slot in self.slots.values()):
            header = {"kind": "decline", "format": 1, "sender": self.id, "slot": slot_id, "attempt": attempt}
            return sealed(header | {"code": "busy"}, self.signing_key)
        coordinator = self.agreement.coordinator
        self.heads[coordinator] = self.seen(coordinator, offer["checkpoint"], frame.header["consistency"])
        return self._freeze(offer)

    def commit(self, frame: Frame, slot: Slot, now_s: int) -> bytes:
        """Return UPLOAD, or ABORT when the READY has ended."""
        if slot.newest:
            return slot.newest
        if not self._is_ready(slot, now_s):
            return self.give_up(slot.id)[0]
        bodies = unpacked(frame.payload)
        readies = [self.read(body) for body in bodies]
        require([ready.sender for ready in readies] == slot.participants, "one READY of each of S, in order")
        offer_digest = sha256(canonical(slot.offer)).hexdigest()
        for ready in readies:
            self.check_round(ready, slot, "ready")
            require(ready.header["offer_digest"] == offer_digest, "a READY for this offer")
        require(bodies[slot.participants.index(self.id)] == slot.ready, "the own READY as it is stored")
        slot.ready_heads = {ready.sender: self._witnessed(ready) for ready in readies if ready.sender != self.id}
        self.heads |= slot.ready_heads
        slot.context = rules.context_of(slot.offer, [ready.header for ready in readies])
        self._lock(slot)
        slot.upload = self._contribute(slot)
        return slot.upload

    def give_up(self, slot_id: str) -> tuple[bytes, ...]:
        """Return the ABORT of a slot of which no upload is stored."""
        slot = self.slots[slot_id]
        require(not slot.upload, "ABORT only until the upload is stored")
        self.log.leaves.append(canonical({"version": 1, "kind": "abort", "slot": slot.id, "attempt": slot.attempt}))
        header = self.header("abort", slot) | self._own_head([slot.ready_size])
        slot.abort = sealed(header | {"abort": self.log.settled(len(self.log.leaves) - 1)}, self.signing_key)
        return (slot.abort,)

    def read(self, body: bytes, *, payload_left_out: bool = False) -> Frame:
        """Return a frame that a party of the covenant signed."""
        return read_frame(body, self.agreement.keys("identity_key"), payload_left_out=payload_left_out)

    def check_round(self, frame: Frame, slot: Slot, kind: str) -> None:
        """Refuse a frame of another kind, slot or attempt."""
        named = (frame.header["kind"], frame.header["slot"], frame.header["attempt"])
        require(named == (kind, slot.id, slot.attempt), f"a {kind} of this round")

    def header(self, kind: str, slot: Slot) -> Json:
        """Return what every header of this participant says first."""
        return {"kind": kind, "format": 1, "sender": self.id, "slot": slot.id, "attempt": slot.attempt}

    def mask(self, slot: Slot, peers: Sequence[str], context: bytes) -> list[int]:
        """Return the masks with these peers for one context."""
        others = [party for party in peers if party != self.id]
        cells = slot.offer["spec"]["cells"]
        return vectors.mask(self.agreement, self.id, self.agreement_private, others, context, cells)

    def seen(self, party: str, checkpoint: str, proofs: Sequence[Json]) -> Head:
        """Return a party's head, if its log only grew since the newest one seen; a first one is taken as it is."""
        head = self._head(party, checkpoint)
        if party in self.heads:
            check_growth(self.heads[party], head, proofs)
        return head

    def check_grown(self, frame: Frame, slot: Slot) -> Head:
        """Return the head in an UPLOAD or ABORT, if that log grew from its READY; the larger head is remembered."""
        head = self._head(frame.sender, frame.header["checkpoint"])
        check_growth(slot.ready_heads[frame.sender], head, frame.header["consistency"])
        newest = self.heads[frame.sender]
        require(head.size != newest.size or head.root == newest.root, "one root at one size")
        self.heads[frame.sender] = head if head.size > newest.size else newest
        return head

    def _check_offer(self, offer: Json, now_s: int) -> None:
        participants, covenant, study = offer["participants"], self.agreement.covenant, self.agreement.study
        require(offer["kind"] == "offer" and offer["format"] == 1, "an offer")
        period = offer["spec"]["period"]
        require(period in {one["period"] for one in study["schedule"]}, "a period of the schedule")
        require(offer["spec"] == rules.round_spec(self.agreement, period), "the round-spec as it is worked out here")
        everyone = self.agreement.participants
        require(participants == [party for party in everyone if party in participants], "participants in order")
        require(self.id in participants, "this participant in S")
        require(len(participants) >= covenant["minimum_participants"], "n_min participants")
        locked = {rules.first_month(slot.period): slot.participants for slot in self.slots.values() if slot.context}
        changes = len(set(participants) ^ set(locked[max(locked)] if locked else participants))
        require(changes == 0 or changes >= covenant["minimum_change"], "no small change of participants")
        require(now_s <= offer["expires_s"] <= now_s + TWO_WEEKS_S, "an expiry within two weeks")

    def _is_ready(self, slot: Slot, now_s: int) -> bool:
        return not slot.newest and now_s <= slot.offer["expires_s"]

    def _freeze(self, offer: Json) -> bytes:
        secrets = self.chance("freeze", offer["spec"]["slot"], str(offer["attempt"]))
        slot = Slot(offer, secrets, rules.own_cells(self.agreement, offer, self.id, self.counts(offer)))
        slot.ready_size = len(self.log.leaves)
        header = self.header("ready", slot) | {
            "offer_digest": sha256(canonical(offer)).hexdigest(),
            "nonce": secrets.nonce.hex(),
            "commitment": rules.commitment(secrets.opening, slot.counts).hex(),
            "settled": [self.log.settled(index) for index in self._settling()],
        }
        header |= self._own_head(sorted(size for size in self.shown if 0 < size < slot.ready_size)[-SIZES_PROVED:])
        slot.ready = sealed(header, self.signing_key)
        self.slots[slot.id] = slot
        return slot.ready

    def _settling(self) -> list[int]:
        """Return where the newest LOCK or ABORT of each of the last slots stands, in the order of the log."""
        newest: dict[str, int] = {}
        for index, entry in enumerate(map(parsed, self.log.leaves)):
            if entry["kind"] in {"lock", "abort"}:
                newest[entry["slot"]] = index
        return sorted(newest.values())[-SLOTS_SETTLED:]

    def _witnessed(self, ready: Frame) -> Head:
        """Return a peer's head, if its log only grew and shows how each slot ended that is locked here and shared."""
        head = self.seen(ready.sender, ready.header["checkpoint"], ready.header["consistency"])
        entries = [check_settled(settled, head) for settled in ready.header["settled"]]
        shown = {entry["slot"] for entry in entries if entry["kind"] in {"lock", "abort"}}
        owed = {slot_id for slot_id, peers in self.unsettled.items() if ready.sender in peers}
        require(owed <= shown, "every shared slot settled")
        return head

    def _lock(self, slot: Slot) -> None:
        entry = {"version": 1, "kind": "lock", "slot": slot.id, "attempt": slot.attempt, "context": slot.context.hex()}
        self.log.leaves.append(canonical(entry | {"charges_commitment": slot.secrets.salted.hex()}))
        for peers in self.unsettled.values():
            peers.difference_update(slot.participants)
        self.unsettled[slot.id] = set(slot.participants) - {self.id}

    def _contribute(self, slot: Slot) -> bytes:
        commitment = rules.commitment(slot.secrets.opening, slot.counts)
        noise = vectors.noise_of(slot.secrets.seed, slot.id, slot.attempt, commitment)
        added: list[int] = []
        for one in rules.segments(self.agreement, slot.period):
            if rules.contributed(self.agreement, one, self.id, slot.participants):
                added += noise.draw(rules.share(self.agreement, one.table, slot.participants), one.size)
            else:
                added += [0] * one.size
        slot.noised = [count + draw for count, draw in zip(slot.counts, added, strict=True)]
        masks = self.mask(slot, slot.participants, slot.context)
        cells = [own + word for own, word in zip(slot.noised, masks, strict=True)]
        header = self.header("upload", slot) | self._own_head([slot.ready_size])
        header |= {"context": slot.context.hex(), "lock": self.log.settled(len(self.log.leaves) - 1)}
        return sealed(header, self.signing_key, vectors.bytes_of(cells, slot.offer["spec"]["ring_bits"]))

    def _own_head(self, older_sizes: Sequence[int]) -> Json:
        """Return the own checkpoint as it is now, with proofs of growth; from now on its size was shown."""
        head = self.log.head()
        self.shown.add(head.size)
        checkpoint = signed_checkpoint(self.agreement.origin(self.id), head, self.signing_key)
        return {"checkpoint": checkpoint, "consistency": self.log.growth(older_sizes)}

    def _head(self, party: str, checkpoint: str) -> Head:
        return head_of(checkpoint, self.agreement.origin(party), self.agreement.keys("identity_key")[party])
