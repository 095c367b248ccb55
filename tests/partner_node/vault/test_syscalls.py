"""Every write, sync, truncation and removal of a round fails or is the last: nothing told is lost or differs."""

import sqlite3
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest

from partner_node.errors import VaultFault
from partner_node.vault.vault import open_vault
from privacy.randomness import RandomnessFault, fresh_bytes
from tests.partner_node.vault.killed import Tell
from tests.partner_node.vault.test_crash import Restarted, copied, script, whole
from tests.partner_node.vault.traced import counts, spoiled, under_strace
from tests.partner_node.vault.vault_party import dump, owner, played, vault_party
from tests.rounds import START_S

HOW = ("signal=KILL", "error=EIO", "error=ENOSPC")
PR_POINTS = 12
pytestmark = pytest.mark.needs("strace")


def play(path: Path, tell: Tell) -> None:
    """Play a round; after a fault of the vault go on trying, as no node would: nothing more may leave."""
    try:
        vault = open_vault(path, owner())
        party = vault_party(vault)
    except VaultFault:
        return
    failed = False
    for body in script():
        try:
            for answer in party.receive(body, START_S):
                assert not failed, "an answer after a failed write or sync (F14)"
                tell(answer)
        except (VaultFault, sqlite3.ProgrammingError):  # the second: reading what was closed
            failed = True
    vault.close()


@cache
def points() -> tuple[tuple[str, int], ...]:
    """Return every call of a round that changes the disk, by name and number."""
    with TemporaryDirectory() as folder:
        path = copied(Path(folder) / "vault")
        found = counts(lambda tell: play(path, tell), Path(folder))
    return tuple((name, nth) for name, many in sorted(found.items()) for nth in range(1, many + 1))


def check_point(folder: Path, call: str, nth: int, how: str) -> bool:
    """Spoil one call, reopen and finish the round; tell whether the call was made, so that its fault fired."""
    expected, path = whole(), copied(folder)
    run = spoiled(lambda tell: play(path, tell), folder, call, nth, how)
    ended = run.ended
    vault = open_vault(path, owner())
    assert dump(vault) in expected.states, (call, nth, how)
    party = vault_party(vault, kind=Restarted)
    again = (*party.restart(START_S), *played(party, script()[max(len(ended.told) - 1, 0) :], START_S))
    assert set(ended.told) | set(again) == set(expected.answers), (call, nth, how)
    assert dump(vault) == expected.states[-1]
    vault.close()
    return run.fired


def test_a_call_that_fails_or_is_the_last_loses_nothing(tmp_path: Path) -> None:
    """F02, F07 and F14 in small: KILL, EIO and ENOSPC at twelve of the calls of a round, drawn by a fixed seed."""
    chosen = Random(2).sample(points(), PR_POINTS)
    for at, point in enumerate(chosen):
        assert check_point(tmp_path / str(at), *point, HOW[at % 3]), f"the fault at {point} never fired"


def test_the_calls_of_a_round_are_all_seen() -> None:
    """Control of the campaign: a round writes, syncs, truncates and removes its journal."""
    assert {name for name, _ in points()} == {"fdatasync", "ftruncate", "pwrite64", "unlink"}
    assert len(points()) >= 150


@pytest.mark.parametrize(("error", "healthy"), [("EIO", False), ("EAGAIN", False), ("EINTR", True)])
def test_a_system_without_chance_is_refused(error: str, healthy: bool) -> None:  # noqa: FBT001 - a parametrized case
    """F11: `getrandom` fails; a call that is only interrupted is made again, which is the control."""

    def work(tell: Tell) -> None:
        try:
            fresh_bytes(32)
        except RandomnessFault:
            tell(b"refused")
        else:
            tell(b"fresh")

    when = "1" if healthy else "1+"
    ended = under_strace(
        work, "-o", "/dev/null", "-e", "trace=getrandom", "-e", f"inject=getrandom:error={error}:when={when}"
    )
    assert ended.told == (b"fresh" if healthy else b"refused",)


@pytest.mark.nightly
@pytest.mark.parametrize("how", HOW)
def test_every_call_that_fails_or_is_the_last_loses_nothing(how: str) -> None:
    """F02 and F14: each call of a round, killed, failing with EIO, and with a full disk."""
    with TemporaryDirectory(dir="/dev/shm") as folder:
        for at, point in enumerate(points()):
            assert check_point(Path(folder) / str(at), *point, how), f"the fault at {point} never fired"
