"""Benchmarks of the masks: one party's vector, the coordinator's sum and the bytes of an upload, 1e6 cells of 32 bit.

Peers: the stages of Flower's own SecAgg+ client and server, and a TenSEAL BFV sum where that library is installed.
"""

import sys
import time
from collections.abc import Callable
from fractions import Fraction
from hashlib import sha256

import numpy as np

from protocol.agreement import PairKey, slot_key
from protocol.round.masks import mask, open_sum
from protocol.round.ring import MaskedVector, Ring, RingVector
from protocol.words.ids import PartyId
from simulations.benchmarks.result import ROUNDS, Result, cpu_ms, less_is_better

CELLS = 1_000_000
UPLOADS = 64
OURS = PartyId("school-m")
CONTEXT = sha256(b"benchmark context").digest()


def mask_15() -> tuple[Result, ...]:
    """Mask against 15 peers, from pair keys to what is uploaded."""
    return _masked(15, limit="<= 6")


def mask_255() -> tuple[Result, ...]:
    """Mask against 255 peers, from pair keys to what is uploaded."""
    return _masked(255, limit="<= 90")


def mask_1000() -> tuple[Result, ...]:
    """Mask in a round of 1,000 parties; of Flower only the masks, since its shares would take minutes."""
    from simulations.benchmarks.flower_secagg import masks_only  # noqa: PLC0415 - peers are heavy

    return (
        _row("mask_1000", _own_mask_ms(999), lambda: masks_only(999, CELLS), "Flower SecAgg+, masks only", "<= 1000"),
    )


def open_64() -> tuple[Result, ...]:
    """Add the uploads of 64 parties; Flower's server also rebuilds 64 seeds from shares and takes their masks off."""
    from simulations.benchmarks.flower_secagg import SecAggServer  # noqa: PLC0415 - peers are heavy

    server = SecAggServer(parties=UPLOADS, cells=CELLS)
    return (_row("open_64", _own_open_ms(), server.open, "Flower SecAgg+ server", "<= 15"),)


def upload_bytes() -> tuple[Result, ...]:
    """Count the bytes of an upload a cell, as each side encodes it."""
    from simulations.benchmarks.flower_secagg import upload_size  # noqa: PLC0415 - peers are heavy

    return (
        less_is_better(
            "upload_bytes",
            ours=_own_upload_size() / CELLS,
            peer=upload_size(CELLS) / CELLS,
            peer_name="Flower SecAgg+",
            unit="bytes a cell",
            limit="<= 4",
        ),
    )


def bfv_sum() -> tuple[Result, ...]:
    """Compare with homomorphic encryption: encrypt, add 64, upload. No rows where TenSEAL is not installed."""
    try:
        from simulations.benchmarks.tenseal_bfv import BfvSum  # noqa: PLC0415 - optional, and heavy
    except ImportError:
        print("bfv_sum: left out, tenseal is not installed", file=sys.stderr)
        return ()
    peer = BfvSum(CELLS)
    name = "TenSEAL BFV, ring of 8192, one key holder"
    return (
        _row("bfv_mask_15", _own_mask_ms(15), peer.encrypt, name, ""),
        _row("bfv_open_64", _own_open_ms(), lambda: peer.add(UPLOADS), name, ""),
        less_is_better(
            "bfv_upload_bytes",
            ours=_own_upload_size() / CELLS,
            peer=peer.upload_size() / CELLS,
            peer_name=name,
            unit="bytes a cell",
            limit="",
        ),
    )


def _masked(peers: int, *, limit: str) -> tuple[Result, ...]:
    from simulations.benchmarks.flower_secagg import SecAggClient, masks_only  # noqa: PLC0415 - peers are heavy

    ours = _own_mask_ms(peers)
    client = SecAggClient(peers=peers, cells=CELLS)
    return (
        _row(f"mask_{peers}", ours, client.upload, "Flower SecAgg+ client: shares, quantise, masks", limit),
        _row(
            f"mask_{peers}_masks_only", ours, lambda: masks_only(peers, CELLS), "Flower SecAgg+, its masks only", limit
        ),
    )


def _own_mask_ms(peers: int) -> float:
    """Return our CPU milliseconds from pair keys to a masked vector; encoding the counts comes before."""
    pairs = _pairs(peers)
    vectors = [_fresh_vector(peers) for _ in range(ROUNDS)]
    return cpu_ms(lambda: mask(vectors.pop(), tuple(slot_key(pair, CONTEXT) for pair in pairs)))[0]


def _own_open_ms() -> float:
    """Return our CPU milliseconds for the sum of 64 uploads, each in memory of its own."""
    ring = Ring(32, parties=UPLOADS, bound=1_000_000, variance=Fraction(2500))
    random = np.random.default_rng(1)
    uploads = tuple(MaskedVector(random.integers(0, 2**32, CELLS, dtype=np.uint32)) for _ in range(UPLOADS))
    return cpu_ms(lambda: open_sum(uploads, ring))[0]


def _own_upload_size() -> int:
    keys = tuple(slot_key(pair, CONTEXT) for pair in _pairs(2))
    return len(mask(_fresh_vector(2), keys).encode())


def _fresh_vector(peers: int) -> RingVector:
    ring = Ring(32, parties=peers + 1, bound=1_000_000, variance=Fraction(2500))
    return ring.encode(np.arange(CELLS, dtype=np.int64))


def _pairs(peers: int) -> tuple[PairKey, ...]:
    """Return pair keys with peers of which half come before us and half after."""
    names = [PartyId(f"school-{'az'[number % 2]}{number}") for number in range(peers)]
    return tuple(PairKey(sha256(name.encode()).digest(), own_id=OURS, peer_id=name) for name in names)


def _row(name: str, ours: float, peer: Callable[[], object], peer_name: str, limit: str) -> Result:
    """Return a row whose peer runs once: it takes up to half a minute, and seconds hardly vary."""
    started = time.process_time()
    peer()
    peer_ms = (time.process_time() - started) * 1e3
    return less_is_better(name, ours=ours, peer=peer_ms, peer_name=peer_name, unit="ms", limit=limit)
