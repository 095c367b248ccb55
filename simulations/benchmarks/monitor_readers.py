"""A benchmark of the monitor as it is served: a hundred readers at once, each looking at one page after another."""

import asyncio
import multiprocessing
import time
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

READERS, PAGES = 100, 10
THINK_S = 1.0  # between two pages of one reader: faster than anybody reads
LOOPBACK = "127.0.0.1"


def monitor_readers() -> tuple[Result, ...]:
    """Measure the time that 95 of 100 answers keep within, what an answer costs, those that are none, and memory."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    try:
        address, pages = ours.recv()
        before = _cpu_ms(server.pid or 0)
        took, wrong = asyncio.run(_read(address, pages))
        cpu_ms = (_cpu_ms(server.pid or 0) - before) / len(took)
        memory = _peak_mb(server.pid or 0)
    finally:
        server.terminate()
        server.join()
    return (
        _row("monitor_readers_p95", quantiles(took, n=20)[-1] * 1e3, "ms", "<= 300"),
        _row("monitor_readers_cpu", cpu_ms, "ms CPU an answer", "<= 10"),
        _row("monitor_readers_errors", wrong, "answers", "<= 0"),
        _row("monitor_readers_memory", memory, "MB", "<= 300"),
    )


def _serve(pipe: Connection) -> None:
    made = gemeente()
    areas = [area.code for level in (Level.WIJK, Level.BUURT) for area in made.at(level)]
    pages = ["/", "/overzicht", "/wijken", *(f"/wijken?gebied={code}" for code in areas)]
    pages += [f"/gebied/{code}" for code in areas]
    with listen(LOOPBACK, 0) as listener:
        pipe.send((f"http://{LOOPBACK}:{listener.getsockname()[1]}", pages))
        serve(Site(lambda: made, lambda: made.log_size), listener)


async def _read(address: str, pages: list[str]) -> tuple[list[float], int]:
    took: list[float] = []
    wrong = 0

    async def reader(number: int, client: httpx.AsyncClient) -> None:
        nonlocal wrong
        await asyncio.sleep(THINK_S * number / READERS)
        for step in range(PAGES):
            started = time.perf_counter()
            answer = await client.get(pages[(number * PAGES + step) % len(pages)])
            took.append(time.perf_counter() - started)
            wrong += answer.status_code != httpx.codes.OK
            await asyncio.sleep(THINK_S)

    limits = httpx.Limits(max_connections=READERS)
    async with httpx.AsyncClient(base_url=address, limits=limits, timeout=60) as client:
        await asyncio.gather(*(reader(number, client) for number in range(READERS)))
    return took, wrong


def _cpu_ms(process: int) -> float:
    user, system = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) * 1e3 / sysconf("SC_CLK_TCK")


def _peak_mb(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _row(name: str, ours: float, unit: str, limit: str) -> Result:
    return less_is_better(name, ours=ours, peer=None, peer_name="-", unit=unit, limit=limit)
