"""Computes: one benchmark figure, and how to time two things fairly."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

ROUNDS = 7  # odd, so that the median is a run that happened; a shared machine drifts less within seven


@dataclass(frozen=True, slots=True)
class Result:
    """One row of the table and one object of the JSON.

    ours, peer: in `unit`. ratio: above 1 is better than the peer, whatever the unit; None without a peer.
    limit: what the design wants of `ours`, with its sign ("<= 10").
    """

    name: str
    ours: float
    peer: float | None
    peer_name: str
    ratio: float | None
    unit: str
    limit: str


def cpu_ms(ours: Callable[[], object], peer: Callable[[], object] | None = None) -> tuple[float, float | None]:
    """Return the median CPU milliseconds of `ours` and `peer`, run in turn so that drift hits both."""
    own_ms: list[float] = []
    peer_ms: list[float] = []
    for _ in range(ROUNDS):
        own_ms.append(_once_ms(ours))
        if peer is not None:
            peer_ms.append(_once_ms(peer))
    return median(own_ms), median(peer_ms) if peer_ms else None


def less_is_better(name: str, *, ours: float, peer: float | None, peer_name: str, unit: str, limit: str) -> Result:
    """Return a row for a time or a size: the ratio is peer over ours."""
    ratio = None if peer is None else peer / ours
    return Result(name, ours, peer, peer_name, ratio, unit, limit)


def more_is_better(name: str, *, ours: float, peer: float | None, peer_name: str, unit: str, limit: str) -> Result:
    """Return a row for a speed: the ratio is ours over peer."""
    ratio = None if peer is None else ours / peer
    return Result(name, ours, peer, peer_name, ratio, unit, limit)


def _once_ms(run: Callable[[], object]) -> float:
    started = time.process_time()
    run()
    return (time.process_time() - started) * 1e3
