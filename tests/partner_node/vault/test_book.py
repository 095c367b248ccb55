"""The book: what was frozen is charged once, never less, and a closed year stays closed."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partner_node.vault.book import Charges, ChargesMissing, spent
from partner_node.vault.carry_out import Frozen, carry_out
from partner_node.vault.key_column import WrongCharges
from partner_node.vault.log import StoredTree
from partner_node.vault.seen import SeenEvents, SeenGroup, seen_before
from partner_node.vault.unit_key import EmptyId, event_keys, unit_keys
from partner_node.vault.vault import RuleBroken, Vault
from partner_node.vault.years import YearClosed, YearStillOpen, close_year
from protocol.round.memory import BookCharges, EraseSecrets, Remember, SlotMemory
from protocol.round.messages import Attempt
from protocol.round.transitions import State
from protocol.words.ids import Digest, MeasureId, StudyId, TableId
from protocol.words.period import Period
from tests.partner_node.vault.vault_party import YEAR, keys, new_vault, owner

QUARTER = SeenGroup(StudyId("huiselijk-geweld"), TableId("meldingen"), MeasureId("events"), Period("2026-Q1"))
NEXT = SeenGroup(QUARTER.study, QUARTER.table, QUARTER.measure, Period("2026-Q2"))


def slot(number: int) -> Digest:
    return Digest(f"{number:064x}")


def freeze(vault: Vault, number: int, charges: Charges) -> None:
    frozen = Frozen(slot(number), np.zeros(1, dtype=np.int64), b"r" * 32, b"s" * 32, charges, b"t" * 32)
    carry_out(vault, (Remember(SlotMemory(slot(number), State.READY, Attempt(0))),), frozen=frozen)


def charge(amounts: dict[str, int], *, year: int = YEAR, seen: tuple[SeenEvents, ...] = ()) -> Charges:
    return Charges(year, keys(*amounts), np.array([*amounts.values()], dtype=np.int64), seen)


def events(group: SeenGroup, *pairs: tuple[str, str]) -> SeenEvents:
    units, names = [unit for unit, _ in pairs], [event for _, event in pairs]
    return SeenEvents(group, keys(*units), event_keys(owner().node_secret, names))


def test_a_unit_key_is_an_aes_cmac_under_a_key_of_its_own() -> None:
    """Worked out with `openssl dgst -sha256 -mac HMAC` and `openssl mac -cipher AES-256-CBC CMAC`."""
    (key,) = unit_keys(b"\x0b" * 32, ["Hi There"])
    assert bytes(key).hex() == OPENSSL_KEY
    assert bytes(event_keys(b"\x0b" * 32, ["Hi There"])[0]) != bytes(key)
    with pytest.raises(EmptyId):
        unit_keys(b"\x0b" * 32, ["a", ""])
    with pytest.raises(EmptyId):
        event_keys(b"\x0b" * 32, [""])


OPENSSL_KEY = "fb6bc13ab04b3282f1c0293ef069fdcd"


def test_charges_wait_until_the_lock_and_are_booked_once_a_slot(tmp_path: Path) -> None:
    vault = new_vault(tmp_path)
    freeze(vault, 1, charge({"a": 5, "b": 0, "c": 7}))
    assert spent(vault, YEAR, keys("a", "b", "c")).tolist() == [0, 0, 0]
    carry_out(vault, (BookCharges(slot(1)), BookCharges(slot(1))))
    carry_out(vault, (BookCharges(slot(1)),))
    assert spent(vault, YEAR, keys("c", "stranger", "a", "a")).tolist() == [7, 0, 5, 5]
    freeze(vault, 2, charge({"a": 1}))
    carry_out(vault, (BookCharges(slot(2)),))
    assert spent(vault, YEAR, keys("a", "b", "c")).tolist() == [6, 0, 7]
    assert spent(vault, YEAR + 1, keys("a")).tolist() == [0]
    assert spent(vault, YEAR, keys()).tolist() == []
    vault.close()


def test_a_lock_without_stored_charges_is_a_halt(tmp_path: Path) -> None:
    vault = new_vault(tmp_path)
    freeze(vault, 1, charge({"a": 5}))
    carry_out(vault, (EraseSecrets(slot(1)),))
    with pytest.raises(ChargesMissing):
        carry_out(vault, (BookCharges(slot(1)),))
    vault.close()


def test_a_sum_beyond_63_bits_books_nothing(tmp_path: Path) -> None:
    vault = new_vault(tmp_path)
    for number in (1, 2):
        freeze(vault, number, charge({"a": 2**62, "b": number}))
    carry_out(vault, (BookCharges(slot(1)),))
    with pytest.raises(RuleBroken):
        carry_out(vault, (BookCharges(slot(2)),))
    assert spent(vault, YEAR, keys("a", "b")).tolist() == [2**62, 1]
    vault.close()


def test_an_event_is_seen_once_in_its_table_measure_and_period(tmp_path: Path) -> None:
    vault = new_vault(tmp_path)
    known = events(QUARTER, ("a", "1"), ("a", "2"), ("b", "1"))
    freeze(vault, 1, charge({"a": 1}, seen=(known, events(NEXT, ("a", "3")))))
    asked = events(QUARTER, ("b", "1"), ("b", "2"), ("a", "3"), ("a", "2"))
    assert not seen_before(vault, asked).any()
    carry_out(vault, (BookCharges(slot(1)),))
    assert seen_before(vault, asked).tolist() == [True, False, False, True]
    assert seen_before(vault, events(NEXT, ("a", "1"), ("a", "3"))).tolist() == [False, True]
    vault.close()


def test_a_closed_year_is_logged_deleted_and_refused_for_ever(tmp_path: Path) -> None:
    vault = new_vault(tmp_path)
    freeze(vault, 1, charge({"a": 5}, seen=(events(QUARTER, ("a", "1")),)))
    freeze(vault, 2, charge({"a": 9}, year=YEAR + 1))
    with pytest.raises(YearStillOpen):
        close_year(vault, YEAR)
    carry_out(vault, (BookCharges(slot(1)), BookCharges(slot(2))))
    close_year(vault, YEAR)
    close_year(vault, YEAR)
    assert StoredTree(vault.connection).leaves() == (b'{"covenant_year":2026,"kind":"year-closed","version":1}',)
    with pytest.raises(YearClosed):
        spent(vault, YEAR, keys("a"))
    with pytest.raises(YearClosed):
        freeze(vault, 3, charge({"a": 5}))
    with pytest.raises(RuleBroken), vault.transaction() as connection:
        connection.execute("INSERT INTO book VALUES (2026, zeroblob(16), 1)")
    assert vault.connection.execute("SELECT count(*) FROM book WHERE covenant_year = 2026").fetchone() == (0,)
    assert spent(vault, YEAR + 1, keys("a")).tolist() == [9]
    assert seen_before(vault, events(QUARTER, ("a", "1"))).tolist() == [True]
    vault.close()


def test_the_book_of_an_open_year_only_rises(tmp_path: Path) -> None:
    vault = new_vault(tmp_path)
    freeze(vault, 1, charge({"a": 5}))
    carry_out(vault, (BookCharges(slot(1)),))
    for statement in ("DELETE FROM book", "UPDATE book SET nano_rho = 4", "DELETE FROM booked"):
        with pytest.raises(RuleBroken), vault.transaction() as connection:
            connection.execute(statement)
    vault.close()


def test_charges_that_are_no_charges_are_refused() -> None:
    amounts = np.array([1, 2], dtype=np.int64)
    for unit_key, nano_rho in (
        (keys("a", "a"), amounts),
        (keys("a"), amounts),
        (keys("a", "b"), -amounts),
        (keys("a", "b"), amounts.astype(np.int32)),
        (keys("a", "b").astype(np.int64), amounts),
        (keys("a", "b")[:, :8], amounts),
    ):
        with pytest.raises(WrongCharges):
            Charges(YEAR, unit_key, nano_rho)  # type: ignore[arg-type]  # wrong on purpose


@settings(max_examples=30)
@given(rounds=st.lists(st.dictionaries(st.sampled_from("abcdefg"), st.integers(0, 2**40)), max_size=6))
def test_the_book_is_the_sum_of_what_was_locked(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[dict[str, int]]
) -> None:
    """Every third slot is given up before its lock; the others are locked."""
    vault = new_vault(tmp_path_factory.mktemp("book"))
    expected = Counter[str]()
    for number, amounts in enumerate(rounds):
        freeze(vault, number, charge(amounts))
        if number % 3 == 2:
            carry_out(vault, (EraseSecrets(slot(number)),))
            continue
        expected.update(amounts)
        carry_out(vault, (BookCharges(slot(number)),))
    assert spent(vault, YEAR, keys(*"abcdefg")).tolist() == [expected[unit] for unit in "abcdefg"]
    vault.close()


def test_keys_that_end_in_zero_bytes_are_different_units(tmp_path: Path) -> None:
    """Such keys are one in 256, and numpy's byte strings drop what ends in zero."""
    vault = new_vault(tmp_path)
    unit_key = np.zeros((3, 16), dtype=np.uint8)
    unit_key[1, 14], unit_key[2, 0] = 1, 255
    freeze(vault, 1, Charges(YEAR, unit_key, np.array([1, 2, 3], dtype=np.int64)))
    carry_out(vault, (BookCharges(slot(1)),))
    assert spent(vault, YEAR, unit_key[::-1]).tolist() == [3, 2, 1]
    vault.close()
