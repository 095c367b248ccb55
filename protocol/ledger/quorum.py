"""Computes: whether a checkpoint is to be believed under a policy: signed by a trusted log, cosigned by a quorum.

Source: https://c2sp.org/tlog-policy, which `policy.py` reads.
"""

from collections.abc import Collection

from protocol.errors import LedgerRefusal
from protocol.ledger.checkpoint import Checkpoint, WrongOrigin
from protocol.ledger.cosignature import check_signature
from protocol.ledger.note import Note, verified_keys
from protocol.ledger.policy import NO_QUORUM, Policy
from protocol.ledger.signing import VerifierKey


class NoLogSignature(LedgerRefusal):
    """A checkpoint that witnesses signed, but no log of the policy."""


class QuorumNotMet(LedgerRefusal):
    """A checkpoint with fewer cosignatures than the policy's quorum asks for."""


def open_checkpoint(note: Note, policy: Policy) -> Checkpoint:
    """Return the checkpoint of a note, once a trusted log and the quorum are seen to have signed it.

    Signatures by keys outside the policy are ignored; one bad signature by a key inside it refuses the note.
    Not promised: that the checkpoint is recent, or consistent with one seen before.
    Raises: NoKnownSignature, NoLogSignature, WrongOrigin, QuorumNotMet, and what `Checkpoint.parse` and
    `check_signature` raise.
    Source: C2SP tlog-policy.
    """
    checkpoint = Checkpoint.parse(note.text)
    signed = verified_keys(note, policy.keys, check=check_signature)
    logs = [log for log in policy.logs if log.key in signed]
    if not logs:
        raise NoLogSignature(
            got="no signature by a log of the policy", wanted="one", act="the log must sign its checkpoint"
        )
    if all(log.key.name != checkpoint.origin for log in logs):
        raise WrongOrigin(
            got="a checkpoint that names another log than the key that signed it",
            wanted="the key's own log",
            act="the log must sign under its own origin; keep the note as evidence",
        )
    check_quorum(policy, signed)
    return checkpoint


def check_quorum(policy: Policy, signed: Collection[VerifierKey]) -> None:
    """Refuse a set of verified keys that does not meet the policy's quorum.

    Raises: QuorumNotMet.
    """
    met = {NO_QUORUM} | {witness.name for witness in policy.witnesses if witness.key in signed}
    for group in policy.groups:  # in file order, so that members stand before the groups that name them
        if sum(member in met for member in group.members) >= group.threshold:
            met.add(group.name)
    if policy.quorum not in met:
        raise QuorumNotMet(
            got="too few cosignatures", wanted=f"the quorum {policy.quorum!a}", act="more witnesses must cosign"
        )
