"""Touches the world: the one source of chance of the house, AES-256 in counter mode.

A source is keyed by the system (`fresh_source`) or by 32 given bytes (`RandomSource`), for noise that a retry must
be able to expand again (DESIGN 6: HMAC of the frozen seed). There is no setting, argument or hook that puts another
generator in its place: `noise.py` takes this class and nothing else, and tests and simulations differ only in the key
(`simulations/seeded.py`, which a node cannot import).

Not promised: that key bytes vanish from memory when a source is dropped; Python gives no such means.
"""

import os
import threading
from typing import ClassVar, NoReturn, final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from protocol.errors import Fault

KEY_BYTES = 32  # AES-256
LANES = 6  # two for each of the three tables that the widest Gaussian is put together from (`noise.py`)
# 2^32 AES blocks. Telling them from chance by missing collisions succeeds with probability below 2^-65; the counter of
# a lane has 64 bits, so it never runs into the next lane.
MAX_LANE_BYTES = 2**36
MIN_FRESH_BYTES = 16  # nonces; below it the health check would raise false alarms
MAX_FRESH_BYTES = 64  # two keys; whoever wants more takes it from a source


class RandomnessFault(Fault):
    """The system's randomness is missing, or a source was used in a way that could repeat its bytes."""


class UnhealthySystemSource(RandomnessFault):
    """The operating system gave no random bytes, too few, or the same ones again."""


class WrongKeyLength(RandomnessFault):
    """A source was given a key that is not 32 bytes."""


class ForeignUse(RandomnessFault):
    """A source was used by another process or thread than its maker, copied, or pickled."""


class SourceExhausted(RandomnessFault):
    """A source gave all the bytes that one key may give."""


@final
class RandomSource:
    """Unending pseudorandom bytes of one key, in lanes that are read independently of each other.

    Lane `l` is the AES-256-CTR keystream whose first counter block is `l` and then zero, each as 8 bytes big-endian.
    The bytes of a lane depend on the key and on how many were taken before, never on how the taking was divided.
    A source belongs to the thread that made it: after a fork, in another thread, and as a copy it refuses, because two
    holders would draw the same noise, and the difference of their results would be the difference of true counts.

    Raises: WrongKeyLength.
    Source: NIST SP 800-38A section 6.5.
    """

    __slots__ = ("_lanes", "_owner", "_taken")

    # A fresh object in every forked child, so that no child can pass for its parent even where process ids repeat.
    _process: ClassVar[object] = object()

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise WrongKeyLength(
                got=f"a key of {len(key)} bytes", wanted=f"{KEY_BYTES}", act="the caller must derive a whole key"
            )
        self._owner = _here()
        self._taken = [0] * LANES
        self._lanes = tuple(
            Cipher(algorithms.AES(key), modes.CTR(lane.to_bytes(8) + bytes(8))).encryptor() for lane in range(LANES)
        )

    def take(self, n_bytes: int, *, lane: int) -> bytes:
        """Return the next bytes of a lane.

        Raises: ForeignUse, SourceExhausted.
        """
        zeros = bytes(n_bytes)  # the keystream is the encryption of zeros
        if self._owner != _here():
            raise _foreign("a random source in another process or thread than its maker's")
        if self._taken[lane] + n_bytes > MAX_LANE_BYTES:
            raise SourceExhausted(
                got="a request beyond the last byte of a key",
                wanted=f"at most {MAX_LANE_BYTES} bytes a lane",
                act="the caller must draw less with one key",
            )
        self._taken[lane] += n_bytes
        return self._lanes[lane].update(zeros)

    def __reduce__(self) -> NoReturn:
        raise _foreign("a copy or pickle of a random source")


def fresh_source() -> RandomSource:
    """Return a source with a new key from the operating system.

    Raises: UnhealthySystemSource.
    """
    return RandomSource(fresh_bytes(KEY_BYTES))


def fresh_bytes(n_bytes: int) -> bytes:
    """Return 16 to 64 bytes of the operating system's randomness, for a key, seed or nonce.

    The system is asked twice: equal answers, or answers with very few different bytes, mean that it is stuck. Good
    randomness fails this with probability below 2^-60.
    Raises: UnhealthySystemSource; ValueError for another length, which is a slip in our own code.
    Source: after the repetition count test, NIST SP 800-90B section 4.4.1.
    """
    if not MIN_FRESH_BYTES <= n_bytes <= MAX_FRESH_BYTES:
        raise ValueError(f"{n_bytes} fresh bytes asked, {MIN_FRESH_BYTES} to {MAX_FRESH_BYTES} possible")
    try:
        first, second = os.urandom(n_bytes), os.urandom(n_bytes)
    except (OSError, NotImplementedError) as error:
        raise _unhealthy("no answer from the system's random source") from error
    if min(len(first), len(second)) < n_bytes:
        raise _unhealthy("a short answer from the system's random source")
    if first == second or min(len(set(first)), len(set(second))) <= n_bytes // 4:
        raise _unhealthy("a constant answer from the system's random source")
    return first


def _here() -> tuple[object, int, int]:
    # The process id catches a fork that Python did not see (in a C library). An ended thread's number may come again,
    # but then its sources have one holder still.
    return (RandomSource._process, os.getpid(), threading.get_ident())  # noqa: SLF001 - the same module


def _mark_child() -> None:
    RandomSource._process = object()  # noqa: SLF001 - the same module


def _unhealthy(got: str) -> UnhealthySystemSource:
    return UnhealthySystemSource(
        got=got,
        wanted="fresh bytes from os.urandom",
        act="the administrator must repair this machine's random source",
        hint="nothing was drawn; nothing left this machine",
    )


def _foreign(got: str) -> ForeignUse:
    return ForeignUse(
        got=got, wanted="one thread that makes and uses it", act="the caller must make a source where it is used"
    )


os.register_at_fork(after_in_child=_mark_child)


def secret_of(source: RandomSource) -> bytes:
    """Return the next 32 bytes of a source as a key, seed, nonce or salt; never as noise, which `noise.py` draws.

    Raises: ForeignUse, SourceExhausted.
    """
    return source.take(KEY_BYTES, lane=0)


def uniform_bytes(source: RandomSource, length_bytes: int) -> bytes:
    """Return uniform bytes that blind a void table's cells; whole residues, so that no rounding makes them uneven.

    Raises: ForeignUse, SourceExhausted.
    """
    return source.take(length_bytes, lane=0)
