"""What every test gets: Debian packages named when they are missing, and seeded Hypothesis profiles."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# One program per Debian package tells whether it is there.
PROGRAM_OF = {
    "chromium": "chromium",
    "golang-go": "go",
    "nginx": "nginx",
    "postgresql": "pg_lsclusters",
    "sslscan": "sslscan",
    "strace": "strace",
    "systemd": "systemd-analyze",
}
FILE_OF = {"golang-golang-x-mod-dev": Path("/usr/share/gocode/src/golang.org/x/mod/sumdb/note/note.go")}

# No deadline: a shared machine is slow at times, and time is not what these tests measure.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("house")


def is_installed(package: str) -> bool:
    """Tell whether a Debian package that some test needs is on this machine."""
    if package in FILE_OF:
        return FILE_OF[package].exists()
    return shutil.which(PROGRAM_OF[package]) is not None


def pytest_configure() -> None:
    """Let Ctrl-C work in what tests start: a run in the background ignores it, and its children would too."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let campaigns take the time they take; every other test has the limit of pyproject.toml."""
    for item in items:
        if item.get_closest_marker("nightly"):
            item.add_marker(pytest.mark.timeout(0))


@pytest.fixture(autouse=True)
def _signals_as_they_were() -> Iterator[None]:
    """Put back what SIGTERM and Ctrl-C do: a command that serves sets them for a process that is its own."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose Debian package is absent, by name; on CI that is a failure."""
    for mark in item.iter_markers("needs"):
        missing = [package for package in mark.args if not is_installed(package)]
        if not missing:
            continue
        reason = f"needs Debian package {', '.join(missing)}"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason}; on CI it must be there", pytrace=False)
        pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name every test that was left out and why, so that green never hides it."""
    skipped = terminalreporter.stats.get("skipped", [])
    if not skipped:
        return
    terminalreporter.section("left out, by name")
    for report in skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        terminalreporter.line(f"{report.nodeid}: {reason.removeprefix('Skipped: ')}")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real published data; a test that needs it is skipped where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder shared/data with published CBS files is absent")
    return folder
