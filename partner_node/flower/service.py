"""Touches the world: the node as a service: it fetches messages, lets the vault's process answer, brings the answers.

It opens no port, fetches no program, and knows one action. While the line is down it tries again, ever more slowly.
"""

import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Protocol

from flwr.app import Context, Message, RecordDict
from flwr.clientapp import ClientApp

from partner_node.flower.client_app import client_app, no_answer
from partner_node.flower.ends import Ending
from partner_node.flower.errors import LinkLost, Unregistered, VaultProcessEnded
from partner_node.flower.link import Asked
from partner_node.flower.log_lines import tell
from partner_node.whole_file import write_whole
from protocol.errors import SamenzichtError

POLL_S = 0.5
BEAT_S = 10.0  # a third of what Flower asks for: two may get lost
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
GRACE_S = 10.0  # for an answer that is being made when the service is told to stop; most take less
HEALTH = "health.json"
_CONTEXT = Context(run_id=0, node_id=0, node_config={}, state=RecordDict(), run_config={})  # nothing of it is used


class Link(Protocol):
    """What a service needs of its link (`link.FleetLink`)."""

    def log_in(self) -> None:
        """Tell the SuperLink that this node is there."""

    def log_out(self) -> None:
        """Tell it that the node goes."""

    def beat(self) -> None:
        """Say that it is still there."""

    def fetch(self, *, wait: "Wait") -> Asked | None:
        """Return the next message."""

    def bring(self, reply: Message) -> bool:
        """Bring an answer; tell whether it was wanted."""

    def close(self) -> None:
        """Let go of the line."""


class Wait(Protocol):
    """What is done while something is not there yet."""

    def __call__(self) -> None:
        """Wait a little."""


class Answers(Protocol):
    """Who answers messages (`vault_child.VaultChild`)."""

    def start(self, *, meanwhile: Wait) -> None:
        """Be ready for a message."""

    def ask(self, body: bytes, *, meanwhile: Wait) -> tuple[bytes, ...] | None:
        """Return the answers to a message, or None."""

    def rest(self) -> None:
        """Let go of what is not needed now."""

    def end(self) -> None:
        """Let go of everything."""


@dataclass(slots=True, repr=False)
class Service:
    """One node on its link. health: file that says how it is. stop: set from outside to end it.

    ending: the certificate of the line that ends first, for the log and the health file.
    renewed: called when the line was lost; gives another one, with its ending, when key or certificates are new.
    """

    link: Link
    answers: Answers
    health: Path
    stop: threading.Event = field(default_factory=threading.Event)
    ending: Ending | None = None
    today: Callable[[], date] = lambda: datetime.now(UTC).astimezone().date()
    renewed: Callable[[], tuple[Link, Ending | None] | None] = lambda: None
    _warned: int | None = None
    _known: bool = False
    _beaten_s: float = 0.0
    _state: str = ""
    _said_s: float = 0.0
    _told_s: float = 0.0
    _app: ClientApp = field(init=False)

    def __post_init__(self) -> None:
        self._app = client_app(self._ask)

    def run(self) -> None:
        """Serve until `stop` is set."""
        wait_s = FIRST_WAIT_S
        self._say("starting")
        try:
            self._start()
            while not self.stop.is_set():
                try:
                    self._turn()
                except (LinkLost, Unregistered) as error:
                    if self._known and isinstance(error, Unregistered):
                        wait_s = FIRST_WAIT_S  # it is there again, and forgot this node: somebody restarted it
                    self._known = self._known and not isinstance(error, Unregistered)
                    self._say("waiting", code=error.code)
                    self.answers.rest()
                    self._renew()
                    self.stop.wait(wait_s)
                    wait_s = min(2 * wait_s, LONGEST_WAIT_S)
                except Exception as error:  # noqa: BLE001 - what nobody foresaw must not end a service, nor show a value
                    self._say("waiting", code="unforeseen", kind=type(error).__name__)
                    self.stop.wait(wait_s)
                    wait_s = min(2 * wait_s, LONGEST_WAIT_S)
                else:
                    wait_s = FIRST_WAIT_S
        finally:
            self._end()

    def _start(self) -> None:
        try:
            self.answers.start(meanwhile=lambda: None)
        except VaultProcessEnded as error:
            tell("not-ready", code=error.code)  # it may be that a person works with the vault now

    def _renew(self) -> None:
        """Go on with the key and the certificates that the files hold now, when these are others."""
        try:
            found = self.renewed()
        except SamenzichtError as error:
            tell("not-renewed", code=error.code)  # the old line is tried on; the next change is looked at again
            return
        if found is None:
            return
        self.link.close()
        self.answers.end()  # so that its process reads the files again, too
        (self.link, self.ending), self._known, self._warned = found, False, None
        tell("renewed")

    def _turn(self) -> None:
        """Log in if that is due, and answer what is there."""
        if not self._known:
            self.link.log_in()
            self._known, self._beaten_s = True, time.monotonic()
        self._beat()
        asked = self.link.fetch(wait=self._wait)
        self._say("listening")
        if asked is None:
            self.answers.rest()
            self.stop.wait(POLL_S)
            return
        self._answer(asked)

    def _answer(self, asked: Asked) -> None:
        message, why = asked.message, asked.refused
        reply = self._app(message, _CONTEXT) if why is None else no_answer(message, why)
        wanted = self.link.bring(reply)
        code = reply.error.code if reply.has_error() else 0
        tell("answered" if wanted else "answered-too-late", code=code)

    def _ask(self, frame: bytes) -> tuple[bytes, ...] | None:
        try:
            return self.answers.ask(frame, meanwhile=self._beat_if_possible)
        except VaultProcessEnded as error:
            tell("not-answered", code=error.code)
            return None

    def _beat(self) -> None:
        if time.monotonic() - self._beaten_s >= BEAT_S:
            self.link.beat()
            self._beaten_s = time.monotonic()

    def _beat_if_possible(self) -> None:
        if self.stop.is_set():
            self._leave_work()
        # Work on a message goes on while the line is down: what comes of it is stored, and sent when it is asked again.
        try:
            self._beat()
        except (LinkLost, Unregistered):
            self._beaten_s = time.monotonic()

    def _leave_work(self) -> None:
        """Leave the vault's process to what it does, when this one was told to stop: it ends by itself.

        Raises: VaultProcessEnded.
        """
        self._told_s = self._told_s or time.monotonic()
        if time.monotonic() - self._told_s > GRACE_S:
            raise VaultProcessEnded(
                got="a stop in the middle of an answer",
                wanted="the answer",
                act="nobody: what was done is stored, and sent when it is asked again",
            )

    def _wait(self) -> None:
        self.stop.wait(POLL_S)
        self._beat_if_possible()

    def _end(self) -> None:
        self._say("stopping")
        self.answers.end()
        if self._known:
            try:
                self.link.log_out()
            except (LinkLost, Unregistered) as error:
                tell("log-out", code=error.code)
        self._say("stopped")

    def _say(self, state: str, **fields: str) -> None:
        """Tell a new state once, and keep the health file fresh."""
        now_s = time.monotonic()
        if state == self._state and now_s - self._said_s < BEAT_S:
            return
        if state != self._state:
            tell(state, **fields)
        self._state, self._said_s = state, now_s
        left = self._warn()
        tree = {"at_s": int(time.time()), "pid": os.getpid(), "state": state, **fields, **left}
        write_whole(self.health, (json.dumps(tree) + "\n").encode())

    def _warn(self) -> dict[str, int]:
        """Tell once that a certificate passed a limit; return for how many days the line holds."""
        if self.ending is None:
            return {}
        step = self.ending.step(self.today())
        if step is not None and step != self._warned:
            tell("certificate-ends", code=f"{self.ending.name}-{step}-days")
        self._warned = step
        return {"line_days_left": self.ending.days_left(self.today())}
