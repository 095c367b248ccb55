"""A vault that is not exactly as it must be is refused by name, and says who must act."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from partner_node.errors import VaultFault, VaultRefusal
from partner_node.vault import checks
from partner_node.vault.carry_out import carry_out, load_memory
from partner_node.vault.checks import OtherOwner, WrongStorageSettings, check_settings
from partner_node.vault.failures import StorageFailed, VaultDamaged, VaultInUse, VaultMissing
from partner_node.vault.unit_key import WeakNodeSecret
from partner_node.vault.vault import (
    JournalMissing,
    RuleBroken,
    UnsafePermissions,
    VaultExists,
    make_vault,
    open_vault,
)
from protocol.errors import SamenzichtError
from protocol.ledger.entry import AbortEntry
from protocol.round.memory import Append, Showed
from protocol.round.messages import Attempt
from protocol.words.ids import Digest
from tests import example
from tests.partner_node.vault.killed import Tell, in_child
from tests.partner_node.vault.vault_party import new_vault, owner

ENTRY = Append(AbortEntry(slot=Digest("5" * 64), attempt=Attempt(0)))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed vault with two log entries."""
    vault = new_vault(tmp_path)
    carry_out(vault, (ENTRY, ENTRY))
    vault.close()
    return vault.path


def edited(path: Path, *statements: str) -> None:
    """Change the file behind the node's back."""
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()
    path.chmod(0o600)


def refused(path: Path, error: type[SamenzichtError], **changes: object) -> SamenzichtError:
    with pytest.raises(error) as caught:
        open_vault(path, replace(owner(), **changes))  # type: ignore[arg-type]  # the fields of an Owner by name
    assert caught.value.act
    return caught.value


def test_a_closed_vault_opens_again(path: Path) -> None:
    vault = open_vault(path, owner())
    assert load_memory(vault).shown == ()
    assert vault.connection.execute("SELECT count(*) FROM log_leaf").fetchone() == (2,)
    vault.close()
    vault.close()
    assert sorted(item.name for item in path.parent.iterdir()) == ["vault.sqlite"]


@pytest.mark.parametrize(("name", "value"), [("file", 0o640), ("file", 0o604), ("folder", 0o750), ("folder", 0o701)])
def test_a_vault_that_others_may_read_is_refused(path: Path, name: str, value: int) -> None:
    """N12: the vault's file and its folder."""
    (path if name == "file" else path.parent).chmod(value)
    assert f"{value:04o}" in refused(path, UnsafePermissions).got


def test_what_is_made_is_closed_to_others_whatever_the_umask(tmp_path: Path) -> None:
    """N12: as it is made."""
    before = os.umask(0)
    try:
        vault = new_vault(tmp_path)
    finally:
        os.umask(before)
    carry_out(vault, (ENTRY,))
    modes = {item.name: item.stat().st_mode & 0o777 for item in vault.path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert "vault.sqlite-wal" in modes
    assert vault.path.parent.stat().st_mode & 0o777 == 0o700
    vault.close()


def test_a_second_process_is_refused_and_the_first_goes_on(path: Path) -> None:
    vault = open_vault(path, owner())

    def second(tell: Tell) -> None:
        with pytest.raises(VaultInUse, match="another process"):
            open_vault(path, owner())
        tell(b"refused")

    assert in_child(second).told == (b"refused",)
    carry_out(vault, (Showed(1),))
    vault.close()
    # Negative control: the same child, when nobody holds the vault.
    with pytest.raises(AssertionError, match="DID NOT RAISE"):
        in_child(second)


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("node_secret", b"2" * 32, "node secret"),
        ("party", example.POLICE, "party"),
        ("covenant_id", "another-covenant", "covenant"),
        ("normalisation", 2, "normalisation"),
    ],
)
def test_another_secret_party_covenant_or_normalisation_is_a_halt(
    path: Path, field: str, value: object, named: str
) -> None:
    """F06: the file of another node, or a secret that changed."""
    error = refused(path, OtherOwner, **{field: value})
    assert named in error.got
    assert isinstance(error, VaultFault)
    assert "FG must be told" in error.act


def test_a_vault_of_an_earlier_format_is_a_halt(path: Path) -> None:
    """Its keys are of another kind: every unit in it would seem to have spent nothing (ADR 8)."""
    open_vault(path, owner()).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE meta SET value = '1' WHERE name = 'format'")
    error = refused(path, OtherOwner)
    assert "another format" in error.got


def test_a_secret_that_is_no_secret_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeakNodeSecret):
        make_vault(tmp_path / "a" / "vault.sqlite", replace(owner(), node_secret=b"short"))


def test_a_missing_vault_is_never_replaced_and_a_present_one_never_made_anew(path: Path) -> None:
    with pytest.raises(VaultExists):
        make_vault(path, owner())
    path.unlink()
    refused(path, VaultMissing)
    assert not path.exists()


def test_a_crash_while_a_vault_is_made_leaves_nothing_in_its_way(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "vault.sqlite.new").write_bytes(b"half a vault")
    make_vault(tmp_path / "vault.sqlite", owner())
    open_vault(tmp_path / "vault.sqlite", owner()).close()


@pytest.mark.parametrize("with_journal", [True, False])
def test_a_running_vault_copied_without_its_journal_is_a_halt(path: Path, tmp_path: Path, with_journal: bool) -> None:  # noqa: FBT001 - a parametrized case
    """F06: without -wal; with the journal the copy opens, which is the control."""
    vault = open_vault(path, owner())
    carry_out(vault, (Showed(1),))
    copy = tmp_path / "copy" / "vault.sqlite"
    shutil.copytree(path.parent, copy.parent)
    vault.close()
    if with_journal:
        again = open_vault(copy, owner())
        assert load_memory(again).shown == (1,)
        again.close()
        return
    (copy.parent / "vault.sqlite-wal").unlink()
    refused(copy, JournalMissing)


@pytest.mark.parametrize(
    "statement",
    [
        "PRAGMA synchronous = NORMAL",
        "PRAGMA synchronous = OFF",
        "PRAGMA secure_delete = OFF",
        "PRAGMA secure_delete = FAST",
        "PRAGMA foreign_keys = OFF",
        "PRAGMA temp_store = FILE",
    ],
)
def test_a_setting_that_sqlite_did_not_keep_is_a_halt(path: Path, statement: str) -> None:
    """F04."""
    vault = open_vault(path, owner())
    check_settings(vault.connection)
    vault.connection.execute(statement)
    with pytest.raises(WrongStorageSettings):
        check_settings(vault.connection)
    vault.close()


def test_each_open_asks_sqlite_for_its_settings_and_version(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """F04."""
    edited(path, "PRAGMA journal_mode = DELETE")
    assert "journal_mode = delete" in refused(path, WrongStorageSettings).got
    edited(path, "PRAGMA journal_mode = WAL")
    open_vault(path, owner()).close()
    monkeypatch.setattr(checks, "OLDEST_SQLITE", (99, 0, 0))
    assert "at least 99.0.0" in refused(path, WrongStorageSettings).wanted


@pytest.mark.parametrize(
    "statements",
    [
        ("DROP TRIGGER book_never_falls",),
        ("CREATE TABLE extra (a)",),
        ("DROP TABLE shown", "CREATE TABLE shown (number INTEGER PRIMARY KEY, size INTEGER NOT NULL)"),
        ("DROP TRIGGER log_leaf_no_update", "UPDATE log_leaf SET body = x'7b7d' WHERE leaf_index = 0"),
    ],
)
def test_tables_that_are_not_ours_are_a_halt(path: Path, statements: tuple[str, ...]) -> None:
    """F04: a trigger gone, a table more, a table that is not STRICT."""
    edited(path, *statements)
    refused(path, VaultDamaged)


def rewritten_log(path: Path) -> None:
    trigger = "log_leaf_no_update"
    connection = sqlite3.connect(path, isolation_level=None)
    (sql,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = ?", (trigger,)).fetchone()
    connection.close()
    edited(path, f"DROP TRIGGER {trigger}", "UPDATE log_leaf SET body = x'7b7d' WHERE leaf_index = 0", sql)


def flipped(start: int, stop: int) -> Callable[[Path], None]:
    def flip(path: Path) -> None:
        body = bytearray(path.read_bytes())
        body[start:stop] = bytes(255 - byte for byte in body[start:stop])
        path.write_bytes(bytes(body))

    return flip


@pytest.mark.parametrize(
    "damage",
    [flipped(0, 16), flipped(100, 140), flipped(4096, 4200), lambda path: os.truncate(path, 8192), rewritten_log],
)
def test_a_damaged_file_is_a_halt(path: Path, damage: Callable[[Path], None]) -> None:
    """F08 in part: the header, a page, the end cut off, a log entry whose hash is another."""
    damage(path)
    assert "restore" in refused(path, VaultDamaged).act


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log_leaf SET body = x'7b7d'",
        "DELETE FROM log_node",
        "INSERT INTO book VALUES (2026, x'00', 5)",
        "INSERT INTO book VALUES (2026, zeroblob(16), 0)",
        "INSERT INTO book VALUES (2026, zeroblob(16), 9223372036854775807 + 1)",
        "INSERT INTO seed VALUES ('unknown slot', zeroblob(32))",
    ],
)
def test_the_tables_themselves_forbid_what_must_never_happen(path: Path, statement: str) -> None:
    vault = open_vault(path, owner())
    with pytest.raises(RuleBroken), vault.transaction() as connection:
        connection.execute(statement)
    carry_out(vault, (Showed(1),))  # undone, and the vault goes on
    vault.close()


def test_a_closed_vault_takes_nothing(path: Path) -> None:
    vault = open_vault(path, owner())
    vault.close()
    with pytest.raises(StorageFailed):
        carry_out(vault, (Showed(1),))
    assert issubclass(VaultInUse, VaultRefusal)
