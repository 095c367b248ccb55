"""Masking takes constant memory: below 0.2 MiB and 2 KiB a peer, whatever the length of the vector."""

import os
import subprocess
import sys
import tracemalloc
from fractions import Fraction
from hashlib import sha256

import numpy as np
import pytest

from protocol.agreement import SlotKey
from protocol.round.masks import mask
from protocol.round.ring import Ring, RingVector
from protocol.words.ids import PartyId
from tests.house import ROOT

FIXED_BYTES, BYTES_A_PEER = 0.2 * 2**20, 2 * 2**10  # issue 4: the most that masking may take


def slot_keys(peers: int) -> tuple[SlotKey, ...]:
    return tuple(
        SlotKey(sha256(b"%d" % peer).digest(), own_id=PartyId("a"), peer_id=PartyId(f"b{peer}"))
        for peer in range(peers)
    )


def traced_peak(cells: int, peers: int) -> int:
    """Return the bytes that Python and numpy held at most while masking, beyond vector and keys."""
    keys = slot_keys(peers)
    vector = Ring(32, parties=peers + 1, bound=1_000, variance=Fraction(4)).encode(np.zeros(cells, dtype=np.int64))
    tracemalloc.start()
    try:
        mask(vector, keys)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("peers", [1, 15, 255])
def test_extra_memory_does_not_grow_with_the_vector(peers: int) -> None:
    """A vector of 16 MB takes what one of 1 MB takes; the ciphers themselves are outside this count, see below."""
    mask(RingVector(np.zeros(4, dtype=np.uint32)), slot_keys(1))  # what is cached once
    short, long = traced_peak(250_000, peers), traced_peak(4_000_000, peers)
    assert abs(long - short) < 16 * 1024  # Python's own small objects come and go; the vectors differ by 15 MB
    assert long < FIXED_BYTES + BYTES_A_PEER * peers


PROBE = """
import sys
from pathlib import Path
import numpy as np
from protocol.round.masks import mask
from protocol.round.ring import RingVector
from tests.protocol.round.test_mask_memory import slot_keys

def resident(field):
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines[field].split()[0]) * 1024

mask(RingVector(np.zeros(100_000, dtype=np.uint32)), slot_keys(2))
cells = np.ones(1_000_000, dtype=np.uint32)
keys = slot_keys(int(sys.argv[1]))
Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from what is resident now
before = resident("VmRSS")
if sys.argv[2] == "copying":
    cells = cells + np.uint32(1)
mask(RingVector(cells), keys)
print(resident("VmHWM") - before)
"""


def resident_growth(peers: int, how: str) -> int:
    """Return how far masking 4 MB raises the peak of a fresh process, ciphers and all."""
    result = subprocess.run(
        [sys.executable, "-c", PROBE, str(peers), how],
        cwd=ROOT,
        env=os.environ
        | {"MALLOC_MMAP_THRESHOLD_": "32768"},  # freed tiles go back at once and are seen when they return
        capture_output=True,
        text=True,
        check=True,
    )
    return int(result.stdout)


@pytest.mark.parametrize("peers", [255, 999])
def test_the_process_grows_by_less_than_the_limit(peers: int) -> None:
    """With the library's own memory; control: one copy of the vector on the way passes the limit and is seen."""
    assert resident_growth(peers, "in place") < FIXED_BYTES + BYTES_A_PEER * peers
    assert resident_growth(255, "copying") > FIXED_BYTES + BYTES_A_PEER * 255
