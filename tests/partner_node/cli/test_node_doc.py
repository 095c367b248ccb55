"""docs/operating-a-partner.md is true: every command in it is run, in order, and its register is the one that works."""

import re
import shlex
from pathlib import Path

import pytest

from partner_node.cli.app import COMMANDS
from tests.house import ROOT
from tests.partner_node.cli.partner import new_partner, signed_partner

TEXT = (ROOT / "docs" / "operating-a-partner.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def commands() -> list[list[str]]:
    return [shlex.split(line)[1:] for block in blocks("sh") for line in block.splitlines()]


def test_every_command_of_the_page_is_done_in_its_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    partner = new_partner(tmp_path / "school", "school", monkeypatch)
    for command in commands():
        if command[:2] == ["covenant", "show"]:
            partner.agree()
        if "draft-2" in " ".join(command):
            partner.agree_again()
        if command[0] == "init" and "--repin" in command:
            partner.collect("signature-2")
        elif command[0] == "init":
            partner.collect()
            (partner.folder / "register.toml").write_text(blocks("toml")[0])
        if command[0] == "doctor":
            partner.settle()
        if command[0] == "courier":
            (partner.folder / "stick").mkdir(exist_ok=True)
        result = partner.run(*command)
        assert result.exit_code == 0, (command, result.stdout, result.stderr)
    assert (partner.folder / "safe" / "vault-backup.sqlite").exists()


def test_the_page_names_every_command_and_no_other() -> None:
    named = {name for name in COMMANDS if re.search(rf"\b{name}\b", TEXT)}
    assert named == set(COMMANDS)
    assert {command[0] for command in commands()} <= set(COMMANDS)


def test_a_command_that_fails_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: with another purpose in the page's register the same commands are refused."""
    partner = signed_partner(tmp_path / "school", "school", monkeypatch)
    partner.done("init", "--party", "school", "--profile", "school", "--yes")
    register = partner.folder / "register.toml"
    register.write_text(blocks("toml")[0])
    assert partner.run("check-data").exit_code == 0
    register.write_text(blocks("toml")[0].replace("Beleidsinformatie", "Opsporing"))
    refused = partner.run("check-data")
    assert refused.exit_code == 1
    assert "not-in-register" in refused.stderr
