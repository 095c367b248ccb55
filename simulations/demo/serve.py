"""Touches the world: the demo's releases as the gemeente's own command serves them to this machine, until Ctrl-C."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.error import URLError
from urllib.request import urlopen

from coordinator.flower.superlink import LOOPBACK, free_port
from simulations.demo.place import Place
from simulations.demo.plan import english_toml
from simulations.demo.processes import Processes, Service

PORT = 8430
LOOK_S = 1.0
ANSWER_S = 10.0


@dataclass(frozen=True, slots=True)
class Served:
    """A monitor that answers at an address."""

    address: str
    service: Service

    def hold(self) -> None:
        """Wait for as long as it is served.

        Raises: ProcessFailed, when it ends.
        """
        while True:
            self.service.check()
            time.sleep(LOOK_S)


@contextmanager
def served(place: Place, port: int = PORT) -> Iterator[Served]:
    """Give the monitor of a demo's office, once it answers; it ends with the block. port: 0 takes a free one.

    Raises: ProcessFailed, also when the port is taken.
    """
    chosen = port or free_port()
    processes = Processes(place.root / "logs")
    try:
        context = place.papers / "context.toml"
        context.write_text(english_toml(), encoding="utf-8")
        where = ("--dir", str(place.office), "--host", LOOPBACK, "--port", str(chosen), "--context", str(context))
        service = processes.service("monitor", "samenzicht-coordinator", "serve", *where, folder=place.papers)
        address = f"http://{LOOPBACK}:{chosen}"
        processes.wait(lambda: _answers(address), what="a monitor that answers")
        yield Served(address, service)
    finally:
        processes.stop()


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=ANSWER_S) as answer:  # noqa: S310 - an address of our own making
            return bool(answer.status == 200)  # noqa: PLR2004 - HTTP's word for well
    except (URLError, ConnectionError, TimeoutError):
        return False
