"""Files of the coordinator are replaced whole, with their mode from the start."""

from pathlib import Path

import pytest

from coordinator.whole_file import write_whole


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_a_file_is_replaced_whole_with_its_mode(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "made" / "file"
    write_whole(path, b"one", mode=0o640)
    path.with_name("file.new").write_bytes(b"half, from a crash")
    write_whole(path, b"two", mode=mode)
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == mode
    assert list(path.parent.iterdir()) == [path]
