"""The source of chance: its bytes, its health checks, and that no two holders ever share bytes."""

import copy
import ctypes
import multiprocessing
import os
import pickle
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from hashlib import sha512

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from privacy import randomness
from privacy.noise import draw
from privacy.randomness import (
    LANES,
    ForeignUse,
    RandomSource,
    SourceExhausted,
    UnhealthySystemSource,
    WrongKeyLength,
    fresh_bytes,
    fresh_source,
)
from tests.reference.aes256 import encrypt_block, keystream

FIPS_197_KEY = bytes(range(32))
DRAWS = 10_000
WORKERS = 16


def shared_windows(streams: list[bytes]) -> int:
    """Return how many 64-bit windows, at any byte, occur more than once over all streams."""
    windows = np.concatenate(
        [sliding_window_view(np.frombuffer(stream, dtype=np.uint8), 8).copy().view("<u8").ravel() for stream in streams]
    )
    return int(windows.size - np.unique(windows).size)


def in_children(work: Callable[[], bytes], *, count: int, fork: Callable[[], int] = os.fork) -> list[bytes]:
    """Run `work` in forked children that live at the same time, and return what each gave."""
    children: list[tuple[int, int]] = []
    for _ in range(count):
        read_end, write_end = os.pipe()
        if (child := fork()) == 0:
            with os.fdopen(write_end, "wb") as pipe:
                try:
                    pipe.write(work())
                except ForeignUse:
                    pipe.write(b"refused")
            os._exit(0)
        os.close(write_end)
        children.append((child, read_end))
    answers = []
    for child, read_end in children:
        with os.fdopen(read_end, "rb") as pipe:
            answers.append(pipe.read())
        os.waitpid(child, 0)
    return answers


def fresh_draw_bytes(_worker: int = 0) -> bytes:
    """Return the bytes that 10,000 draws of a new source use, after drawing with another one."""
    draw(Fraction(2500), DRAWS, fresh_source())
    return fresh_source().take(2 * DRAWS, lane=0)


def test_aes_reference_gives_the_example_of_fips_197() -> None:
    # FIPS 197, appendix C.3.
    block = encrypt_block(FIPS_197_KEY, bytes.fromhex("00112233445566778899aabbccddeeff"))
    assert block.hex() == "8ea2b7ca516745bfeafc49904b496089"


@pytest.mark.parametrize("lane", range(LANES))
def test_a_lane_is_the_counter_mode_keystream_of_a_second_implementation(lane: int) -> None:
    source = RandomSource(FIPS_197_KEY)
    assert source.take(1000, lane=lane) == keystream(FIPS_197_KEY, lane=lane, n_bytes=1000)


def test_the_bytes_of_a_lane_do_not_depend_on_how_they_are_taken() -> None:
    whole, parts = RandomSource(FIPS_197_KEY), RandomSource(FIPS_197_KEY)
    expected = whole.take(1000, lane=1)
    taken = b""
    for n_bytes in (0, 1, 15, 16, 17, 51, 900):
        parts.take(7, lane=0)
        taken += parts.take(n_bytes, lane=1)
    assert taken == expected


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_of_another_length_is_refused_without_naming_it(length: int) -> None:
    with pytest.raises(WrongKeyLength, match=f"got a key of {length} bytes, wanted 32") as refusal:
        RandomSource(b"\xab" * length)
    assert "ab" * 4 not in str(refusal.value)


def test_a_source_shows_nothing_of_its_key() -> None:
    assert "000102" not in repr(RandomSource(FIPS_197_KEY))
    assert repr(RandomSource(FIPS_197_KEY)).startswith("<privacy.randomness.RandomSource object")


def test_a_key_gives_no_more_than_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert randomness.MAX_LANE_BYTES == 68_719_476_736
    monkeypatch.setattr(randomness, "MAX_LANE_BYTES", 100)
    source = RandomSource(FIPS_197_KEY)
    source.take(99, lane=0)
    with pytest.raises(SourceExhausted, match="at most 100 bytes a lane"):
        source.take(2, lane=0)
    assert len(source.take(1, lane=0)) == 1  # a refused request takes nothing


# --- M11: a broken system source ---


def _raising(error: Exception) -> Callable[[int], bytes]:
    def answer(_n_bytes: int) -> bytes:
        raise error

    return answer


def _counting() -> Callable[[int], bytes]:
    """Return a source that runs dry after its first answer."""
    answers: Iterator[bytes] = iter([bytes(range(64))])
    return lambda n_bytes: next(answers, b"")[:n_bytes]


BROKEN_SOURCES = {
    "absent": _raising(NotImplementedError("no source")),
    "unreadable": _raising(OSError("no source")),
    "empty": lambda _n_bytes: b"",
    "short": lambda n_bytes: np.random.default_rng().bytes(n_bytes - 1),
    "exhausted": _counting(),
    "all zero": bytes,
    "constant but random to the eye": lambda n_bytes: sha512(b"stuck").digest()[:n_bytes],
    "nearly constant": lambda n_bytes: bytes(n_bytes - 1) + np.random.default_rng().bytes(1),
}


@pytest.mark.parametrize("name", BROKEN_SOURCES)
def test_a_broken_system_source_stops_noise_before_it_is_drawn(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """M11: a missing, short, constant or exhausted source raises; nothing is drawn."""
    monkeypatch.setattr(os, "urandom", BROKEN_SOURCES[name])
    with pytest.raises(UnhealthySystemSource, match="the administrator must repair this machine's random source"):
        draw(Fraction(4), 10, fresh_source())


def test_without_the_health_check_a_constant_source_would_repeat_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    """M11, control: the same broken source, unchecked, gives one noise twice."""
    monkeypatch.setattr(os, "urandom", BROKEN_SOURCES["constant but random to the eye"])
    twice = [draw(Fraction(4), 10, RandomSource(os.urandom(32))).tolist() for _ in range(2)]
    assert twice[0] == twice[1]


def test_a_healthy_system_source_passes_the_check() -> None:
    """M11: 10,000 healthy answers pass; the false-alarm rate is below 2^-60 each."""
    answers = {fresh_bytes(length) for length in (16, 32, 64) for _ in range(3_334)}
    assert len(answers) == 3 * 3_334


@pytest.mark.parametrize("length", [0, 15, 65])
def test_fresh_bytes_are_16_to_64(length: int) -> None:
    with pytest.raises(ValueError, match="16 to 64 possible"):
        fresh_bytes(length)


# --- M12: forks, threads, copies ---


def test_sixteen_forked_workers_share_no_window() -> None:
    """M12: sources made after a fork, 10,000 draws each; a chance match has probability below 1e-6."""
    streams = in_children(fresh_draw_bytes, count=WORKERS)
    assert [len(stream) for stream in streams] == [2 * DRAWS] * WORKERS
    assert shared_windows([*streams, fresh_draw_bytes()]) == 0


def test_spawned_and_pooled_workers_share_no_window() -> None:
    """M12: the same for spawned processes and for threads."""
    with multiprocessing.get_context("spawn").Pool(2) as processes:
        streams = processes.map(fresh_draw_bytes, range(4))
    with ThreadPoolExecutor(4) as threads:
        streams += threads.map(fresh_draw_bytes, range(8))
    assert shared_windows(streams) == 0


def test_the_window_check_catches_a_generator_that_forks_with_its_state() -> None:
    """M12, control: NumPy's generator gives every child the same bytes, and the check sees it."""
    generator = np.random.default_rng(7)
    streams = in_children(lambda: generator.bytes(2 * DRAWS), count=2)
    assert shared_windows(streams) == 2 * DRAWS - 7


@pytest.mark.parametrize("make", [fresh_source, lambda: RandomSource(FIPS_197_KEY)], ids=["fresh", "keyed"])
def test_a_child_that_inherits_a_source_is_refused_and_the_parent_goes_on(make: Callable[[], RandomSource]) -> None:
    """M12: a fork in the middle of drawing."""
    source = make()
    source.take(100, lane=0)
    assert in_children(lambda: source.take(100, lane=0), count=2) == [b"refused", b"refused"]
    assert len(source.take(100, lane=0)) == 100


def test_a_fork_by_a_c_library_is_caught_by_the_process_id() -> None:
    """M12: Python's fork hooks do not run then."""
    source = RandomSource(FIPS_197_KEY)
    fork_without_hooks = ctypes.PyDLL(None).fork
    assert in_children(lambda: source.take(100, lane=0), count=1, fork=fork_without_hooks) == [b"refused"]


def test_a_fork_into_the_same_process_id_is_caught_by_the_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    """M12: process ids repeat across namespaces."""
    parent = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: parent)
    source = RandomSource(FIPS_197_KEY)
    assert in_children(lambda: source.take(100, lane=0), count=1) == [b"refused"]


def test_another_thread_is_refused() -> None:
    """M12: a source belongs to the thread that made it."""
    source = RandomSource(FIPS_197_KEY)
    found: list[BaseException] = []

    def use() -> None:
        try:
            source.take(16, lane=0)
        except ForeignUse as refusal:
            found.append(refusal)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert [type(refusal) for refusal in found] == [ForeignUse]


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_source_is_neither_copied_nor_pickled(duplicate: Callable[[RandomSource], object]) -> None:
    with pytest.raises(ForeignUse, match="a copy or pickle of a random source"):
        duplicate(RandomSource(FIPS_197_KEY))
