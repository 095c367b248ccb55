"""Touches the world: the process that holds vault, keys and data; it has no line to anywhere but its parent.

The parent talks to the network and holds none of these. A message comes in on stdin and its answers go out on stdout,
each behind its length; when stdin ends, so does this process. Frame libraries are loaded here, when data is due. Told
to let go, it closes the vault and drops the keys; the next message finds everything read anew, only the program stays.

    python -m partner_node.flower.vault_process NODE.TOML
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import BinaryIO

from partner_node.config import load_config
from partner_node.core_dumps import forbid_core_dumps
from partner_node.flower.log_lines import tell
from partner_node.flower.pipe import ANSWERED, ASK, LEAVE, NOT_ANSWERED, OPEN, READY, read_body, write_body
from partner_node.gate import Gate
from partner_node.node import load_node
from partner_node.taking_part import take_part
from protocol.errors import SamenzichtError
from protocol.round.frame import pack


def main() -> int:
    """Serve messages until stdin ends; return the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent stops this process by closing stdin
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    forbid_core_dumps()
    with _pipes() as (asked, answers):
        try:
            _serve(Path(sys.argv[1]), asked, answers)
        except SamenzichtError as error:
            tell("vault-process-ended", code=error.code)
            return error.exit_code
        except Exception as error:  # noqa: BLE001 - the last stop before a traceback, which could show values
            tell("vault-process-ended", code=type(error).__name__)
            return 3
    return 0


def _serve(path: Path, asked: BinaryIO, answers: BinaryIO) -> None:
    while (body := read_body(asked)) is not None:
        if _hold(path, body, asked, answers):
            write_body(answers, READY)  # the vault is free


def _hold(path: Path, body: bytes | None, asked: BinaryIO, answers: BinaryIO) -> bool:
    """Answer with the vault open until told to let go of it; tell whether it was that, and not the end of stdin."""
    node = load_node(load_config(path), today=_today())
    with node.writing(most_s=0) as vault:  # a person goes first; the message comes again
        gate = take_part(node, vault, today=_today)
        while body is not None and body != LEAVE:
            write_body(answers, READY if body == OPEN else _answer(gate, body.removeprefix(ASK)))
            body = read_body(asked)
    return body is not None


def _answer(gate: Gate, body: bytes) -> bytes:
    """Return what the parent sends: the frames, or one constant whatever the reason was."""
    try:
        return ANSWERED + pack(gate.receive(body, int(time.time())))
    except SamenzichtError as error:
        tell("not-answered", code=error.code)
        return NOT_ANSWERED


@contextmanager
def _pipes() -> Iterator[tuple[BinaryIO, BinaryIO]]:
    """Give stdin and stdout as they were, and let whatever a library prints go to the log."""
    answers = os.dup(1)
    os.dup2(2, 1)
    with os.fdopen(answers, "wb") as out:
        yield sys.stdin.buffer, out


def _today() -> date:
    return datetime.now(UTC).astimezone().date()


if __name__ == "__main__":
    sys.exit(main())
