"""Every reader of the node on damaged files: a value or a refusal by name, in little time and memory. D13."""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import pytest

from tests.house import ROOT
from tests.partner_node.fuzzed import damage
from tests.partner_node.fuzzed.damage import MOST_S, Escaped, check, read_damaged
from tests.partner_node.fuzzed.readers import READERS, Reader

PUSH_INPUTS = 300
FOUND = ROOT / "tests" / "vectors" / "readers"
BY_NAME = {reader.name: reader for reader in READERS}


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder in memory: what is read here is small and much."""
    memory = Path("/dev/shm")  # noqa: S108 - idem
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_a_damaged_file_is_read_or_refused_by_name(reader: Reader, place: Path) -> None:
    """D13 in small: 300 damaged files for each reader; good ones are read."""
    for seed in reader.seeds():
        assert not check(reader, place, seed)
    read, refused = read_damaged(reader, place, inputs=PUSH_INPUTS, seed=11)
    # The damage reaches what is read, and is not so great that nothing is left to read.
    assert min(read, refused) >= PUSH_INPUTS // 20


@pytest.mark.nightly
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_a_campaign_of_damaged_files_is_read_or_refused_by_name(reader: Reader, place: Path) -> None:
    """D13: a million inputs for each reader of text, fewer where one costs more: 0 other exceptions."""
    assert sum(read_damaged(reader, place, inputs=reader.inputs, seed=12)) == reader.inputs


@pytest.mark.parametrize(
    "path", sorted(path for path in FOUND.iterdir() if path.suffix != ".md"), ids=lambda path: path.name
)
def test_what_a_campaign_once_found_is_refused_by_name(path: Path, place: Path) -> None:
    """D13: every crash became a regression file."""
    assert check(BY_NAME[path.name.split("--")[0]], place, path.read_bytes())


HOARD: list[bytes] = []


def hoarding(path: Path) -> None:
    HOARD.append(path.read_bytes() * 100)


def slow(_path: Path) -> None:
    start = process_time()
    while process_time() - start <= MOST_S:
        pass


@pytest.mark.parametrize(
    ("read", "what"),
    [
        (lambda path: tomllib.loads(path.read_text(errors="replace")), "TOMLDecodeError"),
        (lambda path: path.read_text(encoding="ascii"), "UnicodeDecodeError"),
        (slow, " s for "),
        (hoarding, "memory grew"),
        (lambda _path: (_ for _ in ()).throw(SystemExit(1)), "SystemExit"),
    ],
)
def test_a_reader_that_lets_something_else_out_is_caught(
    read: Callable[[Path], object], what: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: the library's own errors, an exit, seconds for one file, memory that is kept."""
    monkeypatch.setattr(damage, "MOST_GROWTH_BYTES", 10 << 20)
    careless = replace(BY_NAME["mapping"], read=read)
    try:
        with pytest.raises(Escaped, match=what):
            read_damaged(careless, place, inputs=1_001, seed=1)
    finally:
        HOARD.clear()
