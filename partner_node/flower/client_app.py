"""Computes: the one thing that a node does for whoever reaches it, as a `ClientApp`: a frame in, frames out.

The same app runs in the service and, in one process, over a grid in memory.
"""

from collections.abc import Callable, Iterator

from flwr.app import ConfigRecord, Context, Message, RecordDict
from flwr.app.error import Error
from flwr.clientapp import ClientApp

from protocol.errors import RoundRefusal
from protocol.round.carriage import ACTION, PARTS, Answerless, ParcelRefused, frames_of, parcel

# Frames for a frame; None when there is no answer, for whatever reason.
Answer = Callable[[bytes], tuple[bytes, ...] | None]


def client_app(answer: Answer) -> ClientApp:
    """Return the app of one node."""
    app = ClientApp()

    @app.query(ACTION)
    def answer_round(message: Message, _context: Context) -> Message:
        try:
            (frame,) = frames_of(tuple(_parts(message.content)), source="the coordinator")
        except (RoundRefusal, ValueError):
            return no_answer(message, Answerless.FOREIGN)
        frames = answer(frame)
        if frames is None:
            return no_answer(message, Answerless.NOT_ANSWERED)
        try:
            parts = parcel(frames)
        except ParcelRefused:
            return no_answer(message, Answerless.TOO_LARGE)
        content = RecordDict()
        for place, part in enumerate(parts):
            content[PARTS[place]] = ConfigRecord({"bytes": part})
        return Message(content, reply_to=message)

    return app


def no_answer(message: Message, why: Answerless) -> Message:
    """Return a code for an answer, and not a word more."""
    return Message(Error(int(why)), reply_to=message)


def _parts(content: RecordDict) -> Iterator[bytes]:
    if tuple(content) != PARTS[: len(content)]:
        raise ValueError
    for record in content.values():
        part = record.get("bytes") if isinstance(record, ConfigRecord) else None
        if not isinstance(part, bytes) or len(record) != 1:
            raise ValueError
        yield part
