"""Computes nothing: the closed set of messages of a round. What is not here cannot be sent.

Each message has a header, an Ed25519 signature over the header under the purpose `round`, and for some kinds a payload
that the header names by its SHA-256 (`frame.py`). A header is one of the values below, each with its own size limit.
"""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal, NewType

from pydantic import Field, StringConstraints

from protocol.study.grid import MAX_CELLS
from protocol.study.model import MAX_PARAMETER
from protocol.wire import MAX_INTEGER, WireValue
from protocol.words.ids import Digest, PartyId
from protocol.words.period import Period

MAX_ATTEMPTS = 1_000_000  # an attempt that never gets a COMMIT costs a few kB; a million of them is an attack
MAX_PARTICIPANTS = 1_000
MAX_PARAMETERS = 1_000  # four statistics of the widest model, and the edges of fifty bins
MAX_PROOF_HASHES = 64  # a tree of 2^63 entries
MAX_SHOWN = 8  # how many earlier checkpoints a READY proves itself consistent with
MAX_SETTLED = 16  # how many earlier slots a READY proves locked or aborted
MAX_NOTE_CHARACTERS = 4_096  # a checkpoint and one signature are 300
MAX_LEAF_CHARACTERS = 4_096

Attempt = NewType("Attempt", Annotated[int, Field(ge=0, le=MAX_ATTEMPTS)])
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Hashes = Annotated[tuple[Hash, ...], Field(max_length=MAX_PROOF_HASHES)]
# A signed checkpoint or ledger entry as text; `witness.py` parses it by the ledger's own rules.
NoteText = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]+$", max_length=MAX_NOTE_CHARACTERS)]
LeafText = Annotated[str, StringConstraints(pattern=r"^\{[^\x00-\x1f\x7f]+\}$", max_length=MAX_LEAF_CHARACTERS)]
Seconds = Annotated[int, Field(ge=0, le=MAX_INTEGER)]
Participants = Annotated[tuple[PartyId, ...], Field(min_length=1, max_length=MAX_PARTICIPANTS)]


class Spec(WireValue):
    """What a round measures, by digest: every node works it out itself and compares."""

    format: Literal[1] = 1
    covenant_digest: Digest
    study_digest: Digest
    period: Period
    slot: Digest
    grid_digest: Digest
    cells: Annotated[int, Field(ge=1, le=MAX_CELLS)]
    ring_bits: Literal[32, 64]


class RoundSpec(Spec):
    """The spec of a round of counts."""

    kind: Literal["round-spec"] = "round-spec"


class StepSpec(Spec):
    """The spec of a step of a model.

    parameters: at which coefficients it is taken, and the edges of its bins; the one thing in a spec that the
    coordinator chooses. No node believes it: what one unit can change is bounded for every value of them.
    """

    kind: Literal["step-spec"] = "step-spec"
    parameters: Annotated[
        tuple[Annotated[int, Field(ge=-MAX_PARAMETER, le=MAX_PARAMETER)], ...], Field(max_length=MAX_PARAMETERS)
    ]


class Offer(WireValue):
    """What all participants must have been offered alike.

    participants: S. expires_s: Unix seconds after which a READY without COMMIT ends. checkpoint: the coordinator's
    newest, signed.
    """

    kind: Literal["offer"] = "offer"
    format: Literal[1] = 1
    spec: Annotated[RoundSpec | StepSpec, Field(discriminator="kind")]
    attempt: Attempt
    participants: Participants
    expires_s: Seconds
    checkpoint: NoteText


class Consistency(WireValue):
    """RFC 6962 proof that the log has grown from `older_size` to the checkpoint beside it."""

    older_size: Annotated[int, Field(ge=1, le=MAX_INTEGER)]
    hashes: Hashes


class Settled(WireValue):
    """A ledger entry (LOCK or ABORT of a slot) with its RFC 6962 inclusion proof in the checkpoint beside it."""

    entry: LeafText
    index: Annotated[int, Field(ge=0, le=MAX_INTEGER)]
    hashes: Hashes


class Header(WireValue):
    """What every message says first."""

    max_bytes: ClassVar[int] = 1 << 16

    format: Literal[1] = 1
    sender: PartyId
    slot: Digest
    attempt: Attempt


class Propose(Header):
    """Coordinator to each participant: the offer. consistency: its log grew from the heads it showed before."""

    max_bytes: ClassVar[int] = 1 << 17  # a thousand participants of 43 bytes

    kind: Literal["propose"] = "propose"
    offer: Offer
    consistency: Annotated[tuple[Consistency, ...], Field(max_length=MAX_SHOWN)]


class DeclineCode(StrEnum):
    """Why a party does not take part in this attempt; nothing in it depends on records or on the book."""

    BUSY = "busy"
    NOT_APPROVED = "not-approved"
    REFUSED = "refused"
    SLOT_USED = "slot-used"


class Decline(Header):
    """Participant to coordinator: not in this attempt."""

    kind: Literal["decline"] = "decline"
    code: DeclineCode


class Ready(Header):
    """Participant to coordinator: frozen and committed.

    nonce: 32 fresh bytes. commitment: SHA-256(r || x), r secret. checkpoint: of this party's log, with proofs that it
    grew from the heads it showed before and that earlier slots were locked or aborted.
    """

    kind: Literal["ready"] = "ready"
    offer_digest: Digest
    nonce: Hash
    commitment: Hash
    checkpoint: NoteText
    consistency: Annotated[tuple[Consistency, ...], Field(max_length=MAX_SHOWN)]
    settled: Annotated[tuple[Settled, ...], Field(max_length=MAX_SETTLED)]


class Commit(Header):
    """Coordinator to each participant: all READYs of this attempt; they are the payload, in order of sender."""

    kind: Literal["commit"] = "commit"
    payload_digest: Digest


class Upload(Header):
    """Participant to coordinator: the contribution, a masked vector as payload, and proof that the slot is locked.

    consistency: one proof, from the head in this party's READY.
    """

    kind: Literal["upload"] = "upload"
    context: Digest
    payload_digest: Digest
    checkpoint: NoteText
    consistency: Annotated[tuple[Consistency, ...], Field(max_length=1)]
    lock: Settled


class Abort(Header):
    """Participant to coordinator: this slot is given up for ever; nothing was or will be uploaded."""

    kind: Literal["abort"] = "abort"
    checkpoint: NoteText
    consistency: Annotated[tuple[Consistency, ...], Field(max_length=1)]
    abort: Settled


class Repair(Header):
    """Coordinator to the survivors: correct the sum for those who aborted; their ABORTs are the payload."""

    kind: Literal["repair"] = "repair"
    context: Digest
    gone: Participants
    payload_digest: Digest


class Correction(Header):
    """Survivor to coordinator: a masked vector as payload that turns the uploads into a sum without the gone.

    context: ctx' = H("repair", ctx, D).
    """

    kind: Literal["correction"] = "correction"
    context: Digest
    payload_digest: Digest


class Result(Header):
    """Coordinator to each survivor: all uploads and corrections as payload, with vectors up to the study's limit.

    gone: who aborted, empty without a repair. checkpoint: the coordinator's log after this round.
    """

    kind: Literal["result"] = "result"
    context: Digest
    gone: Annotated[tuple[PartyId, ...], Field(max_length=MAX_PARTICIPANTS)]
    has_vectors: bool
    payload_digest: Digest
    checkpoint: NoteText
    consistency: Annotated[tuple[Consistency, ...], Field(max_length=MAX_SHOWN)]


class Objection(StrEnum):
    """What a participant found wrong in a RESULT; a signed objection blocks the release."""

    SUM = "sum"  # the sum does not decode
    OWN_TABLE = "own-table"  # an own table is not what its owner contributed
    UPLOAD = "upload"  # an upload is not what its sender signed, or ours is missing or another
    WITNESS = "witness"  # a lock, head or proof does not hold


class Verdict(Header):
    """Participant to coordinator: what it found in the RESULT. objection: None when everything holds."""

    kind: Literal["verdict"] = "verdict"
    context: Digest
    objection: Objection | None


FROM_COORDINATOR: tuple[type[Header], ...] = (Propose, Commit, Repair, Result)
FROM_PARTICIPANT: tuple[type[Header], ...] = (Decline, Ready, Upload, Abort, Correction, Verdict)
MESSAGES: dict[str, type[Header]] = {
    kind.model_fields["kind"].default: kind for kind in (*FROM_COORDINATOR, *FROM_PARTICIPANT)
}
WITH_PAYLOAD: tuple[type[Header], ...] = (Commit, Upload, Repair, Correction, Result)
