"""Computes: messages of a round as Flower's records, and back."""

from collections.abc import Iterator

from flwr.app import ConfigRecord, Message, Metadata, RecordDict
from flwr.app.message.message import make_message
from flwr.common.constant import SUPERLINK_NODE_ID
from flwr.supercore.date import now

from protocol.errors import RoundRefusal
from protocol.round.carriage import PARTS, Answerless, ParcelRefused, frames_of


class NotAnswered(RoundRefusal):
    """A node that has no answer to a message now; it says no more, and is asked again."""


def content_of(parts: tuple[bytes, ...]) -> RecordDict:
    """Return a parcel as Flower carries it: a record for each part."""
    content = RecordDict()
    for place, part in enumerate(parts):
        content[PARTS[place]] = ConfigRecord({"bytes": part})
    return content


def frames_in(reply: Message, *, source: str) -> tuple[bytes, ...]:
    """Return the frames that a node answered.

    Raises: NotAnswered, ParcelRefused, BadFrame.
    """
    if not reply.has_content():
        code = reply.error.code if reply.has_error() else 0
        known = code in set(Answerless)
        raise NotAnswered(
            got=f"no answer from {source} ({Answerless(code).name if known else f'carrier code {code}'})",
            wanted="the messages of a round",
            act="nobody yet: it is asked again; if that goes on, the partner's IT must look at its own log",
        )
    return frames_of(tuple(_parts(reply.content, source)), source=source)


def envelope(
    content: RecordDict, message_type: str, dst_node_id: int, *, run_id: int, group_id: str, ttl: float
) -> Message:
    """Return a message of a run; Flower's own constructor takes the run from a variable of the whole process."""
    metadata = Metadata(
        run_id=run_id,
        message_id="",
        src_node_id=SUPERLINK_NODE_ID,
        dst_node_id=dst_node_id,
        reply_to_message_id="",
        group_id=group_id,
        created_at=now().timestamp(),
        ttl=ttl,
        message_type=message_type,
    )
    return make_message(metadata, content)


def _parts(content: RecordDict, source: str) -> Iterator[bytes]:
    if tuple(content) != PARTS[: len(content)]:
        raise _strange(source)
    for record in content.values():
        part = record.get("bytes") if isinstance(record, ConfigRecord) else None
        if not isinstance(part, bytes) or len(record) != 1:
            raise _strange(source)
        yield part


def _strange(source: str) -> ParcelRefused:
    return ParcelRefused(
        got=f"an answer from {source} with other records",
        wanted="the parts of a parcel, in order",
        act="the partner's IT must install the same version",
    )
