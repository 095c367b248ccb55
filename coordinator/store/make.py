"""Touches the world: makes a store, brings its tables to the newest revision, or takes them back to an older one."""

from coordinator.store.migrate import migrate
from coordinator.store.place import place_of
from coordinator.store.session import connect, make_file
from coordinator.store.store import Store


def make_store(url: str) -> None:
    """Make a store, or bring the one that is there to the newest tables; both whole or not at all.

    Raises: UnsupportedStore, StoreInUse, OpenToOthers, NewerSchema, UnsafeSettings, DatabaseUnreachable, StoreFailed.
    """
    place = place_of(url)
    if place.path is not None:
        make_file(place.path)
    with Store(place, connect(place)) as store, store.transaction() as connection:
        migrate(connection, place.name)


def revert_store(url: str, revision: str) -> None:
    """Take a store back to older tables, for an older version of this software; no row is lost.

    Raises: StoreNotEmpty, StoreMissing, StoreInUse, and what `open_store` raises.
    """
    place = place_of(url)
    with Store(place, connect(place)) as store, store.transaction() as connection:
        migrate(connection, place.name, revision=revision)
