"""Computes nothing: what the ledger feed says: entries of the coordinator's log, and the signed head that they lead to.

One call of gRPC, `SERVICE/METHOD`: a question goes in, parts come out for as long as the caller listens. The bytes of
both are wire values like all others, so that one parser reads them.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from protocol.round.messages import LeafText, NoteText
from protocol.wire import MAX_INTEGER, WireValue

SERVICE, METHOD = "samenzicht.LedgerFeed", "Follow"
MAX_ENTRIES = 256  # of a part: with the quotes of JSON within JSON well below the 4 MiB that gRPC takes by default


class FeedQuestion(WireValue):
    """What a follower asks. size: how many entries it has seen."""

    max_bytes: ClassVar[int] = 1_024

    kind: Literal["feed-question"] = "feed-question"
    format: Literal[1] = 1
    size: Annotated[int, Field(ge=0, le=MAX_INTEGER)]


class FeedPart(WireValue):
    """Entries from `first` on, and the head of the log, which may lie beyond them: then more parts follow."""

    max_bytes: ClassVar[int] = 3 << 20

    kind: Literal["feed-part"] = "feed-part"
    format: Literal[1] = 1
    checkpoint: NoteText
    entries: Annotated[tuple[LeafText, ...], Field(max_length=MAX_ENTRIES)]
    first: Annotated[int, Field(ge=0, le=MAX_INTEGER)]
