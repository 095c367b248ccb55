"""The commands that documents show are run as a reader would: in order, in an empty folder."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from protocol.covenant.signed import SignedCovenant
from protocol.digest import digest_of
from simulations.first_light.agreement import PARTICIPANTS
from tests.coordinator.cli.town import Town
from tests.house import ROOT

PAGES = ("docs/first-light.md", "docs/audit.md", "docs/world.md", "docs/coordinator.md")


def commands(page: str) -> list[str]:
    """Return the lines of a page's code blocks that begin with one of our commands."""
    blocks = re.findall(r"^```\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("samenzicht-")]


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    program, *arguments = shlex.split(command)
    return subprocess.run(
        [str(Path(sys.executable).parent / program), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_do_what_it_says(page: str, tmp_path: Path) -> None:
    shown = commands(page)
    assert len(shown) >= 2
    if page == "docs/audit.md":
        assert run("samenzicht-sim first-light --out out", tmp_path).returncode == 0
    town = Town(tmp_path, tmp_path / "partners")
    for command in shown:
        if "geography import" in command:  # the files that a reader brings
            town.write_maps()
            town.write_drafts()
        if "study new" in command:
            town.write_study()
        if "politie.signature.json" in command:
            for party in PARTICIPANTS:
                town.signature_of(party)
        if "HEX" in command:
            body = (tmp_path / "out/bundle/covenant.json").read_bytes()
            covenant = SignedCovenant.parse(body, source="the bundle").covenant
            command = command.replace("HEX", digest_of(covenant))  # noqa: PLW2901 - what the reader fills in
        done = run(command, tmp_path)
        assert done.returncode == 0, (command, done.stderr)


def test_a_command_that_does_not_exist_is_caught(tmp_path: Path) -> None:
    """Negative control."""
    assert run("samenzicht-sim no-such-command", tmp_path).returncode == 2
