"""What tests of the coordinator may ask for: a place for a store, once on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.coordinator.store.cluster import Cluster

DATABASES = ("sqlite", pytest.param("postgresql", marks=pytest.mark.needs("postgresql")))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Return a running PostgreSQL server, for all tests of one process."""
    server = Cluster()
    server.make()
    yield server
    server.remove()


@pytest.fixture(params=DATABASES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a place where no store was made yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/coordinator/store.sqlite"
        return
    server: Cluster = request.getfixturevalue("cluster")
    url = server.new_database()
    yield url
    server.drop(url)
