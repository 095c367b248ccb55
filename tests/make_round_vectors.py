"""Touches the world: writes `tests/vectors/round/` with the slow reference implementation, never with ours.

Run `python -m tests.make_round_vectors` after a change of definition; the tests of `protocol/round/` hold that the
files are what the reference makes, and that ours agrees with the files.
"""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.reference import agreement, masks

FOLDER = Path(__file__).parent / "vectors" / "round"
PARTIES = ("politie-noord", "school-a", "vt-noord")
VALUES = {  # counts after noise: small, negative, and as large as 32 bits hold for three parties
    "politie-noord": (0, -1, 5, 700_000_000, -3),
    "school-a": (12, -40, 0, -700_000_000, 1),
    "vt-noord": (3, 41, -6, 1, 2),
}
# The first of the keys sha256("samenzicht top residue 0"), 1, 2, ... with a word 2^32 - 1 in its first 2^24 cells.
TOP_RESIDUE_KEY, TOP_RESIDUE_CELL = "samenzicht top residue 283", 6_674_888
# First words, both sides of a block, far out in the stream, and its last word for the longest vector.
CELLS = (0, 1, 3, 4, 255, 256, 1023, 1024, 22_527, 22_528, 45_056, 999_999, 2**18, 2**24 - 1)


def agreement_vectors() -> dict[str, Any]:
    """Return pair and slot keys of three parties under one covenant, and public keys that must be refused."""
    covenant = _bytes("covenant")
    private = {party: _bytes(f"private {party}") for party in PARTIES}
    public = {party: agreement.x25519(key, agreement.BASE_POINT) for party, key in private.items()}
    pairs = []
    for low, high in _pairs():
        key = agreement.pair_key(private[low], low, high, public[high], covenant)
        slots = {name: agreement.slot_key(key, _bytes(name)).hex() for name in ("ctx 1", "ctx 2")}
        pairs.append(
            {
                "low": low,
                "high": high,
                "shared_secret": agreement.x25519(private[low], public[high]).hex(),
                "info": agreement.pair_info(low, public[low], high, public[high]).hex(),
                "pair_key": key.hex(),
                "slot_keys": [{"ctx": _bytes(name).hex(), "slot_key": value} for name, value in slots.items()],
            }
        )
    return {
        "covenant_digest": covenant.hex(),
        "parties": [{"id": p, "private_key": private[p].hex(), "public_key": public[p].hex()} for p in PARTIES],
        "pairs": pairs,
        "refused": _refused_keys(),
    }


def mask_vectors() -> dict[str, Any]:
    """Return words of streams, and a round of three parties in both rings."""
    zero, other, top = bytes(32), _bytes("stream"), sha256(TOP_RESIDUE_KEY.encode()).digest()
    streams = [
        {
            "key": key.hex(),
            "first_blocks": b"".join(masks.block(key, number) for number in range(3)).hex(),
            "words": [
                {"word_bits": bits, "cell": cell, "word": masks.word_at(key, cell, bits)}
                for bits in (32, 64)
                for cell in (*CELLS, TOP_RESIDUE_CELL)
            ],
        }
        for key in (zero, other, top)
    ]
    return {"streams": streams, "rounds": [_round(32), _round(64)]}


def _round(bits: int) -> dict[str, Any]:
    keys = {frozenset(pair): _bytes(f"slot key {pair}") for pair in _pairs()}
    uploads = {
        own: masks.masked(VALUES[own], own, {p: keys[frozenset((own, p))] for p in PARTIES if p != own}, bits)
        for own in PARTIES
    }
    return {
        "word_bits": bits,
        "slot_keys": [{"low": low, "high": high, "key": keys[frozenset((low, high))].hex()} for low, high in _pairs()],
        "values": [{"id": party, "cells": list(VALUES[party])} for party in PARTIES],
        "uploads": [{"id": party, "body": masks.to_bytes(cells, bits).hex()} for party, cells in uploads.items()],
        "sum": masks.opened(list(uploads.values()), bits),
    }


def _refused_keys() -> list[dict[str, str]]:
    p = agreement.P
    eighth = (
        325606250916557431795983626356110631294008115727848805560023387167927233504,
        39382357235489614581723060781553021112529911719440698176882885853963445705823,
    )
    cases = [(u, "small-order-key") for u in (0, 1, *eighth, p - 1)]
    cases += [(u, "key-not-canonical") for u in (p, p + 1, p + 9, 2**255 - 1)]
    cases += [(2**255 + u, "key-not-canonical") for u in (0, 1, 9, *eighth, p - 1, p, p + 1)]
    return [{"public_key": u.to_bytes(32, "little").hex(), "code": code} for u, code in cases]


def _pairs() -> list[tuple[str, str]]:
    return [(low, high) for low in PARTIES for high in PARTIES if low < high]


def _bytes(label: str) -> bytes:
    return sha256(b"samenzicht round vector " + label.encode()).digest()


def files() -> dict[Path, str]:
    """Return the text of each file."""
    trees = {"agreement.json": agreement_vectors(), "masks.json": mask_vectors()}
    return {FOLDER / name: json.dumps(tree, indent=1) + "\n" for name, tree in trees.items()}


def main() -> None:
    """Write the files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path, text in files().items():
        path.write_text(text)


if __name__ == "__main__":
    main()
