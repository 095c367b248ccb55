"""Benchmarks of the monitor: what a reader's page weighs, how often it asks, and how long the server draws it."""

import asyncio
import re

import httpx

from coordinator.web.app import make_app
from coordinator.web.monitor import Monitor
from coordinator.web.site import Site
from simulations.benchmarks.monitor_world import country, gemeente
from simulations.benchmarks.result import Result, cpu_ms, less_is_better

PAGE = "/wijken?niveau=buurt"
SEVERAL = 20  # pages asked for in one measurement of what takes less than a millisecond


def monitor_page() -> tuple[Result, ...]:
    """Measure the page of Wijken with 79 areas: bytes, requests, script, and the server's time cold and warm."""
    made = gemeente()
    reader = _Reader(made)
    page = reader.get(PAGE)
    links = re.findall(r'(?:href|src)="(/static/[^"]+|/favicon[^"]*)"', page.text)
    parts = {link: reader.bytes_of(link) for link in links}
    script = sum(size for link, size in parts.items() if link.endswith(".js"))
    cold, _ = cpu_ms(lambda: _Reader(made).get(PAGE))
    apart, _ = cpu_ms(lambda: _Reader(made))
    warm, _ = cpu_ms(lambda: [reader.get(PAGE) for _ in range(SEVERAL)])
    return (
        _row("monitor_page_bytes", reader.bytes_of(PAGE) + sum(parts.values()), "bytes", "<= 50000"),
        _row("monitor_page_requests", 1 + len(parts), "requests", "<= 5"),
        _row("monitor_script_bytes", script, "bytes", "<= 5000"),
        _row("monitor_page_cold", cold - apart, "ms CPU", "<= 50"),
        _row("monitor_page_warm", warm / SEVERAL, "ms CPU", "<= 5"),
    )


def monitor_country() -> tuple[Result, ...]:
    """Measure the page of Wijken with 3,401 areas."""
    made = country()
    reader = _Reader(made)
    cold, _ = cpu_ms(lambda: _Reader(made).get("/wijken"))
    return (
        _row("monitor_country_bytes", reader.bytes_of("/wijken"), "bytes", "<= 200000"),
        _row("monitor_country_cold", cold, "ms CPU", "<= 800"),
    )


class _Reader:
    """Asks the application in this process, as a browser that takes compressed pages."""

    def __init__(self, made: Monitor) -> None:
        self._app = make_app(Site(lambda: made, lambda: made.log_size), watch=False)

    def get(self, address: str) -> httpx.Response:
        """Return an answer."""

        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self._app), base_url="http://monitor") as client:
                return await client.get(address)

        return asyncio.run(ask())

    def bytes_of(self, address: str) -> int:
        """Return how many bytes of an answer's body go over the line."""
        return int(self.get(address).num_bytes_downloaded)


def _row(name: str, ours: float, unit: str, limit: str) -> Result:
    return less_is_better(name, ours=ours, peer=None, peer_name="-", unit=unit, limit=limit)
