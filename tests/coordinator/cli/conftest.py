"""The office and the partners of the commands' tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.coordinator.cli.town import Town


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """An office with its partners' folders, and nothing agreed yet."""
    made = Town(tmp_path, tmp_path / "partners")
    made.found()
    yield made
    for vault in made.vaults:
        vault.close()
