"""What is erased is in no file: not in the vault, not in its write-ahead log."""

from pathlib import Path

import numpy as np
import pytest

from partner_node.vault.book import Charges
from partner_node.vault.carry_out import Frozen, carry_out
from partner_node.vault.unit_key import unit_keys
from partner_node.vault.vault import Vault
from partner_node.vault.years import close_year
from protocol.round.memory import BookCharges, EraseSecrets, Remember, SlotMemory
from protocol.round.messages import Attempt
from protocol.round.transitions import State
from protocol.words.ids import Digest
from tests.partner_node.vault.vault_party import YEAR, new_vault, owner

SLOT = Digest("5" * 64)
SEED, OPENING = bytes(range(100, 132)), bytes(range(32, 64))
VALUES = np.arange(5_000, dtype=np.int64) + 0x0102_0304_0506  # longer than a page: it lies in pages of its own
UNIT = unit_keys(owner().node_secret, ["household-1"])


def freeze(vault: Vault) -> None:
    memory = SlotMemory(SLOT, State.READY, Attempt(0))
    charges = Charges(YEAR, UNIT, np.array([7], dtype=np.int64))
    carry_out(vault, (Remember(memory),), frozen=Frozen(SLOT, VALUES, OPENING, SEED, charges, b"t" * 32))


def on_disk(vault: Vault, secret: bytes) -> bool:
    return any(secret in file.read_bytes() for file in vault.path.parent.iterdir())


def test_after_a_lock_and_an_upload_the_seed_is_in_no_file_and_r_still_is(tmp_path: Path) -> None:
    vault = new_vault(tmp_path)
    freeze(vault)
    vault.scrub()
    assert on_disk(vault, SEED)
    carry_out(vault, (BookCharges(SLOT),))
    carry_out(vault, (EraseSecrets(SLOT),))
    assert not on_disk(vault, SEED)
    assert on_disk(vault, OPENING)
    vault.close()


def test_after_a_ready_that_ends_x_r_the_seed_and_the_charges_are_in_no_file(tmp_path: Path) -> None:
    vault = new_vault(tmp_path)
    freeze(vault)
    secrets = (SEED, OPENING, VALUES[4000:4010].tobytes(), UNIT.tobytes())
    assert all(on_disk(vault, secret) for secret in secrets)
    carry_out(vault, (EraseSecrets(SLOT),))
    assert not any(on_disk(vault, secret) for secret in secrets)
    vault.close()


def test_after_a_year_is_closed_its_unit_keys_are_in_no_file(tmp_path: Path) -> None:
    vault = new_vault(tmp_path)
    freeze(vault)
    carry_out(vault, (BookCharges(SLOT),))
    assert on_disk(vault, UNIT.tobytes())
    close_year(vault, YEAR)
    assert not on_disk(vault, UNIT.tobytes())
    vault.close()


def test_without_secure_delete_the_seed_would_stay(tmp_path: Path) -> None:
    """Negative control of the tests above."""
    vault = new_vault(tmp_path)
    vault.connection.execute("PRAGMA secure_delete = OFF")
    freeze(vault)
    carry_out(vault, (EraseSecrets(SLOT),))
    assert on_disk(vault, SEED)
    vault.close()


def test_without_emptying_the_journal_the_seed_would_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: deleted in the tables, and still in the write-ahead log."""
    vault = new_vault(tmp_path)
    freeze(vault)
    monkeypatch.setattr(Vault, "scrub", lambda _vault: None)
    carry_out(vault, (EraseSecrets(SLOT),))
    assert vault.connection.execute("SELECT count(*) FROM seed").fetchone() == (0,)
    assert on_disk(vault, SEED)
    vault.close()
