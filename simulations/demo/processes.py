"""Touches the world: the commands of the demo as processes of their own, each with a log; none outlives the demo."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from coordinator.flower.child import ended_with_parent
from protocol.errors import Fault

STOP_S, READY_S, LOOK_S = 60.0, 120.0, 0.2
LAST_LINES = 12


class ProcessFailed(Fault):
    """A command or service of the demo that ended otherwise than it should; the hint is the end of its log."""


@dataclass
class Service:
    """A process that runs until it is told to stop."""

    name: str
    command: tuple[str, ...]
    folder: Path
    log: Path
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it, in a group of its own that the kernel ends with the demo."""
        with self.log.open("ab") as log:
            self.process = _started(self.command, self.folder, stdout=log, stderr=subprocess.STDOUT)

    def check(self) -> None:
        """Raise when it has ended.

        Raises: ProcessFailed.
        """
        if self.process is not None and self.process.poll() is not None:
            raise _failed(self.name, self.process.returncode, self.log)

    def stop(self) -> None:
        """Ask it to stop, and end it when it does not."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None


@dataclass
class Processes:
    """Everything that the demo starts. logs: folder with a log for each."""

    logs: Path
    services: list[Service] = field(default_factory=list)

    def service(self, name: str, *command: str, folder: Path) -> Service:
        """Start a service."""
        made = Service(name, _program(command), folder, self.logs / f"{name}.log")
        self.services.append(made)
        made.start()
        return made

    def run(self, name: str, *command: str, folder: Path) -> str:
        """Run a command to its end and return what it said on stdout. name: of the process, for its log.

        Raises: ProcessFailed.
        """
        return self.begin(name, *command, folder=folder)()

    def begin(self, name: str, *command: str, folder: Path) -> Callable[[], str]:
        """Start a command; what is returned waits for its end, as `run` does."""
        log_path = self.logs / f"{name}.log"
        with log_path.open("ab") as log:
            log.write(f"$ {' '.join(command)}\n".encode())
            log.flush()
            process = _started(_program(command), folder, stdout=subprocess.PIPE, stderr=log)

        def end() -> str:
            stdout, _ = process.communicate()
            with log_path.open("ab") as log:
                log.write(stdout)
            if process.returncode:
                raise _failed(name, process.returncode, log_path)
            return stdout.decode()

        return end

    def wait(self, done: Callable[[], bool], *, what: str) -> None:
        """Wait until something is so, while all services run.

        Raises: ProcessFailed.
        """
        until = time.monotonic() + READY_S
        while not done():
            for service in self.services:
                service.check()
            if time.monotonic() > until:
                raise ProcessFailed(
                    got=f"{what}: not within {READY_S:.0f} s",
                    wanted="a machine that is not overloaded",
                    act="try again",
                )
            time.sleep(LOOK_S)

    def stop(self) -> None:
        """Stop every service, the last one first."""
        for service in self.services:
            if service.process is not None:
                service.process.terminate()
        for service in reversed(self.services):
            service.stop()


def _program(command: tuple[str, ...]) -> tuple[str, ...]:
    """Return the command with the program of this environment."""
    return str(Path(sys.executable).with_name(command[0])), *command[1:]


def _started(
    command: tuple[str, ...], folder: Path, *, stdout: int | object, stderr: int | object
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(  # noqa: S603 - our own programs and arguments, no shell
        ended_with_parent(*command, how=signal.SIGTERM),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=stdout,  # type: ignore[arg-type]  # a file or PIPE
        stderr=stderr,  # type: ignore[arg-type]  # idem
        env={**os.environ, "SAMENZICHT_LANG": "nl", "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    )


def _failed(name: str, code: int, log: Path) -> ProcessFailed:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
    return ProcessFailed(
        got=f"process {name}, which ended with {code}",
        wanted="one that does its work",
        act=f"look at {log}",
        hint="\n  " + "\n  ".join(lines),
    )
