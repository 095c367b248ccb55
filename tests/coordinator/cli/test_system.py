"""What the system does not allow, and what nobody foresaw, is told like any error: no traceback, exit code 3."""

import errno
import json
import os
from pathlib import Path

import pytest

from coordinator import agreements
from tests.coordinator.cli.town import Town


def full(_handle: int) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def breaking(*_arguments: object, **_named: object) -> None:
    raise RuntimeError("Kanarievogel")


def begun(town: Town) -> tuple[str, ...]:
    draft = town.home / "again.toml"
    draft.write_text((town.office / "covenant" / "draft.toml").read_text())
    return ("covenant", "new", str(draft))


def test_a_full_disk_is_named_and_leaves_no_half_file(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.write_covenant()
    command = begun(town)
    before = sorted(path.name for path in town.office.rglob("*"))
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        done = town.call(*command)
        given = town.call(*command, "--json")
    assert (done.exit_code, done.stdout, given.exit_code) == (3, "", 3)
    assert done.stderr.startswith(
        "samenzicht-coordinator: error: system-failed: got 'No space left on device' from the system, wanted room"
    )
    assert "the operator must mend that" in done.stderr
    assert [each["code"] for each in json.loads(given.stdout)["errors"]] == ["system-failed"]
    assert sorted(path.name for path in town.office.rglob("*")) == before
    town.json(*command)  # the same command again, with room; and the negative control


def test_a_folder_that_may_not_be_read_is_named(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_arguments: object, **_named: object) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied", str(town.office / "coordinator.toml"))

    monkeypatch.setattr(Path, "is_file", closed)
    done = town.call("status")
    assert done.exit_code == 3
    assert "got 'Permission denied' from the system at coordinator.toml" in done.stderr


def test_what_nobody_foresaw_shows_a_number_and_no_traceback(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.write_covenant()
    monkeypatch.setattr(agreements, "begin", breaking)
    done = town.call(*begun(town))
    assert done.exit_code == 3
    assert "error: unforeseen: got RuntimeError at coordinator.cli.covenant:" in done.stderr
    assert "Kanarievogel" not in done.stderr
    assert "Traceback" not in done.stderr


def test_with_json_a_refusal_is_one_json_value_with_its_codes(town: Town) -> None:
    town.write_covenant()
    done = town.call("covenant", "verify", "--json")
    assert done.exit_code == 1
    codes = {each["code"] for each in json.loads(done.stdout)["errors"]}
    assert codes == {"missing-signature"}


@pytest.mark.parametrize(
    "command",
    [
        ["estimates", "recompute", "--to", "sheet.json", "--context"],
        ["serve", "--context"],
        ["study", "precision", "eerste-licht-2026", "--rates"],
    ],
)
def test_a_file_that_is_no_text_is_named(command: list[str], town: Town) -> None:
    town.write_covenant()
    town.json("study", "new", str(town.write_study()))
    binary = town.home / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    done = town.call(*command, str(binary))
    assert done.exit_code == 1
    assert "error: not-text: got binary.toml, which is no text in UTF-8" in done.stderr
    config = town.office / "coordinator.toml"
    config.write_bytes(b"\xff" + config.read_bytes())
    assert "not-text: got coordinator.toml" in town.call("status").stderr
