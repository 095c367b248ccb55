"""The demo: its calendar and folder, what a failing process says, that nothing goes on after it, and all of it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from protocol.words.period import last_day
from simulations.demo.place import Place
from simulations.demo.plan import PARTNERS, QUARTERS, Calendar
from simulations.demo.processes import Processes, ProcessFailed
from simulations.demo.serve import served
from simulations.folder import README, FolderNotEmpty
from simulations.words import ORIGIN
from tests.flower.processes import wait_for
from tests.house import ROOT
from tests.simulations.sealed import sealed


def running(mark: str) -> list[int]:
    """Return the processes that have this text in their command or folder, apart from this one."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            where = (place / "cmdline").read_bytes().decode(errors="replace") + str((place / "cwd").readlink())
        except OSError:
            continue  # it ended just now
        if mark in where and int(place.name) != os.getpid():
            found.append(int(place.name))
    return found


def wait_until(what: str, done: "subprocess.Popen[str]", path: Path) -> None:
    for _ in range(600):
        if path.exists():
            return
        assert done.poll() is None, done.communicate()
        time.sleep(0.2)
    raise AssertionError(what)


@pytest.mark.parametrize(
    ("today", "periods"),
    [
        (date(2026, 11, 22), ("2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3")),
        (date(2026, 12, 31), ("2025-Q4", "2026-Q1", "2026-Q2", "2026-Q3")),
        (date(2027, 1, 1), ("2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4")),
        (date(2027, 4, 1), ("2026-Q2", "2026-Q3", "2026-Q4", "2027-Q1")),
    ],
)
def test_the_rounds_are_about_the_last_four_whole_quarters(today: date, periods: tuple[str, ...]) -> None:
    assert Calendar(today).periods == periods


def test_every_day_of_two_years_has_rounds_that_are_open_and_a_covenant_that_is_in_force() -> None:
    for step in range(730):
        calendar = Calendar(date(2026, 1, 1) + timedelta(days=step))
        assert len(set(calendar.periods)) == QUARTERS
        assert max(last_day(period) for period in calendar.periods) < calendar.today
        first, last = calendar.valid
        assert first <= calendar.opens <= calendar.today <= calendar.due <= last


def test_a_folder_with_other_things_is_refused_and_that_of_an_earlier_demo_is_replaced(tmp_path: Path) -> None:
    place = Place(tmp_path / "out")
    place.make()
    (place.root / "old").write_text("x")
    place.make()
    assert not (place.root / "old").exists()
    assert (place.root / README).read_text().startswith(ORIGIN)
    other = Place(tmp_path / "other")
    other.root.mkdir()
    (other.root / "thesis.txt").write_text("years of work")
    with pytest.raises(FolderNotEmpty):
        other.make()
    assert (other.root / "thesis.txt").read_text() == "years of work"


def test_a_process_that_fails_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    processes = Processes(tmp_path)
    with pytest.raises(ProcessFailed) as caught:
        processes.run("gemeente", "samenzicht-coordinator", "status", folder=tmp_path)
    assert "process gemeente, which ended with 1" in caught.value.got
    assert "not-an-office" in caught.value.hint
    assert "$ samenzicht-coordinator status" in caught.value.hint
    service = processes.service("node-x", "samenzicht-node", "run", folder=tmp_path)
    with pytest.raises(ProcessFailed, match="process node-x"):
        processes.wait(lambda: False, what="nothing")
    processes.stop()
    assert service.process is None
    assert processes.run("fg", "samenzicht-audit", "--help", folder=tmp_path)  # control: one that ends well


def test_ctrl_c_leaves_no_process_behind(tmp_path: Path) -> None:
    """Interrupted while parties make their keys, as one of them starts; exit code 130."""
    out = tmp_path / "demo"
    command = [sys.executable, "-m", "simulations.demo", "--no-serve", "--out", str(out)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as done:
        try:
            wait_until("a first process", done, out / "logs" / f"{PARTNERS[0]}.log")
            assert len(running(str(out))) > 1, "control: it and what it started are seen while they run"
            done.send_signal(signal.SIGINT)
            _, story = done.communicate(timeout=120)
        finally:
            done.kill()
    assert done.returncode == 130
    assert "er draait niets meer" in story
    wait_for(lambda: running(str(out)) == [], most_s=5)  # the kernel ends what a start had just begun


def test_a_demo_whose_port_is_taken_says_so_and_leaves_nothing_behind(tmp_path: Path) -> None:
    place = Place(tmp_path / "out")
    place.make()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
        with pytest.raises(ProcessFailed) as caught, served(place, port):
            raise AssertionError("nothing is served")
    assert "process monitor" in caught.value.got
    assert "port-taken" in caught.value.hint
    assert running(str(place.root)) == []


@pytest.mark.nightly
def test_the_whole_demo_ends_in_a_bundle_that_holds_and_looks_up_no_host(tmp_path: Path) -> None:
    """N04: on a machine without a network, whose resolver writes down what it is asked, by a library too."""
    out, asked = tmp_path / "demo", tmp_path / "asked"
    done = sealed([sys.executable, "-m", "simulations.demo", "--no-serve", "--json", "--out", str(out)], asked)
    assert done.returncode == 0, done.stderr
    assert not asked.exists(), asked.read_text()
    tree = json.loads(done.stdout)
    assert (len(tree["periods"]), tree["verdict"], tree["origin"]) == (QUARTERS, "de bundel klopt", ORIGIN)
    figures = json.loads((out / "figures" / "figures.json").read_text())["figures"]
    assert {each["period"] for each in figures if each["value"] is not None} == set(tree["periods"])
    assert running(str(out)) == []


def test_a_host_that_is_looked_up_would_be_seen_and_not_reached(tmp_path: Path) -> None:
    """Negative control of the above."""
    asked = tmp_path / "asked"
    outside = "import socket; socket.create_connection(('telemetry.example', 443))"
    done = sealed([sys.executable, "-c", outside], asked)
    assert done.returncode == 1
    assert "gaierror" in done.stderr
    assert "telemetry.example" in asked.read_text().split()
