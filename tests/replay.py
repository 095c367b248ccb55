"""Computes: record and replay. What a release would let out on a database and on its neighbour, with the noise frozen.

A release function does its work against a `Recorder` in place of a noise source. The recorder adds no noise and notes
each call: what was to be noised and with which public arguments. Two recordings are then laid side by side. With the
noise frozen, what remains of the difference is what the noise has to hide: its distance is the *measured* sensitivity,
and everything else must be equal.

Later issues hand in their own release: `replay(lambda data, recorder: ..., data, neighbour)`.

Source: the idea of record and replay, arXiv:2602.17454.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Data = TypeVar("Data")


class DifferentCalls(AssertionError):
    """The noise calls differ in number, order or arguments: the control flow depends on the data (M08)."""


class DifferentValue(AssertionError):
    """A value that must be public differs: it was derived from the data (M07)."""


@dataclass(frozen=True, eq=False, slots=True)
class NoiseCall:
    """One call for noise. values: int64, the true counts. variance: of each cell. arguments: name and bytes."""

    values: NDArray[np.int64]
    variance: tuple[Fraction, ...]
    arguments: tuple[tuple[str, bytes], ...]


@dataclass(slots=True)
class Recorder:
    """Stands in for the noise: adds zeros and remembers every call and every value declared public."""

    calls: list[NoiseCall] = field(default_factory=list)
    declared: list[tuple[str, bytes]] = field(default_factory=list)

    def add_noise(
        self, values: NDArray[np.integer], *, variance: Fraction | Sequence[Fraction], **arguments: object
    ) -> NDArray[np.int64]:
        """Note the call and return the values as they are.

        variance: one for all cells, or one for each. arguments: whatever else decides the draw; must be public.
        """
        # Python integers, so that a wrapped or narrow sum of the release is seen as it is, and never wraps here.
        exact = np.array([int(value) for value in values], dtype=np.int64)
        each = (variance,) * exact.size if isinstance(variance, Fraction) else tuple(variance)
        if len(each) != exact.size:
            raise DifferentCalls(f"{len(each)} variances for {exact.size} cells")
        named = tuple(sorted((name, public_bytes(value)) for name, value in arguments.items()))
        self.calls.append(NoiseCall(exact, each, named))
        return exact.copy()

    def ensure_equality(self, name: str, value: object) -> None:
        """Declare that a value (bounds, bin edges, keys, number of cells, sigma, rho) is the same for neighbours."""
        self.declared.append((name, public_bytes(value)))


def record(release: Callable[[Data, Recorder], object], data: Data) -> Recorder:
    """Run the release on the data with frozen noise."""
    recorder = Recorder()
    release(data, recorder)
    return recorder


def replay(release: Callable[[Data, Recorder], object], data: Data, neighbour: Data) -> tuple[Fraction, ...]:
    """Run the release on both and return the measured distance of each noise call, in exact rho.

    The distance is sum over cells of (difference^2 / (2 sigma^2)): the zCDP loss of that call.
    Raises: DifferentCalls, DifferentValue.
    """
    return compare(record(release, data), record(release, neighbour))


def compare(first: Recorder, second: Recorder) -> tuple[Fraction, ...]:
    """Return the distance of each call of two recordings, after checking that all else is equal.

    Raises: DifferentCalls, DifferentValue.
    """
    if [name for name, _ in first.declared] != [name for name, _ in second.declared]:
        raise DifferentCalls("other values were declared public, or in another order")
    for (name, one), (_, other) in zip(first.declared, second.declared, strict=True):
        if one != other:
            raise DifferentValue(name)
    if len(first.calls) != len(second.calls):
        raise DifferentCalls(f"{len(first.calls)} noise calls and {len(second.calls)}")
    for place, (one_call, other_call) in enumerate(zip(first.calls, second.calls, strict=True)):
        if (one_call.variance, one_call.arguments) != (other_call.variance, other_call.arguments):
            raise DifferentCalls(f"arguments of noise call {place}")
    return tuple(_distance(one, other) for one, other in zip(first.calls, second.calls, strict=True))


def public_bytes(value: object) -> bytes:
    """Return bytes that are equal exactly if the values are, types included."""
    if isinstance(value, np.ndarray):
        return b"%s %r " % (value.dtype.str.encode(), value.shape) + value.tobytes()
    return f"{type(value).__name__} {value!r}".encode()


def _distance(one: NoiseCall, other: NoiseCall) -> Fraction:
    # Of the few cells that differ only: exact arithmetic on all of them would be most of the work.
    apart = np.flatnonzero(one.values != other.values)
    return sum(
        (
            Fraction((int(one.values[cell]) - int(other.values[cell])) ** 2) / (2 * one.variance[cell])
            for cell in apart.tolist()
        ),
        start=Fraction(0),
    )
