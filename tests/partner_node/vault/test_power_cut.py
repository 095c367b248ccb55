"""Power cuts: a round's writes are recorded, some are lost or torn after the last sync, and the vault opens again."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from partner_node.vault.vault import Vault, open_vault
from tests.partner_node.vault.killed import LENGTH_BYTES, Tell
from tests.partner_node.vault.power_cut import Cut, cuts
from tests.partner_node.vault.test_crash import Dump, copied, script, whole
from tests.partner_node.vault.traced import Call, recorded
from tests.partner_node.vault.vault_party import CheckedShelf, dump, owner, played, vault_party
from tests.rounds import START_S

pytestmark = pytest.mark.needs("strace")
PR_IMAGES, NIGHTLY_IMAGES = 400, 100_000
WAL_NORMAL = ("PRAGMA synchronous = NORMAL",)
# Exclusive locking would keep the journal and only clear its head; a journal that is removed can come back.
DELETE_FULL = ("PRAGMA journal_mode = DELETE", "PRAGMA locking_mode = NORMAL", "PRAGMA synchronous = FULL")


def record_of(folder: Path, *settings: str) -> tuple[tuple[Call, ...], dict[str, bytes]]:
    """Return the record of a round that tells after each commit how many there were, and the files before it."""
    path = copied(folder / "vault")
    start = {item.name: item.read_bytes() for item in path.parent.iterdir()}

    def work(tell: Tell) -> None:
        vault = open_vault(path, owner())
        for statement in settings:
            vault.connection.execute(statement)
        commits = iter(range(1, 1_000))
        shelf = CheckedShelf(vault, after_commit=lambda _vault: tell(str(next(commits)).encode()))
        for _ in played(vault_party(vault, shelf=shelf), script(), START_S):
            pass
        vault.close()

    return recorded(work, folder), start


def opened(path: Path) -> Dump:
    """Return what the vault itself opens to; it is never a halt after a power cut."""
    vault = open_vault(path, owner())
    found = dump(vault)
    vault.close()
    return found


def read_plainly(path: Path) -> Dump:
    """Return what SQLite alone makes of a file, for settings that a vault refuses."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        return dump(Vault(path, connection))


def lost(cut: Cut, folder: Path, read: Callable[[Path], Dump]) -> bool:
    """Tell whether an image holds less than what was told, or half a step."""
    for left in folder.iterdir():
        left.unlink()
    for name, body in cut.files.items():
        (folder / name).write_bytes(body)
        (folder / name).chmod(0o600)
    promised = int(cut.told[LENGTH_BYTES:] or b"0")
    states = [without_meta(state) for state in whole().states]
    try:
        found = without_meta(read(folder / "vault.sqlite"))
    except sqlite3.DatabaseError:
        return True
    return found not in states[promised:]


def without_meta(state: Dump) -> Dump:
    return {name: rows for name, rows in state.items() if name != "meta"}


def losses(images: int, read: Callable[[Path], Dump], *settings: str, seed: int = 3) -> int:
    with TemporaryDirectory(dir="/dev/shm") as place:
        record, start = record_of(Path(place), *settings)
        images_folder = Path(place) / "images"
        images_folder.mkdir(mode=0o700)
        os.chmod(images_folder, 0o700)  # noqa: PTH101 - whatever the umask
        return sum(lost(cut, images_folder, read) for cut in cuts(record, start, images, Random(seed)))


def test_a_power_cut_loses_no_commit_that_was_told() -> None:
    """F03 in small."""
    assert losses(PR_IMAGES, opened) == 0


@pytest.mark.parametrize("settings", [WAL_NORMAL, DELETE_FULL], ids=["WAL and NORMAL", "DELETE and FULL"])
def test_weaker_settings_lose_commits(settings: tuple[str, ...]) -> None:
    """Negative controls of F03: the log unsynced at a commit; a removed journal whose folder is not synced."""
    assert losses(PR_IMAGES, read_plainly, *settings) > 0


@pytest.mark.nightly
def test_no_power_cut_loses_a_commit_that_was_told() -> None:
    """F03."""
    assert losses(NIGHTLY_IMAGES, opened) == 0
