"""The officer's command: transcripts, exit codes, languages, and a bundle that is none."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from privacy.audit.cli import app
from privacy.audit.report import Check
from privacy.audit.words import SENTENCES
from protocol.digest import digest_of
from tests import bundles, example

HONEST = bundles.honest_files()
PIN = digest_of(example.covenant())


def written(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write a bundle."""
    for name, body in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return folder


def test_every_step_has_a_sentence_in_both_languages() -> None:
    for sentences in SENTENCES.values():
        assert set(sentences) == set(Check)


def test_an_honest_bundle_holds_with_exit_code_0(tmp_path: Path) -> None:
    folder = written(tmp_path, HONEST)
    result = CliRunner().invoke(app, ["verify", str(folder), "--covenant-digest", PIN, "--lang", "en"])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "holds: index: every file is the one that the index names; none is missing or extra"
    assert lines[1] == "holds: pin: the covenant is the one that your organisation pinned"
    assert lines[-1] == "the bundle holds"
    assert result.stderr == f"read {len(HONEST)} files, {sum(map(len, HONEST.values()))} bytes\n"


def test_dutch_is_the_default_and_says_what_was_not_checked(tmp_path: Path) -> None:
    folder = written(tmp_path, HONEST)
    result = CliRunner().invoke(app, ["verify", str(folder)], env={"SAMENZICHT_LANG": None})
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "de bundel klopt; 1 niet nagegaan"
    assert result.stderr.startswith(f"{len(HONEST)} bestanden gelezen, ")
    english = CliRunner().invoke(app, ["verify", str(folder)], env={"SAMENZICHT_LANG": "en"})
    assert english.stdout.splitlines()[-1] == "the bundle holds; 1 not checked"


@pytest.mark.parametrize("name", sorted(HONEST))
def test_a_flipped_byte_in_any_file_is_refused_with_exit_code_1(tmp_path: Path, name: str) -> None:
    body = bytes([HONEST[name][0] ^ 1]) + HONEST[name][1:]
    result = CliRunner().invoke(app, ["verify", str(written(tmp_path, {**HONEST, name: body})), "--lang", "en"])
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == "the bundle does not hold: 1 of the steps fail"


def test_the_report_as_json(tmp_path: Path) -> None:
    folder = written(tmp_path, HONEST)
    result = CliRunner().invoke(app, ["verify", str(folder), "--json", "--covenant-digest", "00" * 32])
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert report["holds"] is False
    assert [(step["check"], step["code"]) for step in report["steps"] if step["outcome"] == "failed"] == [
        ("pin", "other-covenant")
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ["verify"],
        ["verify", "no-such-folder"],
        ["verify", ".", "--covenant-digest", "AB"],
        ["verify", ".", "--lang", "fr"],
    ],
)
def test_wrong_usage_has_exit_code_2(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_a_link_in_a_bundle_is_refused_and_an_empty_folder_is_no_bundle(tmp_path: Path) -> None:
    empty = CliRunner().invoke(app, ["verify", str(tmp_path), "--lang", "en"])
    assert empty.exit_code == 1
    assert "missing-file: got no file index.json" in empty.stdout
    (tmp_path / "index.json").symlink_to("/etc/hostname")
    linked = CliRunner().invoke(app, ["verify", str(tmp_path)])
    assert linked.exit_code == 1
    assert linked.stdout == ""
    assert linked.stderr.startswith("samenzicht-audit: error: not-a-bundle: got a link, wanted")
    given = CliRunner().invoke(app, ["verify", str(tmp_path), "--json"])
    assert [each["code"] for each in json.loads(given.stdout)["errors"]] == ["not-a-bundle"]


def test_a_file_that_cannot_be_read_is_a_fault_with_exit_code_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise OSError(5, "Input/output error")

    folder = written(tmp_path, HONEST)
    monkeypatch.setattr(Path, "open", broken)
    result = CliRunner().invoke(app, ["verify", str(folder)])
    assert result.exit_code == 3
    assert "unreadable-bundle: got a file that cannot be read (Input/output error)" in result.stderr


def test_the_command_in_a_process_of_its_own(tmp_path: Path) -> None:
    folder = written(tmp_path, HONEST)
    command = [sys.executable, "-m", "privacy.audit.cli", "verify", str(folder), "--lang", "en"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "the bundle holds; 1 not checked")
    (folder / "log" / "coordinator.leaves").write_bytes(b"")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
