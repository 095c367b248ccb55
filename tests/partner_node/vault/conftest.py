"""What the tests of the vault share."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _forgotten_vaults_close_here() -> Iterator[None]:
    """Close what a test leaves open. A vault closes itself when it is forgotten, as its own thread alone may.

    Many stand in a circle with the world of their round; a thread of another test could be the one that finds them.
    """
    yield
    gc.collect()
