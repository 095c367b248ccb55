"""A process that ends with its parent, however that ends; and a start that no hook of a fork comes between."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from coordinator.flower.child import ended_with_parent
from tests.flower.processes import wait_for

SLEEP = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)")
PARENT = """
import signal, subprocess, sys, time
from coordinator.flower.child import ended_with_parent
command = sys.argv[2:]
if sys.argv[1] == "ours":
    command = ended_with_parent(*command, how=signal.SIGTERM)
print(subprocess.Popen(command, start_new_session=True).pid, flush=True)
time.sleep(600)
"""
STARTS = """
import os, signal, subprocess, sys
from coordinator.flower.child import ended_with_parent
os.register_at_fork(after_in_parent=lambda: os.kill(os.getpid(), signal.SIGINT))
asked = {"ours": {}, "between": {"preexec_fn": lambda: None}}[sys.argv[1]]
subprocess.run(ended_with_parent("true", how=signal.SIGTERM), **asked)
print("went on")
"""


def lives(pid: int) -> bool:
    """Tell whether a process runs; one that ended and that nobody waited for does not."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize(("how", "goes_on"), [("ours", False), ("bare", True)])
def test_it_ends_when_its_parent_is_killed(how: str, *, goes_on: bool) -> None:
    """And, as a control, a bare command goes on."""
    with subprocess.Popen([sys.executable, "-c", PARENT, how, *SLEEP], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        is_up = parent.stdout.readline() == "up\n"
        parent.kill()
    assert is_up, "control: it is the command itself by now"
    if not goes_on:
        wait_for(lambda: not lives(child), most_s=10)
        return
    time.sleep(0.4)
    assert lives(child)
    os.kill(child, signal.SIGKILL)


def test_it_does_not_begin_when_its_parent_has_ended_already() -> None:
    command = list(ended_with_parent("echo", "began", how=signal.SIGTERM))
    begun = subprocess.run(command, capture_output=True, text=True, check=True)
    assert begun.stdout == "began\n"  # control
    command[command.index(str(os.getpid()))] = "1" if os.getpid() != 1 else "2"
    late = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (late.returncode, late.stdout) == (1, "")
    assert "has ended" in late.stderr


def test_no_ctrl_c_is_lost_in_a_hook_of_the_fork() -> None:
    """Control: with code between fork and exec the hooks run, and the Ctrl-C of this one is printed and lost."""

    def said(how: str) -> tuple[int, str, bool]:
        done = subprocess.run([sys.executable, "-c", STARTS, how], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, "KeyboardInterrupt" in done.stderr

    assert said("ours") == (0, "went on\n", False)
    assert said("between") == (0, "went on\n", True)
