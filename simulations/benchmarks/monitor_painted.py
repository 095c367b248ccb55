"""Benchmarks of the monitor for eyes: how soon a browser has painted the page, and what the profile as PDF takes."""

import shutil
import threading
from statistics import median

import uvicorn

from coordinator.report import profile_pdf
from coordinator.web.address import read_view
from coordinator.web.app import make_app
from coordinator.web.profile_file import profile_file
from coordinator.web.serve import listen
from coordinator.web.site import Site
from privacy.language import Language
from protocol.words.geography import Level
from simulations.benchmarks.monitor_world import gemeente
from simulations.benchmarks.result import Result, cpu_ms, less_is_better

CHROMIUM = "chromium"  # Debian's
VISITS = 5
PAGE = "/wijken?niveau=buurt"
_PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
_IS_PAINTED = "() => performance.getEntriesByName('first-contentful-paint').length > 0"


def monitor_painted() -> tuple[Result, ...]:
    """Measure from the request to the first painted content of Wijken with 79 areas; nothing without Chromium."""
    program = shutil.which(CHROMIUM)
    if program is None:
        return ()
    made = gemeente()
    with listen("127.0.0.1", 0) as listener:
        app = make_app(Site(lambda: made, lambda: made.log_size), watch=False)
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            took = _visits(program, f"http://127.0.0.1:{listener.getsockname()[1]}{PAGE}")
        finally:
            server.should_exit = True
            thread.join()
    return (_row("monitor_painted", median(took), "ms", "<= 600"),)


def monitor_profile() -> tuple[Result, ...]:
    """Measure the profile of a wijk as PDF/UA-1: time and size."""
    made = gemeente()
    view = read_view(made, "/", "", own_language=Language.DUTCH)
    found = profile_file(view, made.at(Level.WIJK)[0])
    size = len(profile_pdf(found.data, found.drawings))
    took, _ = cpu_ms(lambda: profile_pdf(found.data, found.drawings))
    return (
        _row("monitor_profile", took, "ms CPU", "<= 500"),
        _row("monitor_profile_bytes", size, "bytes", "<= 300000"),
    )


def _visits(program: str, address: str) -> list[float]:
    """Return how long each visit took, each with a browser's memory of its own."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - where Chromium is not, it need not be either

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=["--no-sandbox"])
        took = []
        for _ in range(VISITS):
            context = browser.new_context()
            page = context.new_page()
            page.goto(address)
            page.wait_for_function(_IS_PAINTED)
            took.append(float(page.evaluate(_PAINTED)))
            context.close()
        browser.close()
    return took


def _row(name: str, ours: float, unit: str, limit: str) -> Result:
    return less_is_better(name, ours=ours, peer=None, peer_name="-", unit=unit, limit=limit)
