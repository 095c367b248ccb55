"""Runs a command where there is no network but loopback, and writes down every host name that is asked of the resolver.

python -m tests.simulations.sealed ASKED COMMAND...    inside `unshare --net --mount`: `sealed` starts both

The resolver is the machine's own, so that libraries in other languages are heard too: /etc/resolv.conf names 127.0.0.1,
where we listen and answer that there is no such host.
"""

import fcntl
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from tests.house import ROOT

DNS_PORT = 53
SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 0x1, 0x40
QUERY_NAME_AT = 12  # RFC 1035, 4.1.1: the header of a message
NO_SUCH_HOST = 0x8183  # an answer, recursion wanted and had, NXDOMAIN


def sealed(command: Sequence[str], asked: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command without a network; the names that it asked for are in `asked`, one a line."""
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    inside = [sys.executable, "-m", "tests.simulations.sealed", str(asked), *command]
    return subprocess.run(
        ["unshare", "--net", "--mount", *as_root, *inside], cwd=ROOT, capture_output=True, text=True, check=False
    )


def name_in(query: bytes) -> str:
    """Return the name that a question asks for: labels, each after its length."""
    labels, at = [], QUERY_NAME_AT
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii", "replace"))
        at += 1 + query[at]
    return ".".join(labels)


def _loopback_up() -> None:
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP | IFF_RUNNING))


def _listen(resolver: socket.socket, asked: Path) -> None:
    while True:
        query, who = resolver.recvfrom(4_096)
        with asked.open("a") as file:
            file.write(f"{name_in(query)}\n")
        resolver.sendto(query[:2] + struct.pack(">H", NO_SUCH_HOST) + query[4:6] + bytes(6) + query[12:], who)


def main(asked: Path, command: Sequence[str]) -> int:
    """Run the command behind our resolver; return its exit code."""
    _loopback_up()
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as conf, socket.socket(type=socket.SOCK_DGRAM) as resolver:
        conf.write("nameserver 127.0.0.1\n")
        conf.flush()
        subprocess.run(["mount", "--bind", conf.name, "/etc/resolv.conf"], check=True)
        resolver.bind(("127.0.0.1", DNS_PORT))
        threading.Thread(target=_listen, args=(resolver, asked), daemon=True).start()
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
