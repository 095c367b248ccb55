"""Computes: the outcome of a partner's own replay: pass or fail, signed, and nothing of what it looked at."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from protocol.covenant.covenant import Covenant
from protocol.signing import Purpose, SigningKey, sign, verify
from protocol.wire import WireValue
from protocol.words.ids import Digest, PartyId, Signature

# A name and nothing else: free text could hold anything.
CheckName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z-]{0,39}$")]


class Replay(WireValue):
    """Whether, in one vault, every unit stayed within the cap. failed: the names of the checks that do not hold.

    log_size, log_root: the own log as it was then; whoever has seen a head of it can place this outcome.
    """

    kind: Literal["replay"] = "replay"
    format: Literal[1] = 1
    covenant_digest: Digest
    party: PartyId
    log_size: Annotated[int, Field(ge=0, le=2**53 - 1)]
    log_root: Digest
    holds: bool
    failed: Annotated[tuple[CheckName, ...], Field(max_length=16)]


class SignedReplay(WireValue):
    """A replay's outcome with the signature of the party it is about."""

    kind: Literal["signed-replay"] = "signed-replay"
    format: Literal[1] = 1
    replay: Replay
    signature: Signature


def sign_replay(replay: Replay, key: SigningKey) -> SignedReplay:
    """Return the outcome, signed with the party's identity key."""
    return SignedReplay(replay=replay, signature=sign(replay.encode(), key=key, purpose=Purpose.REPLAY))


def check_replay(signed: SignedReplay, covenant: Covenant) -> None:
    """Refuse an outcome that the party of this covenant did not sign.

    Not promised: that the party told the truth; it is its own word, under its own key.
    Raises: UnknownParty, BadSignature, WeakKey.
    """
    party = covenant.party(signed.replay.party)
    body = signed.replay.encode()
    verify(signed.signature, body, key=party.identity_key, purpose=Purpose.REPLAY, signer=party.id)
