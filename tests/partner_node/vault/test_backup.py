"""A backup holds no secret that could make a second payload; a restore asks the peers; a moved vault opens once."""

import shutil
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from partner_node.vault.backup import (
    AlreadyMoved,
    ChargesLost,
    OtherHistory,
    StillOpen,
    TooFewAnswers,
    backup,
    replace_machine,
    restore,
)
from partner_node.vault.book import spent
from partner_node.vault.carry_out import SecretsMissing, carry_out, load_commitment, load_memory, load_seed
from partner_node.vault.checks import BackupNotRestored, MovedAway, NotABackup, OtherOwner
from partner_node.vault.decisions import approvals, keep_approval
from partner_node.vault.failures import StorageFailed
from partner_node.vault.log import StoredTree
from partner_node.vault.vault import UnsafePermissions, Vault, VaultExists, open_vault
from partner_node.vault.years import close_year
from protocol.ledger.entry import AbortEntry, LockEntry, ResumedBy, ResumedEntry, parse_entry
from protocol.round.memory import Append
from protocol.round.messages import Attempt
from protocol.round.participant.lock import give_up
from protocol.round.transitions import OutOfOrder, State
from protocol.round.witness import ForkedLog, SeenHead, UnsettledSlot, check_head, open_note, signed_head
from protocol.words.ids import Digest, PartyId
from protocol.words.period import Period
from simulations.round_world import RoundWorld, Stuck
from tests import example
from tests.partner_node.vault.vault_party import UNITS, YEAR, CheckedShelf, keys, new_vault, owner, vault_party
from tests.rounds import EVERYONE, STUDY_DIGEST, propose, ready, send, slot_of, world

VT, WITNESS = example.VT, example.WITNESS
NONCE = Digest("7" * 64)
SECOND_QUARTER = Period("2026-Q2")
PEERS = [party for party in EVERYONE if party != VT]


def one_vault(folder: Path) -> RoundWorld:
    """Return a world in which Veilig Thuis has a vault and the others are in memory."""
    a_world = world()
    parties = {**a_world.parties, VT: vault_party(new_vault(folder))}
    return RoundWorld(a_world.coordinator, parties, a_world.chance)


def vault_of(a_world: RoundWorld) -> Vault:
    shelf = a_world.parties[VT].shelf
    assert isinstance(shelf, CheckedShelf)
    return shelf.vault


def head_of(vault: Vault) -> str:
    return signed_head(StoredTree(vault.connection), example.covenant(), VT, example.signing_key(VT))


def seen_by_peers(a_world: RoundWorld) -> dict[PartyId, str | None]:
    """Return what each other participant saw of this party's log."""
    heads = {party: a_world.parties[party].shelf.memory.heads.get(VT) for party in PEERS}
    return {party: head.note if head else None for party, head in heads.items()}


def backed_up(a_world: RoundWorld, folder: Path) -> Path:
    place = folder / "backups" / "vault.backup"
    backup(vault_of(a_world), place)
    return place


def restored(source: Path, folder: Path, seen: Mapping[PartyId, str | None], nonce: Digest = NONCE) -> Vault:
    place = folder / f"restored-{nonce[0]}" / "vault.sqlite"
    restore(source, place, owner(), covenant=example.covenant(), seen=seen, nonce=nonce)
    return open_vault(place, owner())


def go_on_with(a_world: RoundWorld, vault: Vault) -> None:
    """Let a party go on with a restored vault; it draws other chance than before."""
    assert isinstance(a_world.parties, dict)
    a_world.parties[VT] = vault_party(vault, VT, name_of_chance="after the restore")


def next_round(a_world: RoundWorld) -> RoundWorld:
    """Return the world with a channel to the parties that it has now."""
    return RoundWorld(a_world.coordinator, a_world.parties, a_world.chance, now_s=a_world.now_s + 1)


def state_after_restore(a_world: RoundWorld, folder: Path) -> tuple[Vault, State]:
    vault = restored(backed_up(a_world, folder), folder, seen_by_peers(a_world))
    return vault, load_memory(vault).slots[slot_of(a_world)].state


# --- what is in a backup ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.READY, State.LOCKED, State.SENT])
def test_a_backup_holds_no_seed_and_no_x_or_r_of_an_open_slot(tmp_path: Path, state: State) -> None:
    """N12, the backup: looked for byte by byte; in the vault itself they are found, which is the control."""
    a_world = one_vault(tmp_path)
    slot = slot_of(a_world)
    commit = ready(a_world)
    vault = vault_of(a_world)
    secrets = [load_seed(vault, slot), load_commitment(vault, slot).opening]
    if state is State.LOCKED:
        stop_before_work(a_world, commit)
    if state is State.SENT:
        send(a_world, EVERYONE, commit)
        secrets = [load_commitment(vault, slot).opening]
    assert load_memory(vault).slots[slot].state is state
    values = load_commitment(vault, slot).values.astype("<i8").tobytes()
    place = backed_up(a_world, tmp_path)
    body = place.read_bytes()
    vault.scrub()
    for secret in (*secrets, values):
        assert secret in vault.path.read_bytes()
        assert secret not in body
    assert place.stat().st_mode & 0o777 == 0o600
    assert [item.name for item in place.parent.iterdir()] == ["vault.backup"]


def stop_before_work(a_world: RoundWorld, commit: bytes) -> None:
    """Let a COMMIT in and cut the power before the upload."""
    victim = a_world.parties[VT]
    victim.crash_at = lambda point: (_ for _ in ()).throw(InterruptedError) if point == "before work" else None
    with pytest.raises(InterruptedError):
        victim.receive(commit, a_world.now_s)
    victim.crash_at = lambda _point: None


def test_a_backup_between_rounds_restores_the_book_the_log_and_the_opening_of_each_commitment(tmp_path: Path) -> None:
    a_world = one_vault(tmp_path)
    a_world.run(STUDY_DIGEST, example.QUARTER)
    before = vault_of(a_world)
    keep_approval(before, example.signed_approval())
    slot = slot_of(a_world)
    vault, state = state_after_restore(a_world, tmp_path)
    assert state is State.DONE
    assert spent(vault, YEAR, keys(*UNITS)).tolist() == [5, 0, 7]
    assert load_commitment(vault, slot).opening == load_commitment(before, slot).opening
    assert StoredTree(vault.connection).leaves()[:-1] == StoredTree(before.connection).leaves()
    last = parse_entry(StoredTree(vault.connection).leaves()[-1])
    assert isinstance(last, ResumedEntry)
    assert (last.cause, last.nonce) == ("restored", NONCE)
    assert approvals(vault, example.signed_approval().approval.study_digest) == ()  # an officer says it again
    assert load_memory(vault).heads == load_memory(before).heads
    vault.close()


def test_a_backup_is_not_a_vault_and_a_vault_is_not_a_backup(tmp_path: Path) -> None:
    """F06: each is refused where the other is asked for."""
    a_world = one_vault(tmp_path)
    place = backed_up(a_world, tmp_path)
    with pytest.raises(BackupNotRestored, match="restore"):
        open_vault(place, owner())
    live = vault_of(a_world).path
    vault_of(a_world).close()
    with pytest.raises(NotABackup):
        restored(live, tmp_path, seen_by_peers(a_world))
    with pytest.raises(OtherOwner):
        restore(
            place,
            tmp_path / "other" / "vault.sqlite",
            owner(example.POLICE),
            covenant=example.covenant(),
            seen=seen_by_peers(a_world) | {VT: None},
            nonce=NONCE,
        )
    assert not [item.name for item in tmp_path.glob("restored*/vault.sqlite")]


def test_a_backup_replaces_nothing_and_others_may_not_read_it(tmp_path: Path) -> None:
    a_world = one_vault(tmp_path)
    place = backed_up(a_world, tmp_path)
    digest = sha256(place.read_bytes())
    with pytest.raises(VaultExists):
        backup(vault_of(a_world), place)
    with pytest.raises(VaultExists):
        restore(
            place,
            vault_of(a_world).path,
            owner(),
            covenant=example.covenant(),
            seen=seen_by_peers(a_world),
            nonce=NONCE,
        )
    assert sha256(place.read_bytes()).digest() == digest.digest()
    place.chmod(0o640)
    with pytest.raises(UnsafePermissions):
        restored(place, tmp_path, seen_by_peers(a_world))
    place.parent.chmod(0o755)
    with pytest.raises(UnsafePermissions):
        backup(vault_of(a_world), place.with_name("second.backup"))


def test_a_backup_that_cannot_be_written_leaves_nothing_and_the_vault_goes_on(tmp_path: Path) -> None:
    a_world = one_vault(tmp_path)
    folder = tmp_path / "backups"
    folder.mkdir(mode=0o700)
    (folder / "vault.backup.new").mkdir()  # in the way of the new file, as a disk that fails would be
    with pytest.raises(StorageFailed):
        backup(vault_of(a_world), folder / "vault.backup")
    assert not (folder / "vault.backup").exists()
    (folder / "vault.backup.new").rmdir()
    backed_up(a_world, tmp_path)
    a_world.run(STUDY_DIGEST, example.QUARTER)


# --- what a restore asks and decides ---------------------------------------------------------------------------------


def test_a_backup_older_than_what_any_peer_saw_is_a_halt(tmp_path: Path) -> None:
    """F06: the older file; the round after it cost people budget that the backup knows nothing of."""
    a_world = one_vault(tmp_path)
    old = backed_up(a_world, tmp_path)
    a_world.run(STUDY_DIGEST, example.QUARTER)
    seen = seen_by_peers(a_world)
    for honest in PEERS:  # one that tells the truth is enough
        liars: dict[PartyId, str | None] = {party: None for party in PEERS if party != honest}
        with pytest.raises(ChargesLost, match=honest) as caught:
            restored(old, tmp_path, liars | {honest: seen[honest]})
        assert "FG" in caught.value.act
    assert not list(tmp_path.glob("restored*/vault.sqlite*"))
    # Negative control: if all of them hid it, the restore would not see it.
    restored(old, tmp_path, dict.fromkeys(PEERS)).close()


def test_a_restore_asks_so_many_that_one_is_honest_and_was_in_the_last_round(tmp_path: Path) -> None:
    """With N = 6, n_min = 5 and t = 1 three others are enough; the coordinator and this party do not count."""
    a_world = one_vault(tmp_path)
    a_world.run(STUDY_DIGEST, example.QUARTER)
    place, seen = backed_up(a_world, tmp_path), seen_by_peers(a_world)
    some = {party: seen[party] for party in PEERS[:2]}
    with pytest.raises(TooFewAnswers, match="at least 3"):
        restored(place, tmp_path, some | {example.COORDINATOR: seen[PEERS[2]], VT: seen[PEERS[2]]})
    restored(place, tmp_path, some | {PEERS[2]: seen[PEERS[2]]}).close()


def test_a_backup_of_another_history_is_a_halt(tmp_path: Path) -> None:
    a_world, other = one_vault(tmp_path / "a"), one_vault(tmp_path / "b")
    carry_out(vault_of(other), (Append(AbortEntry(slot=Digest("9" * 64), attempt=Attempt(0))),))
    a_world.run(STUDY_DIGEST, example.QUARTER)
    with pytest.raises(OtherHistory, match="one history"):
        restored(backed_up(other, tmp_path), tmp_path, seen_by_peers(a_world))


@pytest.mark.parametrize("state", [State.READY, State.LOCKED, State.SENT])
def test_a_slot_that_was_open_is_halted_charged_and_never_given_up(tmp_path: Path, state: State) -> None:
    a_world = one_vault(tmp_path)
    slot, commit = slot_of(a_world), ready(a_world)
    if state is State.LOCKED:
        stop_before_work(a_world, commit)
    if state is State.SENT:
        send(a_world, [VT], commit)
    vault, halted = state_after_restore(a_world, tmp_path)
    assert halted is State.HALTED
    assert spent(vault, YEAR, keys(*UNITS)).tolist() == [5, 0, 7]
    with pytest.raises(OutOfOrder):
        give_up(load_memory(vault).slots[slot], StoredTree(vault.connection))
    with pytest.raises(SecretsMissing):
        load_seed(vault, slot)
    go_on_with(a_world, vault)
    answers = a_world.parties[VT].receive(commit, a_world.now_s)
    assert answers == ((load_memory(vault).slots[slot].upload,) if state is State.SENT else ())
    assert a_world.parties[VT].restart(a_world.now_s) == ()
    locks = [item for item in map(parse_entry, StoredTree(vault.connection).leaves()) if isinstance(item, LockEntry)]
    assert [lock.slot for lock in locks] == [slot]
    assert spent(vault, YEAR, keys(*UNITS)).tolist() == [5, 0, 7]
    close_year(vault, YEAR)  # a halted slot does not keep a year open for ever
    vault.close()


def test_a_ready_put_back_without_a_restore_could_be_sent_and_given_up(tmp_path: Path) -> None:
    """Negative control: docs/protocol.md 10.6; the file as it was, and not the backup."""
    a_world = one_vault(tmp_path)
    slot, commit = slot_of(a_world), ready(a_world)
    vault_of(a_world).scrub()
    shutil.copytree(vault_of(a_world).path.parent, tmp_path / "copy")
    (upload,) = a_world.parties[VT].receive(commit, a_world.now_s)
    copy = open_vault(tmp_path / "copy" / "vault.sqlite", owner())
    go_on_with(a_world, copy)
    (abort,) = a_world.parties[VT].give_up(slot)
    assert upload
    assert abort
    copy.close()


@pytest.mark.parametrize("relayed", [True, False])
def test_peers_that_locked_go_on_with_a_restored_party_once_the_commit_is_relayed(
    tmp_path: Path,
    relayed: bool,  # noqa: FBT001 - a parametrized case
) -> None:
    """The restored READY locks without an upload; before that its peers refuse it, and so no charge is lost."""
    a_world = one_vault(tmp_path)
    commit = ready(a_world)
    send(a_world, [party for party in EVERYONE if party != VT], commit)
    vault, _ = state_after_restore(a_world, tmp_path)
    go_on_with(a_world, vault)
    later = next_round(a_world)
    if relayed:
        assert a_world.parties[VT].receive(commit, a_world.now_s) == ()
        later.run(STUDY_DIGEST, SECOND_QUARTER)
        assert spent(vault, YEAR, keys(*UNITS)).tolist() == [10, 0, 14]
    else:
        with pytest.raises(Stuck):
            later.run(STUDY_DIGEST, SECOND_QUARTER)
        assert {type(error) for _, error in later.channel.refused} == {UnsettledSlot}
    vault.close()


def test_two_vaults_restored_from_one_backup_contradict_each_other(tmp_path: Path) -> None:
    """A cloned machine: whoever sees the heads of both has the evidence."""
    a_world = one_vault(tmp_path)
    a_world.run(STUDY_DIGEST, example.QUARTER)
    place, seen = backed_up(a_world, tmp_path), seen_by_peers(a_world)
    one, two = restored(place, tmp_path, seen), restored(place, tmp_path, seen, Digest("8" * 64))
    first = open_note(head_of(one), example.covenant(), VT)
    known = SeenHead(first.size, first.root, head_of(one))
    with pytest.raises(ForkedLog) as caught:
        check_head(head_of(two), (), covenant=example.covenant(), party=VT, seen=known)
    assert caught.value.evidence == (head_of(one), head_of(two))
    one.close()
    two.close()


# --- another machine -------------------------------------------------------------------------------------------------


def test_a_moved_vault_goes_on_there_and_never_opens_here(tmp_path: Path) -> None:
    a_world = one_vault(tmp_path)
    a_world.run(STUDY_DIGEST, example.QUARTER)
    old, target = vault_of(a_world).path, tmp_path / "new machine" / "vault.sqlite"
    before = StoredTree(vault_of(a_world).connection).leaves()
    vault_of(a_world).close()
    replace_machine(old, owner(), target, nonce=NONCE)
    with pytest.raises(MovedAway, match="another machine"):
        open_vault(old, owner())
    vault = open_vault(target, owner())
    assert spent(vault, YEAR, keys(*UNITS)).tolist() == [5, 0, 7]
    assert StoredTree(vault.connection).leaves()[:-1] == before
    assert parse_entry(StoredTree(vault.connection).leaves()[-1]) == ResumedEntry(cause=ResumedBy.MOVED, nonce=NONCE)
    go_on_with(a_world, vault)
    next_round(a_world).run(STUDY_DIGEST, SECOND_QUARTER)
    assert spent(vault, YEAR, keys(*UNITS)).tolist() == [10, 0, 14]
    with pytest.raises(VaultExists):
        replace_machine(old, owner(), target, nonce=NONCE)
    second = tmp_path / "third machine" / "vault.sqlite"
    with pytest.raises(AlreadyMoved, match="start the node where it went"):
        replace_machine(old, owner(), second, nonce=NONCE)
    assert not second.exists(), "two vaults that go on from one would be two nodes of one party"
    vault.close()


def test_a_move_that_stops_half_way_leaves_no_vault_that_opens_and_can_be_finished(tmp_path: Path) -> None:
    a_world = one_vault(tmp_path)
    old, target = vault_of(a_world).path, tmp_path / "new" / "vault.sqlite"
    vault_of(a_world).close()
    target.with_name("vault.sqlite.new").mkdir(parents=True)
    target.parent.chmod(0o700)
    with pytest.raises(StorageFailed):
        replace_machine(old, owner(), target, nonce=NONCE)
    with pytest.raises(MovedAway):
        open_vault(old, owner())
    assert not target.exists()
    target.with_name("vault.sqlite.new").rmdir()
    with pytest.raises(AlreadyMoved):
        replace_machine(old, owner(), target, nonce=Digest("8" * 64))
    assert not target.exists(), "nobody said that the first move left no copy"
    replace_machine(old, owner(), target, nonce=Digest("8" * 64), again=True)
    vault = open_vault(target, owner())
    assert [parse_entry(leaf) for leaf in StoredTree(vault.connection).leaves()] == [
        ResumedEntry(cause=ResumedBy.MOVED, nonce=NONCE)
    ]
    vault.close()


def test_a_vault_with_an_open_slot_does_not_move(tmp_path: Path) -> None:
    a_world = one_vault(tmp_path)
    send(a_world, [VT], propose(a_world))
    old = vault_of(a_world).path
    vault_of(a_world).close()
    with pytest.raises(StillOpen):
        replace_machine(old, owner(), tmp_path / "new" / "vault.sqlite", nonce=NONCE)
    open_vault(old, owner()).close()
