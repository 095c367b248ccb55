"""Many readers, and some who mean ill: slow ones, silent ones, one who never stops; by night, each in its own process.

Times are wall times on whatever machine this is: they are compared with those of the same machine in the same minute.
"""

import asyncio
import multiprocessing
import os
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
import pytest

from simulations.benchmarks.monitor_readers import Reading, peak_mb, read, served
from tests.deploy.edge import HOST, self_signed, wait_for
from tests.house import ROOT

CONFIG = ROOT / "deploy" / "nginx" / "monitor.conf"
USERS, RAMP_S, SLOW_S = 100, 300.0, 1.0
LOOK_S = 3.0  # that a reader looks at a page: few are as fast
READERS, WATCHED_S = 20, 20.0
IDLE, LORIS, FLOOD = 10_000, 500, 20
PAUSE_S = 0.1  # of each of those: 200 requests a second, ten times what is let through; more is this machine's own cost
ELSEWHERE = "127.0.0.2"  # another reader's address
NOT_SEEN_S = 0.05  # nobody sees a page that takes less: twice of less is no harm


@contextmanager
def edge(folder: Path, behind: int, *, text: str) -> Iterator[int]:
    """Run nginx with a configuration before the monitor, paths and ports moved."""
    self_signed(folder, "server")
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])
    moved = (
        ("listen 8444 ssl;", f"listen {HOST}:{port} ssl;"),
        ("server 127.0.0.1:8430;", f"server 127.0.0.1:{behind};"),
        *((place, str(folder)) for place in _PLACES),
    )
    for old, new in moved:
        assert old in text
        text = text.replace(old, new)
    (folder / "nginx.conf").write_text(text)
    more = "daemon off;" + (" user root;" if os.geteuid() == 0 else "")
    command = ["nginx", "-c", str(folder / "nginx.conf"), "-g", more]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, cwd=folder)
    try:
        wait_for(port, process)
        yield port
    finally:
        process.terminate()
        process.communicate(timeout=30)


_PLACES = ("/etc/samenzicht/monitor", "/run/samenzicht-monitor", "/var/log/samenzicht-monitor")


def attack(kind: str, port: int, ready: Connection) -> None:
    """Do harm until the process is ended. kind: idle, loris or flood."""
    if kind == "flood":
        asyncio.run(_flood(port, ready))
    held = [_line() for _ in range(IDLE if kind == "idle" else LORIS)]
    for line in held:
        line.connect((HOST, port))
    ready.send(len(held))
    while True:
        time.sleep(1.0)
        for at, line in enumerate(held):
            held[at] = _again(line, port, b"" if kind == "idle" else b"G")


def _line() -> socket.socket:
    line = socket.socket()
    line.bind((ELSEWHERE, 0))
    return line


def _again(line: socket.socket, port: int, sent: bytes) -> socket.socket:
    """Send a little; a line that was cut is opened again."""
    try:
        line.settimeout(0.0)
        if sent:
            line.send(sent)
        elif line.recv(1) == b"":
            raise ConnectionResetError
    except BlockingIOError:
        return line
    except OSError:
        line.close()
        line = _line()
        line.connect((HOST, port))
    return line


async def _flood(port: int, ready: Connection) -> None:
    transport = httpx.AsyncHTTPTransport(local_address=ELSEWHERE, verify=ssl._create_unverified_context())  # noqa: S323, SLF001 - the server vouches for itself
    async with httpx.AsyncClient(transport=transport, base_url=f"https://{HOST}:{port}", timeout=60) as client:
        ready.send(FLOOD)
        fresh = count()

        async def ask() -> None:
            while True:
                await client.get(f"/?zoek={next(fresh)}")  # the dearest: no page of it is kept
                await asyncio.sleep(PAUSE_S)

        await asyncio.gather(*(ask() for _ in range(FLOOD)))


@contextmanager
def attacked(kind: str, port: int) -> Iterator[None]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=attack, args=(kind, port, theirs), daemon=True)
    process.start()
    try:
        assert ours.poll(60)
        assert ours.recv() > 0
        yield
    finally:
        process.kill()
        process.join()


def readers(port: int, pages: tuple[str, ...]) -> Reading:
    address = f"https://{HOST}:{port}"
    got = asyncio.run(
        read(address, pages, readers=READERS, ramp_s=1.0, last_s=WATCHED_S, own_certificate=True),
    )
    assert len(got.took_s) >= READERS
    return got


@pytest.mark.nightly
@pytest.mark.needs("nginx")
@pytest.mark.parametrize("kind", ["idle", "loris", "flood"])
def test_readers_hardly_notice_who_means_ill(tmp_path: Path, kind: str) -> None:
    """P06: 10,000 silent lines, 500 that send a letter a second, 20 that ask without end from one address."""
    with served() as monitor, edge(tmp_path, int(monitor.address.rpartition(":")[2]), text=CONFIG.read_text()) as port:
        readers(port, monitor.pages)  # pages are drawn once
        before = readers(port, monitor.pages)
        with attacked(kind, port):
            during = readers(port, monitor.pages)
    assert before.wrong == during.wrong == 0
    assert during.p95_s < 2 * max(before.p95_s, NOT_SEEN_S), (before.p95_s, during.p95_s)


@pytest.mark.nightly
@pytest.mark.needs("nginx")
def test_without_the_bounds_a_flood_is_noticed(tmp_path: Path) -> None:
    """Control of P06: the same flood and the same measure, with an edge that lets it through."""
    text = "".join(line for line in CONFIG.read_text().splitlines(keepends=True) if "limit_req zone" not in line)
    with served() as monitor, edge(tmp_path, int(monitor.address.rpartition(":")[2]), text=text) as port:
        readers(port, monitor.pages)
        before = readers(port, monitor.pages)
        with attacked("flood", port):
            during = readers(port, monitor.pages)
    assert during.p95_s > 2 * max(before.p95_s, NOT_SEEN_S), (before.p95_s, during.p95_s)


@pytest.mark.nightly
def test_a_hundred_readers_who_come_over_five_minutes_are_answered() -> None:
    """P02: p95 below 1 s and fewer than 1 in 1,000 answers that are none."""
    with served() as monitor:
        got = asyncio.run(
            read(monitor.address, monitor.pages, readers=USERS, ramp_s=RAMP_S, last_s=RAMP_S + 10, think_s=LOOK_S),
        )
        memory = peak_mb(monitor.process)
    assert len(got.took_s) > 4_000
    assert got.p95_s < SLOW_S, got.p95_s
    assert got.wrong < len(got.took_s) / 1_000
    assert memory < 300
