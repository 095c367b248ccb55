"""kill -9 between any two durable steps of first light, and the same command again: the same bytes."""

import signal
import subprocess
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.house import ROOT

PR_POINTS = 6


def run(folder: Path, at: int) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "tests.simulations.first_light.killed_run", str(folder), str(at)]
    return subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)


def published(folder: Path) -> dict[str, str]:
    """Return the digest of every file that leaves: the bundle and the page."""
    files = [*(folder / "bundle").rglob("*"), folder / "table.html"]
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files if path.is_file()
    }


@cache
def whole() -> tuple[int, dict[str, str]]:
    """Return how many moments a run has that nothing kills, and what it publishes."""
    with TemporaryDirectory() as folder:
        done = run(Path(folder), 0)
        assert done.returncode == 0, done.stderr
        return int(done.stdout), published(Path(folder))


def check(folder: Path, at: int) -> None:
    killed = run(folder, at)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    again = run(folder, 0)
    assert again.returncode == 0, again.stderr
    assert published(folder) == whole()[1]


def test_killed_at_some_steps_the_same_command_ends_in_the_same_bytes(tmp_path: Path) -> None:
    """The first, the last and some between; all of them nightly."""
    moments, files = whole()
    assert moments > 100
    assert len(files) >= 14
    for number in range(PR_POINTS):
        check(tmp_path / str(number), 1 + number * (moments - 1) // (PR_POINTS - 1))


@pytest.mark.nightly
def test_killed_at_any_step_the_same_command_ends_in_the_same_bytes(tmp_path: Path) -> None:
    for at in range(1, whole()[0] + 1):
        check(tmp_path / str(at), at)
