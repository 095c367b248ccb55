"""What every test of the store gets: a made store, once on each database; the empty place is the folder's above."""

from collections.abc import Iterator

import pytest

from coordinator.store.make import make_store
from coordinator.store.store import Store, open_store


@pytest.fixture
def url(place: str) -> str:
    """Return the URL of an empty store."""
    make_store(place)
    return place


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """Return an empty store that is open."""
    with open_store(url) as opened:
        yield opened
