"""Files are replaced whole, for the node's user alone; a file that must be new is never written over."""

from pathlib import Path

import pytest

from partner_node.whole_file import fresh_file, whole_file, write_whole


def test_a_file_is_replaced_whole_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "made" / "file"
    write_whole(path, b"one")
    path.chmod(0o644)
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_block_that_raises_leaves_what_was_there_and_the_next_one_works(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"one")
    with pytest.raises(TypeError), whole_file(path) as file:
        file.writelines((b"tw", "o"))  # type: ignore[arg-type] # the second part is what fails
    assert path.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [path], "nothing half written stays"
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"


def test_a_file_that_must_be_new_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one")
    with pytest.raises(FileExistsError), fresh_file(path) as file:
        file.write(b"two")
    assert path.read_bytes() == b"one"
