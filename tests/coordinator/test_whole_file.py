"""Files of the coordinator are replaced whole, with their mode from the start."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from coordinator.whole_file import write_whole
from tests.house import source_files

PLAIN = {"write_bytes", "write_text"}  # they truncate first: a crash leaves half a file, or an empty one


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_file_is_replaced_whole_with_its_mode(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "made" / "file"
    write_whole(path, b"one", mode=0o640)
    path.with_name("file.new").write_bytes(b"half, from a crash")
    write_whole(path, b"two", mode=mode)
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == mode
    assert list(path.parent.iterdir()) == [path]


def plain_writes(source: str) -> Iterator[int]:
    """Yield the line of each call that writes a file in place."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in PLAIN:
            yield node.lineno


def test_no_file_of_the_coordinator_is_written_in_place() -> None:
    """What was signed or drafted is there whole or not at all, after a crash too."""
    assert [(path.name, *plain_writes(path.read_text())) for path in source_files("coordinator")] == [
        (path.name,) for path in source_files("coordinator")
    ]
    assert list(plain_writes("path.write_bytes(body)")) == [1]  # negative control
