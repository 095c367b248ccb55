"""What an administrator of the database changes behind the triggers is named: at the next start, and by the audit."""

import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Connection, Insert, Update, delete, insert, update

from coordinator.office import open_office
from coordinator.publish import bundle_files
from coordinator.self_check import check_all
from coordinator.store.make import make_store, revert_store
from coordinator.store.place import place_of
from coordinator.store.session import connect
from coordinator.store.store import open_store
from coordinator.store.tables import (
    COVENANTS,
    DECLARATIONS,
    FRAMES,
    LOG_LEAVES,
    LOG_NODES,
    RELEASES,
    SHOWN_SIZES,
    SLOTS,
    STUDIES,
)
from privacy.audit.report import Outcome
from privacy.audit.verify import verify
from protocol.bundle import Audience
from protocol.digest import digest_of
from protocol.errors import SamenzichtError
from protocol.ledger.entry import ReleaseEntry
from protocol.ledger.merkle import leaf_hash
from protocol.ledger.tree import MerkleTree, completed_by
from protocol.release import SignedRelease
from protocol.round.member import WrongParticipants
from protocol.words.ids import Digest
from tests import example
from tests.coordinator.example_office import NOW, NOW_S, ExampleOffice, covenant
from tests.coordinator.store.contents import dump

FLIPS = 1_000
OPENING = {"older-schema", "newer-schema", "store-missing", "store-failed", "store-read-only", "unsafe-settings"}
# A size that a party was shown may become a smaller one: that party then gets no proof of growth from the size that it
# saw, and refuses the next PROPOSE. Nothing that was counted, signed or published hangs on it.
UNSIGNED = {"shown_sizes"}


@pytest.fixture
def office(place: str, tmp_path: Path) -> ExampleOffice:
    """Return an office that published one quarter, once on each database."""
    return published_in(tmp_path, place)


@pytest.fixture
def file_office(tmp_path: Path) -> ExampleOffice:
    """Return the same with its store in a file."""
    return published_in(tmp_path)


def published_in(home: Path, store: str | None = None) -> ExampleOffice:
    made = ExampleOffice(home)
    made.make(store)
    made.start()
    made.run_to_the_end()
    made.publish()
    return made


def edit(url: str, change: Callable[[Connection], None]) -> None:
    """Change rows as an owner of the database can: without the triggers, which he puts back."""
    revert_store(url, "0001")
    session = connect(place_of(url))
    if url.startswith("sqlite"):  # outside a transaction, or it does nothing
        link = session.connection.connection.driver_connection
        assert isinstance(link, sqlite3.Connection)
        link.execute("PRAGMA foreign_keys = OFF")
    else:
        session.connection.exec_driver_sql("SET session_replication_role = replica")
    change(session.connection)
    session.connection.commit()
    session.close()
    make_store(url)


def published(office: ExampleOffice) -> SignedRelease:
    with office.open(read_only=True) as store:
        (found,) = store.releases()
        return found


def forged(office: ExampleOffice) -> SignedRelease:
    """Return the release with one more in its first shown cell, under the old signature."""
    signed = published(office)
    table = signed.release.tables[0]
    place = next(place for place, cell in enumerate(table.cells) if cell.value is not None)
    value = table.cells[place].value
    assert value is not None
    cell = table.cells[place].model_copy(update={"value": value + 1})
    other = table.model_copy(update={"cells": (*table.cells[:place], cell, *table.cells[place + 1 :])})
    release = signed.release.model_copy(update={"tables": (other, *signed.release.tables[1:])})
    return signed.model_copy(update={"release": release})


def check(office: ExampleOffice) -> str:
    """Return what the start-up check said; it must refuse."""
    done = office.call("status", "--check", "--now", NOW)
    assert done.exit_code == 3, (done.stdout, done.exception)
    return done.stderr


def test_a_release_that_was_edited_with_its_digest_is_named_at_start_and_by_the_audit(office: ExampleOffice) -> None:
    """C10: SQL edit of a published figure; the check says which period, and the FG's audit which step."""
    office.done("status", "--check", "--now", NOW)  # negative control
    other = forged(office)
    digest = digest_of(other.release)
    edit(office.url, lambda rows: _run(rows, update(RELEASES).values(body=other.encode(), digest=digest)))
    assert "the release of 2026-Q1 (bad-signature)" in check(office)
    done = office.call("export", "--to", str(office.home / "out"))
    assert done.exit_code == 1
    assert "bundle-does-not-hold" in done.stderr
    assert not (office.home / "out").exists()
    with open_office(office.folder, read_only=True) as opened:
        report = verify(bundle_files(opened)[Audience.AUDIT], covenant_digest=digest_of(covenant()))
    failed = {(step.check.value, step.code) for step in report.steps if step.outcome is Outcome.FAILED}
    assert ("release", "bad-signature") in failed
    assert not report.holds  # what builds on the release is told as not checked


def test_a_ledger_row_that_was_edited_is_named_with_its_place(office: ExampleOffice) -> None:
    """C10, L06: another digest in the leaf of a release, with every node made to fit: the log says another root."""
    with office.open(read_only=True) as store:
        leaves = list(store.log.leaves())
    place = next(place for place, leaf in enumerate(leaves) if b'"release"' in leaf)
    changed = ReleaseEntry(slot=office.slot, release_digest=Digest("0" * 64)).encode()
    edit(
        office.url,
        lambda rows: _run(rows, update(LOG_LEAVES).values(body=changed).where(LOG_LEAVES.c.leaf_index == place)),
    )
    assert f"node {place} of level 0" in check(office)
    edit(office.url, lambda rows: _refill(rows, [*leaves[:place], changed, *leaves[place + 1 :]]))
    assert "the release of 2026-Q1 (not-logged)" in check(office)
    with open_office(office.folder, read_only=True) as opened:
        report = verify(bundle_files(opened)[Audience.AUDIT], covenant_digest=digest_of(covenant()))
    failed = {step.check.value for step in report.steps if step.outcome is Outcome.FAILED}
    assert {"logged", "heads"} & failed == {"logged"}  # heads are those of RESULT, before this leaf
    edit(office.url, lambda rows: _refill(rows, leaves))
    office.done("status", "--check", "--now", NOW)  # negative control: as it was, it holds


def test_a_release_that_was_removed_is_missed(office: ExampleOffice) -> None:
    """C10: a row that is gone is named, because the log still speaks of it."""
    edit(office.url, lambda rows: _run(rows, delete(RELEASES)))
    assert "1 releases of the log that are not there" in check(office)


def test_a_covenant_with_a_lower_n_min_is_refused_by_every_command(office: ExampleOffice) -> None:
    """C02: n_min lowered in the database, digest and all: nobody's signature holds, and nothing runs."""
    lower = covenant().model_copy(update={"minimum_participants": 2})
    signed = example.signed_covenant(covenant()).model_copy(update={"covenant": lower})
    digest = digest_of(lower)

    def change(rows: Connection) -> None:
        rows.execute(update(COVENANTS).values(body=signed.encode(), digest=digest))
        rows.execute(update(STUDIES).values(covenant_digest=digest))

    edit(office.url, change)
    for arguments in (("run", "2026-Q2", "--now", NOW), ("release", "2026-Q1"), ("status", "--now", NOW)):
        done = office.call(*arguments)
        assert done.exit_code == 3
        assert "the covenant (refusals)" in done.stderr


def test_a_frame_whose_signature_does_not_hold_is_named(office: ExampleOffice) -> None:
    with office.open(read_only=True) as store:
        slot = store.slot(office.slot)
    assert slot is not None
    body = bytearray(slot.uploads[example.VT])
    body[-1] ^= 1
    row = (FRAMES.c.kind == "upload") & (FRAMES.c.party == example.VT)
    edit(office.url, lambda rows: _run(rows, update(FRAMES).values(body=bytes(body)).where(row)))
    assert "a frame of the round of 2026-Q1" in check(office)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (
            update(FRAMES).values(slot="0" * 64).where(FRAMES.c.kind == "verdict"),
            "a frame of a round that is not there",
        ),
        (update(FRAMES).values(kind="abort").where(FRAMES.c.kind == "upload"), "a frame of the round of 2026-Q1"),
        (update(SLOTS).values(gone=example.VT), "the round of 2026-Q1 (other-place)"),
        (update(SLOTS).values(context="0" * 64), "the round of 2026-Q1 (other-place)"),
        (update(DECLARATIONS).values(period="2026-Q2"), "beside columns that are not its own"),
        (insert(SHOWN_SIZES).values(size=1_000), "sizes of the log that nobody can have been shown"),
    ],
    ids=["frame's slot", "frame's kind", "gone", "context", "period", "shown size"],
)
def test_a_column_that_repeats_what_was_signed_is_held_beside_it(
    office: ExampleOffice, change: Update | Insert, named: str
) -> None:
    """C10, L06: nobody signed these columns, but the signed body beside them says the same."""
    edit(office.url, lambda rows: _run(rows, change))
    assert named in check(office)


def test_a_signature_of_the_second_person_that_was_lost_or_replaced_stops_the_export(
    file_office: ExampleOffice,
) -> None:
    """A lost one can be given again, for the same key signs the same; another key's is refused."""
    office = file_office
    (word,) = (office.folder / "releases").glob("*.second")
    body = word.read_bytes()
    word.unlink()
    done = office.call("export", "--to", str(office.home / "out"))
    assert done.exit_code == 1
    assert "bundle-does-not-hold" in done.stderr
    again = ("approve-release", "2026-Q1", "--officer", example.SECOND, "--key")
    other = office.home / "other.key"
    other.write_text(example.secret("sign somebody").hex())
    assert office.call(*again, str(other)).exit_code == 1
    assert office.call(*again[:3], "Not An Id", "--key", str(other)).exit_code == 1
    assert not word.exists()
    office.done(*again, str(office.second_key()))
    assert word.read_bytes() == body
    office.done("export", "--to", str(office.home / "out"))
    for bundle in ("audit-bundle", "public-bundle"):
        (second,) = (office.home / "out" / bundle).rglob("second.json")
        assert second.read_bytes() == body


@pytest.mark.nightly
def test_a_thousand_flipped_bits_of_the_file_are_seen_or_change_nothing(file_office: ExampleOffice) -> None:
    """L06: each of 1,000 flips is refused at opening or named by the check, or changes no row at all."""
    print(f"L06: {dict(flips(file_office, FLIPS))}")  # noqa: T201 - figures of the night


def test_flipped_bits_of_the_file_are_seen_or_change_nothing(file_office: ExampleOffice) -> None:
    """L06: forty of the thousand flips of the night."""
    found = flips(file_office, 40)
    assert found["store-damaged"] >= 10  # negative control: some flips did hit rows


def flips(office: ExampleOffice, number: int) -> Counter[str]:
    """Flip so many bits, one at a time, and return how often each of the outcomes below came.

    store-damaged: the check or the database named it. OPENING: the store was not opened. nothing: no row changed, for
    the bit is of a free page or a header that is written anew. UNSIGNED: the flip is in a column that nobody signed and
    the check cannot know; it says why that is harmless. Any other outcome fails.
    """
    path = place_of(office.url).path
    assert path is not None
    with open_store(office.url) as store:
        before = dump(store)
    whole, chance, outcomes = path.read_bytes(), Random(6), Counter[str]()
    for _ in range(number):
        body = bytearray(whole)
        body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
        path.write_bytes(bytes(body))
        for name in ("-wal", "-shm"):
            path.with_name(path.name + name).unlink(missing_ok=True)
        try:
            with open_store(office.url) as store:
                check_all(store)
                after = dump(store)
        except SamenzichtError as error:
            outcomes[error.code] += 1
            continue
        changed = [name for name in before if before[name] != after[name]]
        assert set(changed) <= UNSIGNED
        outcomes[changed[0] if changed else "nothing"] += 1
    path.write_bytes(whole)
    assert set(outcomes) <= {"nothing", "store-damaged", *OPENING, *UNSIGNED}
    return outcomes


def _run(rows: Connection, statement: object) -> None:
    rows.execute(statement)  # type: ignore[call-overload]  # an update or a delete


def _refill(rows: Connection, leaves: list[bytes]) -> None:
    """Write a whole log anew, with nodes that fit."""
    rows.execute(delete(LOG_NODES))
    rows.execute(delete(LOG_LEAVES))
    tree = MerkleTree()
    for index, leaf in enumerate(leaves):
        rows.execute(insert(LOG_LEAVES).values(leaf_index=index, body=leaf))
        for node in completed_by(leaf_hash(leaf), size=index, node=tree.node):
            rows.execute(insert(LOG_NODES).values(level=node.level, node_index=node.index, digest=node.digest))
        tree.append(leaf)


def test_n_min_cannot_be_lowered_by_configuration_or_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C02: a key in the configuration is refused, the environment says nothing, and too few participants are refused.

    Five of six must answer; the nodes check the same (tests/protocol/round/test_hostile.py).
    """
    made = ExampleOffice(tmp_path)
    made.make()
    made.start()
    for party in (example.POLICE, example.WITNESS):
        del made.parties[party]  # they stay silent: four answer
    for name in ("MINIMUM_PARTICIPANTS", "SAMENZICHT_MINIMUM_PARTICIPANTS", "SAMENZICHT_COORDINATOR_N_MIN"):
        monkeypatch.setenv(name, "1")
    for _ in range(3):
        assert '"proposed"' in made.done("run", "2026-Q1", "--now", NOW, "--json").stdout
        made.carry()
    few, study = tuple(sorted(made.parties)), digest_of(made.study)
    with open_office(made.folder) as opened:
        session = opened.session()
        with pytest.raises(WrongParticipants):
            session.propose(study, example.QUARTER, few, expires_s=NOW_S + 3_600)
    config = made.folder / "coordinator.toml"
    config.write_text(config.read_text() + "minimum_participants = 1\n")
    done = made.call("run", "2026-Q1", "--now", NOW)
    assert done.exit_code == 1
    assert "unknown key 'minimum_participants'" in done.stderr
