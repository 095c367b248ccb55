"""Computes: what binds a round together. Other participants, another plan, nonce or commitment give another context.

offer    = SHA-256 of the canonical Offer: slot, attempt, S, spec, expiry, the coordinator's checkpoint
ctx      = H("ctx", offer, nonce and commitment of each of S in order)
ctx'     = H("repair", ctx, D)
"""

from collections.abc import Sequence
from hashlib import sha256

from protocol.covenant.covenant import Covenant
from protocol.digest import digest_of, labelled
from protocol.round.messages import Offer, Ready, RoundSpec, StepSpec
from protocol.study.grid import Grid
from protocol.study.study import Study, slot_of
from protocol.wire import canonical
from protocol.words.ids import Digest, PartyId
from protocol.words.period import Period, step_of


def spec_of(
    study: Study, covenant: Covenant, period: Period, grid: Grid, *, parameters: Sequence[int] = ()
) -> RoundSpec | StepSpec:
    """Return the spec of a round, which every party works out for itself.

    parameters: of a step, which the coordinator chose; a round of counts has none.
    """
    spec = RoundSpec(
        covenant_digest=digest_of(covenant),
        study_digest=digest_of(study),
        period=period,
        slot=slot_of(study, period),
        grid_digest=grid.digest,
        cells=grid.size,
        ring_bits=study.ring_bits,
    )
    if step_of(period) is None:
        return spec
    return StepSpec(**spec.model_dump(exclude={"kind"}), parameters=tuple(parameters))


def commitment(opening: bytes, values: bytes) -> Digest:
    """Return com_i = SHA-256(r_i || x_i). opening: r_i, 32 secret bytes. values: x_i, int64, little end first."""
    return Digest(sha256(opening + values).hexdigest())


def context_of(offer: Offer, readies: Sequence[Ready]) -> Digest:
    """Return ctx of an attempt whose READYs are given in order of sender."""
    parts = [bytes.fromhex(digest_of(offer))]
    for ready in readies:
        parts += [bytes.fromhex(ready.nonce), bytes.fromhex(ready.commitment)]
    return Digest(labelled("ctx", *parts).hex())


def repair_context_of(context: Digest, gone: Sequence[PartyId]) -> Digest:
    """Return ctx' of the repair for the gone, D."""
    return Digest(labelled("repair", bytes.fromhex(context), canonical(list(gone))).hex())
