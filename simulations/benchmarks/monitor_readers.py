"""A benchmark of the monitor as it is served: a hundred readers at once, each looking at one page after another."""

import asyncio
import multiprocessing
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from os import sysconf
from pathlib import Path
from statistics import quantiles

import httpx

from coordinator.web.serve import listen, serve
from coordinator.web.site import Site
from protocol.words.geography import Level
from simulations.benchmarks.monitor_world import gemeente
from simulations.benchmarks.result import Result, less_is_better

READERS, LAST_S = 100, 12.0
THINK_S = 1.0  # between two pages of one reader: faster than anybody reads
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Served:
    """A monitor in a process of its own. pages: addresses to look at. process: its id."""

    address: str
    pages: tuple[str, ...]
    process: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What readers got. took_s: each answer. wrong: answers that were no page."""

    took_s: tuple[float, ...]
    wrong: int

    @property
    def p95_s(self) -> float:
        """The time that 95 of 100 answers keep within."""
        return quantiles(self.took_s, n=20)[-1]


def monitor_readers() -> tuple[Result, ...]:
    """Measure the time that 95 of 100 answers keep within, what an answer costs, those that are none, and memory."""
    with served() as found:
        before = _cpu_ms(found.process)
        got = asyncio.run(read(found.address, found.pages, readers=READERS, ramp_s=THINK_S, last_s=LAST_S))
        cpu_ms = (_cpu_ms(found.process) - before) / len(got.took_s)
        memory = peak_mb(found.process)
    return (
        _row("monitor_readers_p95", got.p95_s * 1e3, "ms", "<= 300"),
        _row("monitor_readers_cpu", cpu_ms, "ms CPU an answer", "<= 10"),
        _row("monitor_readers_errors", got.wrong, "answers", "<= 0"),
        _row("monitor_readers_memory", memory, "MB", "<= 300"),
    )


@contextmanager
def served() -> Iterator[Served]:
    """Serve the monitor of a gemeente of 79 buurten until the block ends."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    try:
        address, pages = ours.recv()
        yield Served(address, tuple(pages), server.pid or 0)
    finally:
        server.terminate()
        server.join()


def _serve(pipe: Connection) -> None:
    made = gemeente()
    areas = [area.code for level in (Level.WIJK, Level.BUURT) for area in made.at(level)]
    pages = ["/", "/overzicht", "/wijken", *(f"/wijken?gebied={code}" for code in areas)]
    pages += [f"/gebied/{code}" for code in areas]
    with listen(LOOPBACK, 0) as listener:
        pipe.send((f"http://{LOOPBACK}:{listener.getsockname()[1]}", pages))
        serve(Site(lambda: made, lambda: made.log_size), listener)


async def read(
    address: str,
    pages: Sequence[str],
    *,
    readers: int,
    ramp_s: float,
    last_s: float,
    think_s: float = THINK_S,
    own_certificate: bool = False,
) -> Reading:
    """Let readers come one after another over ramp_s, each look at one page after another, and all stop after last_s.

    think_s: between two pages of one reader. own_certificate: of a server that vouches for itself.
    """
    took: list[float] = []
    wrong = 0
    started_at = time.perf_counter()

    async def reader(number: int, client: httpx.AsyncClient) -> None:
        nonlocal wrong
        await asyncio.sleep(ramp_s * number / readers)
        step = 0
        while time.perf_counter() - started_at < last_s:
            began = time.perf_counter()
            try:
                answer = await client.get(pages[(number * 10 + step) % len(pages)])
                wrong += answer.status_code != httpx.codes.OK
            except httpx.HTTPError:
                wrong += 1
            took.append(time.perf_counter() - began)
            step += 1
            await asyncio.sleep(think_s)

    limits = httpx.Limits(max_connections=readers)
    async with httpx.AsyncClient(base_url=address, limits=limits, timeout=60, verify=not own_certificate) as client:
        await asyncio.gather(*(reader(number, client) for number in range(readers)))
    return Reading(tuple(took), wrong)


def _cpu_ms(process: int) -> float:
    user, system = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) * 1e3 / sysconf("SC_CLK_TCK")


def peak_mb(process: int) -> float:
    """Return the most memory that a process ever had."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _row(name: str, ours: float, unit: str, limit: str) -> Result:
    return less_is_better(name, ours=ours, peer=None, peer_name="-", unit=unit, limit=limit)
