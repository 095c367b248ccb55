"""The commands that documents show are run as a reader would: in order, in an empty folder."""

import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from protocol.covenant.signed import SignedCovenant
from protocol.digest import digest_of
from simulations.first_light.agreement import PARTICIPANTS
from tests.coordinator.cli.town import PARTNERS, Town
from tests.house import ROOT

COORDINATOR = "docs/operating-the-coordinator.md"
PAGES = ("docs/first-light.md", "docs/audit.md", "docs/world.md", COORDINATOR)


def commands(page: str) -> list[str]:
    """Return the lines of a page's code blocks that begin with one of our commands."""
    blocks = re.findall(r"^```\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("samenzicht-")]


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    program, *arguments = shlex.split(command)
    words = [str(Path(sys.executable).parent / program), *arguments]
    if arguments[0] == "serve":
        return served(words, folder)
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)


def served(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Start what serves until it is told to stop, on a free port; ask for its first page, and stop it."""
    process = subprocess.Popen([*words, "--port", "0"], cwd=folder, stderr=subprocess.PIPE, text=True)
    told = []
    try:
        for line in process.stderr or ():
            told.append(line)
            if line.startswith("http"):
                with urlopen(line.strip(), timeout=60) as answer:  # noqa: S310 - an address of our own command
                    assert answer.status == 200
                break
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    stopped = 0 if process.returncode == -signal.SIGINT else process.returncode
    return subprocess.CompletedProcess(words, stopped if told else 1, stderr="".join(told))


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_do_what_it_says(page: str, tmp_path: Path) -> None:
    shown = commands(page)
    assert len(shown) >= 2
    if page == "docs/audit.md":
        assert run("samenzicht-sim first-light --out out", tmp_path).returncode == 0
    town = Town(tmp_path, tmp_path / "partners")
    for command in shown:
        done = run(filled_in(town, command, page), tmp_path)
        assert done.returncode == 0, (command, done.stderr)
        if page == COORDINATOR:
            answer(town, command)
    if page == COORDINATOR:  # the page went the whole way
        assert '"figures"' in (tmp_path / "out" / "figures.json").read_text()
    for vault in town.vaults:
        vault.close()


def filled_in(town: Town, command: str, page: str) -> str:
    """Bring the files that a command needs, and return it with what the reader fills in."""
    if "geography import" in command:
        town.write_maps()
        town.write_drafts()
    if "study new" in command:
        town.write_study()
    if "approve-release" in command:
        town.second_key()
    if "politie.signature.json" in command:
        for party in PARTICIPANTS:
            town.signature_of(party)
    if "HEX" not in command:
        return command
    bundle = "audit-bundle" if page == COORDINATOR else "bundle"
    body = (town.home / "out" / bundle / "covenant.json").read_bytes()
    return command.replace("HEX", digest_of(SignedCovenant.parse(body, source="the bundle").covenant))


def answer(town: Town, command: str) -> None:
    """Let the partners do what a command of the coordinator asks of them."""
    if "study propose" in command:
        town.approve_study()
    if "study status" in command:
        town.start_nodes()
        for party in PARTNERS:
            town.declare(party)
    if " run " in command:
        town.carry()


def test_a_command_that_does_not_exist_is_caught(tmp_path: Path) -> None:
    """Negative control."""
    assert run("samenzicht-sim no-such-command", tmp_path).returncode == 2
