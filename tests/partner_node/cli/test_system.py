"""What the system does not allow is told by its name: a full disk is no riddle, and nothing is half written."""

import errno
import json
import os
from pathlib import Path

import pytest

from tests.partner_node.cli.partner import STUDY, ready_partner


def full(_handle: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    "command",
    [
        ["pause"],
        ["check-data"],
        ["init", "--party", "school", "--remap", "--yes"],
        ["log", "verify", "--out", "replay.json"],
        ["keys", "school", "--show"],
    ],
)
def test_a_full_disk_is_named_and_leaves_no_half_file(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    before = {path: path.read_bytes() for path in partner.folder.rglob("*") if path.is_file()}
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        done = partner.run(*command, lang="nl")
    assert (done.exit_code, done.stdout) == (3, "")
    assert "samenzicht-node: error: system-failed: got 'No space left on device' from the system" in done.stderr
    assert "uitleg: de schijf is vol of stuk" in done.stderr
    assert "aan de makers" not in done.stderr, "nobody can mend a full disk for the partner"
    after = {path: path.read_bytes() for path in partner.folder.rglob("*") if path.is_file()}
    assert after == before
    partner.done(*command)  # the same command again, with room; and the negative control


def test_with_json_an_error_is_one_json_value_with_its_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    unknown = partner.run("preview", "nothing", "--json")
    assert unknown.exit_code == 1
    told = json.loads(unknown.stdout)["errors"]
    assert [each["code"] for each in told] == ["study-unknown"]
    assert told[0]["wanted"] == STUDY
    assert "error: study-unknown" in unknown.stderr
    monkeypatch.setattr(os, "fsync", full)
    broken = partner.run("pause", "--json")
    assert broken.exit_code == 3
    assert [each["code"] for each in json.loads(broken.stdout)["errors"]] == ["system-failed"]


def test_a_result_that_says_no_stays_the_only_json_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    partner = ready_partner(tmp_path / "p", "school", monkeypatch)
    partner.done("pause")
    partner.settle()
    done = partner.run("doctor", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["ready"] is False
