"""Opening a store: where it is, who may write, what it must be like, and that a password is shown to nobody."""

import resource
import stat
import traceback
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import OperationalError

from coordinator.store.failures import (
    DatabaseUnreachable,
    OpenToOthers,
    RuleBroken,
    StoreDamaged,
    StoreFailed,
    StoreInUse,
    StoreMissing,
    StoreReadOnly,
    UnsafeSettings,
    UnsupportedStore,
)
from coordinator.store.make import make_store
from coordinator.store.place import place_of
from coordinator.store.store import Store, open_store
from protocol.errors import SamenzichtError
from tests import example
from tests.coordinator.store.cluster import PASSWORD, Cluster
from tests.coordinator.store.contents import dump, fill, steps, with_frames
from tests.partner_node.vault.killed import Tell, in_child

SECRET = "geh31m-w00rd"  # noqa: S105 - looked for in every text below


def test_a_second_writer_is_refused_until_the_first_one_is_gone(url: str) -> None:
    first = open_store(url)
    with pytest.raises(StoreInUse):
        open_store(url)
    with pytest.raises(StoreInUse):
        make_store(url)
    first.close()
    open_store(url).close()


def test_a_second_writer_in_another_process_is_refused(url: str) -> None:
    def work(tell: Tell) -> None:
        with pytest.raises(StoreInUse):
            open_store(url)
        tell(b"refused")

    with open_store(url):
        assert in_child(work).told == (b"refused",)


def test_readers_see_what_is_durable_beside_the_writer_and_change_nothing(url: str) -> None:
    with open_store(url) as writer, open_store(url, read_only=True) as reader:
        fill(writer)
        assert reader.slots() == writer.slots()
        with pytest.raises(StoreReadOnly):
            reader.keep_geography(example.geography().model_copy(update={"year": 2025}))
        with open_store(url, read_only=True) as another:
            assert dump(another) == dump(writer)


def test_a_closed_store_says_so(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreFailed, match="closed"):
        store.shown()


def test_a_store_is_never_made_by_opening_it(place: str) -> None:
    with pytest.raises(StoreMissing):
        open_store(place)
    make_store(place)
    make_store(place)  # again: nothing
    with open_store(place) as store:
        assert store.slots() == ()


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file.sqlite?mode=memory",
        "sqlite://host/file.sqlite",
        f"mysql://gemeente:{SECRET}@host/store",
        f"postgresql://gemeente:{SECRET}@host",
        f"postgresql://gemeente:{SECRET}@host:port/store",
        f"no url {SECRET}",
        "",
    ],
)
def test_another_kind_of_url_is_refused_without_showing_it(url: str) -> None:
    for use in (open_store, make_store):
        with pytest.raises(UnsupportedStore) as refused:
            use(url)
        assert_hidden(SECRET, refused.value)


@pytest.mark.needs("postgresql")
def test_a_password_is_in_no_error_and_no_repr(cluster: Cluster) -> None:
    right = cluster.new_database()
    make_store(right)
    with open_store(right) as store:
        assert_hidden(PASSWORD, store, place_of(right))
        store.keep_slot(steps()[1])
        with pytest.raises(RuleBroken) as broken:
            store.keep_slot(with_frames(steps()[1], "readies", {example.VT: SECRET.encode()}))
        assert_hidden(SECRET, broken.value)
        assert_hidden(PASSWORD, broken.value)
    unreachable = (
        cluster.url("store_0", password=SECRET),
        f"postgresql://keeper@/store_0?host={cluster.folder}&password={SECRET}",
        f"postgresql://keeper:{SECRET}@127.0.0.1:1/store_0",
        f"postgresql://keeper:{SECRET}@/store_0?host={cluster.folder}/absent&no_such_option={SECRET}",
    )
    for url in unreachable:
        with pytest.raises(DatabaseUnreachable) as refused:
            open_store(url)
        assert_hidden(SECRET, refused.value, place_of(url))


def test_the_library_itself_would_show_what_it_was_given() -> None:
    """Negative control: without our own errors a value is in the trace."""
    engine = create_engine("sqlite://", poolclass=NullPool)
    with pytest.raises(OperationalError) as shown, engine.connect() as connection:
        connection.execute(text("SELECT * FROM nowhere WHERE word = :word"), {"word": SECRET})
    assert shows(SECRET, shown.value)


def shows(secret: str, thing: object) -> bool:
    texts = [str(thing), repr(thing)]
    if isinstance(thing, BaseException):
        texts += traceback.format_exception(thing)
    return any(secret in text for text in texts)


def assert_hidden(secret: str, *things: object) -> None:
    for thing in things:
        assert not shows(secret, thing)
        if isinstance(thing, SamenzichtError):
            assert secret not in f"{thing.got} {thing.wanted} {thing.act} {thing.hint}"
            assert thing.__cause__ is None


def file_of(url: str) -> Path:
    path = place_of(url).path
    assert path is not None
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Return the URL of an empty store in a file."""
    url = f"sqlite:///{tmp_path}/coordinator/store.sqlite"
    make_store(url)
    return url


def test_only_the_owner_may_read_the_files_of_a_store(sqlite_url: str) -> None:
    with open_store(sqlite_url) as store:
        fill(store)
        folder = file_of(sqlite_url).parent
        modes = {item.name: stat.S_IMODE(item.stat().st_mode) for item in folder.iterdir()}
        names = ("store.sqlite", "store.sqlite-lock", "store.sqlite-shm", "store.sqlite-wal")
        assert modes == dict.fromkeys(names, 0o600)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o400])
def test_a_file_or_folder_that_others_may_read_is_refused(sqlite_url: str, mode: int) -> None:
    path = file_of(sqlite_url)
    path.chmod(mode)
    with pytest.raises(OpenToOthers, match=r"store\.sqlite"):
        open_store(sqlite_url)
    path.chmod(0o600)
    path.parent.chmod(0o750)
    with pytest.raises(OpenToOthers, match="coordinator"):
        make_store(sqlite_url)


def test_a_file_that_is_no_database_is_named(sqlite_url: str) -> None:
    path = file_of(sqlite_url)
    path.write_bytes(b"no database at all, and long enough to have a header of one" * 10)
    with pytest.raises(StoreDamaged):
        open_store(sqlite_url)


def test_a_full_disk_leaves_the_old_state_and_the_store_opens_again(sqlite_url: str) -> None:
    """F07 at the coordinator: no byte may be written past a limit; the step fails whole and the store closes."""
    slot = with_frames(steps()[1], "uploads", {example.VT: bytes(1 << 20)})

    def work(tell: Tell) -> None:
        with open_store(sqlite_url) as store:
            store.keep_slot(steps()[1])
            resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
            for _ in range(2):  # the second time the store is closed: a failed write is never tried again
                with pytest.raises(StoreFailed):
                    store.keep_slot(slot, showed=5)
            tell(b"refused twice")

    assert in_child(work).told == (b"refused twice",)
    with open_store(sqlite_url) as store:
        assert (store.slots(), store.shown()) == ((steps()[1],), ())
        store.keep_slot(slot, showed=5)
        assert store.shown() == (5,)


@pytest.mark.needs("postgresql")
def test_a_server_that_stops_loses_nothing_and_the_store_opens_again(cluster: Cluster) -> None:
    url = cluster.new_database()
    make_store(url)
    store = open_store(url)
    store.keep_slot(steps()[0])
    cluster.stop()
    try:
        with pytest.raises(DatabaseUnreachable):
            store.keep_slot(steps()[1], showed=5)
        with pytest.raises(StoreFailed, match="closed"):
            store.shown()
        with pytest.raises(DatabaseUnreachable):
            open_store(url)
    finally:
        cluster.start()
    with open_store(url) as store:
        assert (store.slots(), store.shown()) == ((steps()[0],), ())
        store.keep_slot(steps()[1], showed=5)
        assert store.slots() == (steps()[1],)


@pytest.mark.needs("postgresql")
@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_server_that_does_not_sync_is_refused(cluster: Cluster, setting: str) -> None:
    url = cluster.new_database()
    make_store(url)
    cluster.set(setting, "off")
    try:
        with pytest.raises(UnsafeSettings, match=setting):
            open_store(url)
    finally:
        cluster.set(setting, "on")
    open_store(url).close()


@pytest.mark.needs("postgresql")
def test_a_server_that_answers_before_it_syncs_is_told_not_to(cluster: Cluster) -> None:
    url = cluster.new_database()
    make_store(url)
    cluster.set("synchronous_commit", "off")
    try:
        with open_store(url) as store, store.transaction() as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on"
    finally:
        cluster.set("synchronous_commit", "on")


def test_a_step_that_is_interrupted_is_undone_and_the_store_goes_on(store: Store) -> None:
    def stopped_by(stop: type[BaseException]) -> None:
        with store.transaction():
            store.keep_slot(steps()[0])
            raise stop

    for stop in (KeyboardInterrupt, MemoryError):
        with pytest.raises(stop):
            stopped_by(stop)
    assert store.slots() == ()
    store.keep_slot(replace(steps()[0]))
    assert store.slots() == (steps()[0],)
