"""Too little memory, too few files, no rights, a thousand repeats, many spenders: charged once, and never beyond."""

import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from io import FileIO
from multiprocessing import get_context
from multiprocessing.pool import Pool
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from time import sleep

import numpy as np
import pytest

from partner_node.errors import VaultFault, VaultRefusal
from partner_node.vault.book import Charges, spent
from partner_node.vault.carry_out import Frozen, carry_out
from partner_node.vault.failures import StorageFailed, VaultInUse
from partner_node.vault.vault import make_vault, open_vault
from protocol.round.memory import BookCharges, Remember, SlotMemory
from protocol.round.messages import Attempt
from protocol.round.transitions import State
from protocol.words.ids import Digest
from tests.house import ROOT
from tests.partner_node.vault.killed import Tell, in_child
from tests.partner_node.vault.test_crash import Restarted, copied, many_charges, script, whole
from tests.partner_node.vault.vault_party import UNITS, YEAR, dump, keys, owner, played, vault_party
from tests.rounds import START_S

UNIT, CAP, PROCESSES, EACH = keys("household-1"), 1_000, 8, 1_000
NOBODY = 65534
WIDE = Digest("7" * 64)


def processes() -> Pool:
    """Return eight processes of a server that has only this module: nothing of ours comes along."""
    context = get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context.Pool(PROCESSES)


def spend(path: Path, slot: Digest, *, nano_rho: int = 1) -> bool:
    """Spend once if the cap allows it; False when not, VaultInUse when another process has the vault."""
    vault = open_vault(path, owner())
    try:
        if spent(vault, YEAR, UNIT)[0] + nano_rho > CAP:
            return False
        charges = Charges(YEAR, UNIT, np.array([nano_rho], dtype=np.int64))
        frozen = Frozen(slot, np.zeros(1, dtype=np.int64), b"r" * 32, b"s" * 32, charges, b"t" * 32)
        carry_out(vault, (Remember(SlotMemory(slot, State.READY, Attempt(0))),), frozen=frozen)
        carry_out(vault, (BookCharges(slot),))
        return True
    finally:
        vault.close()


def spend_often(path: Path, many: int, nano_rho: int, number: int) -> int:
    """Spend `many` times, waiting while another process has the vault; return how often it was allowed."""
    allowed = 0
    for turn in range(many):
        while True:
            try:
                allowed += spend(path, Digest(f"{number * many + turn:064x}"), nano_rho=nano_rho)
                break
            except VaultInUse:
                sleep(0.002)  # so that the one who has it gets the processor
    return allowed


def read_then_write(path: Path, many: int, _number: int) -> int:
    """Do the same on a plain table, the amount read in one transaction and written in the next: the seeded bug."""
    allowed = 0
    with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as connection:
        for _ in range(many):
            (amount,) = connection.execute("SELECT amount FROM book").fetchone()
            if amount < CAP:
                connection.execute("UPDATE book SET amount = ?", (amount + 1,))
                allowed += 1
    return allowed


def test_processes_that_spend_at_once_never_pass_the_cap(tmp_path: Path) -> None:
    """A07: the vault has one process at a time; eight that take turns spend exactly the cap, 40 of 80 tries."""
    path = copied(tmp_path)
    with processes() as pool:
        allowed = pool.map(partial(spend_often, path, 10, CAP // 40), range(PROCESSES), chunksize=1)
    assert sum(allowed) == 40
    vault = open_vault(path, owner())
    assert spent(vault, YEAR, UNIT).tolist() == [CAP]
    vault.close()


@pytest.mark.nightly
def test_eight_processes_of_a_thousand_tries_spend_exactly_a_thousand() -> None:
    """A07: 8 processes x 1,000 tries of 1 nano-rho on a cap of 1,000; the control below is the same without a lock."""
    with TemporaryDirectory(dir="/dev/shm") as folder:
        path = copied(Path(folder))
        with processes() as pool:
            allowed = pool.map(partial(spend_often, path, EACH, 1), range(PROCESSES), chunksize=1)
        assert sum(allowed) == CAP
        vault = open_vault(path, owner())
        assert spent(vault, YEAR, UNIT).tolist() == [CAP]
        vault.close()


def test_reading_first_and_writing_then_passes_the_cap(tmp_path: Path) -> None:
    """Negative control of A07: 8 processes of 1,000 tries each on a cap of 1,000."""
    path = tmp_path / "plain.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE book (amount INTEGER)")
        connection.execute("INSERT INTO book VALUES (0)")
    with processes() as pool:
        allowed = pool.map(partial(read_then_write, path, EACH), range(PROCESSES), chunksize=1)
    assert sum(allowed) > CAP


def test_the_same_round_a_thousand_times_is_one_charge_and_the_same_bytes(tmp_path: Path) -> None:
    """A05: 500 proposals, then 1,000 messages of a slot that is sent: one charge, the same bytes each time."""
    vault = open_vault(copied(tmp_path), owner())
    party = vault_party(vault)
    propose, commit = script()[:2]
    (first,) = party.receive(propose, START_S)
    assert {party.receive(propose, START_S) for _ in range(500)} == {(first,)}
    (upload,) = party.receive(commit, START_S)
    before = dump(vault)
    assert {party.receive(body, START_S) for _ in range(500) for body in (propose, commit)} == {(upload,)}
    assert spent(vault, YEAR, keys(*UNITS)).tolist() == [5, 0, 7]
    assert dump(vault) == before
    vault.close()


def test_another_user_can_read_nothing(tmp_path: Path) -> None:
    """N12: as root we may become somebody else; the control is that the same child reads a public file."""
    if os.getuid() != 0:
        pytest.skip("only root can become another user")
    path = copied(tmp_path / "open to all")
    for folder in (*path.parent.parents[:2], path.parent.parent):
        folder.chmod(0o755)
    path.parent.chmod(0o700)
    public = path.parent.parent / "public"
    public.write_text("read me")
    public.chmod(0o644)

    def look(tell: Tell) -> None:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        for wanted in (path, path.parent):
            try:
                os.open(wanted, os.O_RDONLY)
            except PermissionError:
                tell(b"refused")
        with pytest.raises((VaultFault, VaultRefusal, PermissionError)):
            open_vault(path, owner())
        tell(b"not opened")

    assert in_child(look).told == (b"refused", b"refused", b"not opened")
    assert oct(path.stat().st_mode & 0o777) == "0o600"


def test_too_few_files_or_too_little_memory_is_a_clean_stop_and_what_was_spent_stays(tmp_path: Path) -> None:
    """F10: no descriptor is left, then 10 MB above what the process has; the next start goes on."""
    path = copied(tmp_path)
    assert spend(path, Digest("1" * 64), nano_rho=7)

    def without_files(tell: Tell) -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
        with pytest.raises(StorageFailed, match="CANTOPEN"):
            open_vault(path, owner())
        tell(b"stopped")

    def without_memory(tell: Tell) -> None:
        vault = open_vault(path, owner())
        # Writing x takes as much again in one piece, which no freed memory of this process can hold.
        wide = Frozen(
            WIDE, np.zeros(50_000_000, dtype=np.int64), b"r" * 32, b"s" * 32, many_charges(1, 3).charges, b"t" * 32
        )
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + 10 * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        with pytest.raises((MemoryError, StorageFailed)):
            carry_out(vault, (Remember(SlotMemory(WIDE, State.READY, Attempt(0))),), frozen=wide)
        tell(b"stopped")

    for work in (without_files, without_memory):
        assert in_child(work).told == (b"stopped",)
        vault = open_vault(path, owner())
        assert spent(vault, YEAR, UNIT).tolist() == [7]
        vault.close()


MIB = 1 << 20
STEPS = (
    *((resource.RLIMIT_AS, step * MIB) for step in (100, 160, 200, 600)),
    *((resource.RLIMIT_NOFILE, step) for step in (5, 8, 32)),
)


def test_memory_and_files_in_steps_end_a_round_whole_or_cleanly_and_the_next_start_goes_on(tmp_path: Path) -> None:
    """F10: 100 to 600 MB of memory, 3 to 32 files: only true answers leave, spends stay, the round is finished."""
    messages = tmp_path / "script"
    messages.write_text("\n".join(body.hex() for body in script()))
    ended: dict[tuple[int, int], str] = {}
    for at, step in enumerate(STEPS):
        path = copied(tmp_path / str(at))
        assert spend(path, Digest("1" * 64), nano_rho=3)
        done = subprocess.run(
            [sys.executable, "-m", "tests.partner_node.vault.starved", path, messages],
            capture_output=True,
            check=False,
            cwd=ROOT,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # it interrupts the program that cannot start its threads
            preexec_fn=partial(resource.setrlimit, step[0], (step[1], step[1])),
        )
        assert done.returncode >= 0, f"{step}: it ends by itself, not by a signal"
        *told, ended[step] = done.stdout.decode().splitlines() or ["not loaded"]
        vault = open_vault(path, owner())
        party = vault_party(vault, kind=Restarted)
        again = (*party.restart(START_S), *played(party, script()[max(len(told) - 1, 0) :], START_S))
        assert {bytes.fromhex(line) for line in told} | set(again) == set(whole().answers), step
        # Household 1 had spent 3, and 5 in the round: once, whatever stopped it.
        assert spent(vault, YEAR, keys(*UNITS)).tolist() == [8, 0, 7], step
        vault.close()
    assert ended[resource.RLIMIT_AS, 600 * MIB] == ended[resource.RLIMIT_NOFILE, 32] == "done"
    assert ended[resource.RLIMIT_AS, 100 * MIB] != "done"
    assert ended[resource.RLIMIT_NOFILE, 5] != "done"


def test_a_round_needs_no_thread(tmp_path: Path) -> None:
    """F10: where no thread can be started a round ends as ever. The control: a thread cannot be started."""

    def refuse(_thread: Thread) -> None:
        raise RuntimeError("can't start new thread")

    def work(tell: Tell) -> None:
        Thread.start = refuse  # type: ignore[method-assign,assignment]  # in this child only
        with pytest.raises(RuntimeError):
            Thread(target=print).start()
        vault = open_vault(path, owner())
        for answer in played(vault_party(vault), script(), START_S):
            tell(answer)
        vault.close()

    path = copied(tmp_path)
    assert in_child(work).told == whole().answers


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, TimeoutError, MemoryError])
def test_an_interrupt_at_each_point_of_a_round_is_as_a_crash(tmp_path: Path, stop: type[BaseException]) -> None:
    """F05: raised at each named point in turn; the party goes on in the same process, with the same bytes."""
    points = 0
    for at in range(1, 100):
        vault = open_vault(copied(tmp_path / str(at)), owner())
        party = vault_party(vault, kind=Restarted)
        party.crash_at = partial(_stop_at, [0], at, stop)
        told, stopped = set[bytes](), False
        for body in script():
            try:
                told.update(party.receive(body, START_S))
            except stop:
                stopped = True
                told.update(party.restart(START_S))
                told.update(party.receive(body, START_S))
        assert told == set(whole().answers)
        assert dump(vault) == whole().states[-1]
        vault.close()
        if not stopped:
            break
        points = at
    assert points >= 15


def _stop_at(count: list[int], at: int, stop: type[BaseException], _point: str) -> None:
    count[0] += 1
    if count[0] == at:
        raise stop


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB; where mounting is not permitted the test is left out by name."""
    place = tmp_path / "small"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", place], check=False)
    if made.returncode:
        pytest.skip("mounting a tmpfs is not permitted here")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


@pytest.fixture
def ext4_disk(tmp_path: Path) -> Iterator[Path]:
    """An ext4 file system of 16 MiB in a file, with a journal of its own."""
    place, image = tmp_path / "ext4", tmp_path / "ext4.img"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(16 * 2**20)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", image], check=True)
    made = subprocess.run(["mount", "-o", "loop", image, place], check=False)
    if made.returncode:
        pytest.skip("mounting a file as a disk is not permitted here")
    place.chmod(0o700)
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


@pytest.mark.parametrize("disk", ["small_disk", "ext4_disk"])
def test_a_small_disk_that_fills_up_refuses_whole_and_goes_on_when_there_is_room(
    disk: str, request: pytest.FixtureRequest
) -> None:
    """F07: a real full disk, for the freeze and for a vault that is made; then room again, and one charge."""
    small = Path(request.getfixturevalue(disk))
    path = copied(small)
    filler = small / "filler"
    fill(filler)
    allowed = spent_until_refused(path)
    with pytest.raises(StorageFailed):
        make_vault(path.with_name("second.sqlite"), owner())
    assert {item.name for item in path.parent.iterdir()} <= {"vault.sqlite", "vault.sqlite-wal", "second.sqlite.new"}
    filler.unlink()
    assert spend(path, Digest("1" * 64), nano_rho=7)
    vault = open_vault(path, owner())
    assert spent(vault, YEAR, UNIT).tolist() == [allowed + 7]
    vault.close()


def fill(filler: Path) -> None:
    """Write until the disk takes no more."""
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        _fill(file)


def spent_until_refused(path: Path) -> int:
    """Return how often it was spent before the disk took no more; the last block may have room for some."""
    for slot in range(100):
        try:
            spend(path, Digest(f"{slot:064x}"))
        except StorageFailed:
            return slot
    raise AssertionError("a full disk that takes a hundred spends")


def _fill(file: FileIO) -> None:
    while True:
        file.write(bytes(2**12))


def remounted(place: Path, option: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{option}", place], check=True)


def test_a_disk_without_a_free_inode_or_read_only_refuses_and_goes_on_after_it(small_disk: Path) -> None:
    """F07: no name for the journal, then no right to write; each time the spends are as they were."""
    path = copied(small_disk)
    assert spend(path, Digest("1" * 64), nano_rho=7)
    used = sum(1 for _ in small_disk.rglob("*")) + 1
    remounted(small_disk, f"nr_inodes={used}")
    with pytest.raises(StorageFailed):
        spend(path, Digest("2" * 64), nano_rho=1)
    remounted(small_disk, "nr_inodes=0")
    remounted(small_disk, "ro")
    with pytest.raises((StorageFailed, VaultFault, VaultRefusal)):
        spend(path, Digest("2" * 64), nano_rho=1)
    remounted(small_disk, "rw")
    vault = open_vault(path, owner())
    assert spent(vault, YEAR, UNIT).tolist() == [7]
    vault.close()
    assert spend(path, Digest("2" * 64), nano_rho=1), "the control: with names and rights the same is done"
