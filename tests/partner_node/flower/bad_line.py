"""A line between a node and its SuperLink that does what lines do: cuts, waits, turns bits, goes silent, creeps."""

import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import Random

LOOPBACK = "127.0.0.1"
CHUNK = 1_024
LOOK_S = 0.05


@dataclass
class Line:
    """How the line is now; a test changes it while it runs. Bytes are counted both ways, for each connection.

    cut_at: cut after so many bytes; flip_at: turn a bit of that byte, from the SuperLink; half_open: take connections
    and carry nothing; down: refuse them and cut those there are; delay_s: of each chunk, and as much again by chance;
    bytes_s: at most so many a second; break_chance: of each connection to be cut within its first 20 kB.
    """

    target: int
    port: int = 0
    cut_at: int | None = None
    flip_at: int | None = None
    half_open: bool = False
    down: bool = False
    delay_s: float = 0.0
    bytes_s: float | None = None
    break_chance: float = 0.0
    chance: Random = field(default_factory=lambda: Random(9))
    carried: int = 0
    cuts: int = 0

    def carry(self, near: socket.socket) -> None:
        """Carry one connection to its end."""
        with near, socket.create_connection((LOOPBACK, self.target)) as far, suppress(OSError):
            breaks = self.chance.randrange(20_000) if self.chance.random() < self.break_chance else None
            total = answered = 0
            while not self.down:
                ready, _, _ = select.select([near, far], [], [], LOOK_S)
                for end in ready:
                    if self.half_open:
                        time.sleep(LOOK_S)
                        continue
                    chunk = self._spoiled(end.recv(CHUNK), answered if end is far else None)
                    if not chunk:
                        return
                    left = [limit - total for limit in (self.cut_at, breaks) if limit is not None]
                    (near if end is far else far).sendall(chunk[: max(0, min([len(chunk), *left]))])
                    total += len(chunk)
                    answered += len(chunk) * (end is far)
                    self.carried += len(chunk)
                    if left and min(left) <= len(chunk):
                        self.cuts += 1
                        return
            self.cuts += 1

    def _spoiled(self, chunk: bytes, answered: int | None) -> bytes:
        if self.delay_s:
            time.sleep(self.delay_s * (1 + self.chance.random()))
        if self.bytes_s:
            time.sleep(len(chunk) / self.bytes_s)
        if self.flip_at is not None and answered is not None and answered <= self.flip_at < answered + len(chunk):
            turned = bytearray(chunk)
            turned[self.flip_at - answered] ^= 1 << self.chance.randrange(8)
            return bytes(turned)
        return chunk


@contextmanager
def bad_line(target: int) -> Iterator[Line]:
    """Give a line to a port of loopback; it listens on a port of its own."""
    line = Line(target)
    server = socket.create_server((LOOPBACK, 0))
    server.settimeout(LOOK_S)
    line.port = server.getsockname()[1]
    stop = threading.Event()

    def listen() -> None:
        while not stop.is_set():
            with suppress(TimeoutError, OSError):
                near, _ = server.accept()
                if line.down:
                    near.close()
                    continue
                threading.Thread(target=_carried, args=(line, near), daemon=True).start()

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        yield line
    finally:
        line.down = True
        stop.set()
        thread.join()
        server.close()


def _carried(line: Line, near: socket.socket) -> None:
    with suppress(OSError):  # the other side is not there
        line.carry(near)
