"""A folder that cannot be written is named, by every door of the simulations; no traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import ROOT


@pytest.mark.parametrize(
    "command",
    [["simulations.demo", "--no-serve", "--out"], ["simulations.cli.app", "first-light", "--out"]],
)
def test_a_folder_that_cannot_be_made_is_named(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = subprocess.run(
        [sys.executable, "-m", *command, str(tmp_path / "file" / "out")],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 3
    assert "samenzicht-sim: error: system-failed: got 'Not a directory' from the system" in done.stderr
    assert "Traceback" not in done.stderr
