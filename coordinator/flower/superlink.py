"""Touches the world: the SuperLink as a child process: started, waited for, and ended with whoever started it.

It listens on 127.0.0.1 only: whoever can reach it may start runs there, so what partners reach is an edge in front of
it that lets nothing but the Fleet paths through. Nothing of it calls home: telemetry and update checks are off. It
keeps nothing on disk: a run is only a road, and its database would hold what messages held after they were fetched,
for three times the work of a message. Restarted, it learns the nodes' keys from whoever starts it.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from coordinator.flower.child import ended_with_parent
from coordinator.flower.errors import SuperLinkFailed

LOOPBACK = "127.0.0.1"
START_S = 90.0  # importing flwr alone takes 5 s; ten times that on a busy machine
STOP_S = 10.0
LOOK_S = 0.1
FOLDER_MODE, FILE_MODE = 0o700, 0o600
LOG, SECRET = "superlink.log", "superexec.secret"
IN_MEMORY = ":flwr-in-memory:"  # Flower's word for a SuperLink that keeps nothing on disk
QUIET = {"FLWR_TELEMETRY_ENABLED": "0", "FLWR_DISABLE_UPDATE_CHECK": "1"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a SuperLink stands. folder: all its files, and its FLWR_HOME. The TLS files are PEM."""

    folder: Path
    port: int
    authority: Path
    certificate: Path
    key: Path

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def secret(self) -> bytes:
        """What the coordinator's runner proves itself with."""
        return (self.folder / SECRET).read_bytes().strip()


def quiet_environment(home: Path) -> dict[str, str]:
    """Return an environment in which Flower neither calls home nor goes through a proxy."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return {**kept, **QUIET, "FLWR_HOME": str(home)}


@contextmanager
def running_superlink(place: Place, *, secret: bytes) -> Iterator[subprocess.Popen[bytes]]:
    """Start a SuperLink, give its process once it answers, and stop it. secret: 32 bytes, kept for its restarts.

    Raises: SuperLinkFailed.
    """
    process = start_superlink(place, secret=secret)
    try:
        wait_until_up(process, place)
        yield process
    finally:
        stop_superlink(process)


def start_superlink(place: Place, *, secret: bytes) -> subprocess.Popen[bytes]:
    """Start a SuperLink in a process group of its own, which the kernel kills with this process."""
    place.folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    if not (place.folder / SECRET).exists():
        with os.fdopen(os.open(place.folder / SECRET, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE), "w") as file:
            file.write(secret.hex())
    start = "from flwr.superlink.cli.flower_superlink import flower_superlink; flower_superlink()"
    command = ended_with_parent(sys.executable, "-c", start, *_arguments(place), how=signal.SIGKILL)
    with (place.folder / LOG).open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and arguments, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=place.folder,
            env=_environment(place),
            start_new_session=True,
        )


def wait_until_up(process: subprocess.Popen[bytes], place: Place) -> None:
    """Wait until the port answers.

    Raises: SuperLinkFailed.
    """
    until = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < until:
        with socket.socket() as probe:
            probe.settimeout(LOOK_S)
            if probe.connect_ex((LOOPBACK, place.port)) == 0:
                return
        time.sleep(LOOK_S)
    raise SuperLinkFailed(
        got="a SuperLink that does not answer",
        wanted=f"one on port {place.port}",
        act=f"the operator must look at {LOG} and at who else holds that port",
    )


def stop_superlink(process: subprocess.Popen[bytes]) -> None:
    """Ask it to stop; end what has not stopped in time."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(number)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                continue
    process.wait()


def free_port() -> int:
    """Return a port that nobody holds now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _arguments(place: Place) -> list[str]:
    return [
        *("--host", LOOPBACK, "--port", str(place.port)),
        *("--isolation", "process", "--superexec-auth-secret-file", str(place.folder / SECRET)),
        *("--database", IN_MEMORY),
        *("--ssl-ca-certfile", str(place.authority)),
        *("--ssl-certfile", str(place.certificate), "--ssl-keyfile", str(place.key)),
        "--enable-supernode-auth",
        "--disable-runtime-dependency-installation",
    ]


def _environment(place: Place) -> Mapping[str, str]:
    return quiet_environment(place.folder)
